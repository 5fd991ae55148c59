#include "core/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "json/json.h"

namespace trueup::core {
namespace {

using testing::HasSubstr;

Report sample() {
    Report report;
    report.command = "extract reconcile";
    report.subject = "orders";
    report.run_id = "20260131T081500Z-0a1b";
    report.evidence = "count";
    report.started_at = 1'769'847'300'000'000;
    report.finished_at = 1'769'847'301'500'000;
    report.truth = "postgres shop.public.orders";
    report.copy = "file:out/orders/";
    report.partitions.resize(3);
    Partition& match = report.partitions[0];
    match.truth = 1000;
    match.copy = 1000;
    match.verdict = PartitionVerdict::Match;
    Partition& mismatch = report.partitions[1];
    mismatch.range = KeyRange{"id", "2001", std::nullopt, "[]"};
    mismatch.truth = 1000;
    mismatch.copy = 998;
    mismatch.verdict = PartitionVerdict::Mismatch;
    mismatch.note = "2 rows fewer in the copy";
    mismatch.fields = {{"columns", std::vector<std::string>{"a", "b"}},
                       {"is_open", true},
                       {"part", "orders-2.parquet"},
                       {"bytes", std::int64_t{-7}}};
    report.partitions[2].copy = 500;
    for (std::size_t i = 0; i < 3; ++i) {
        report.partitions[i].kind = "chunk";
        report.partitions[i].id = std::to_string(i + 1);
    }
    return report;
}

TEST(Report, SummaryAddsOnlyWhatBothSidesKnow) {
    const Summary want{.partitions = 3,
                       .match = 1,
                       .mismatch = 1,
                       .unknown = 1,
                       .truth_total = 2000,
                       .copy_total = 1998};
    EXPECT_EQ(sample().summary(), want);
}

TEST(Report, VerdictNeverCallsTheUnknownClean) {
    Report report = sample();
    EXPECT_EQ(report.verdict(), Verdict::Differs);
    report.partitions.erase(report.partitions.begin() + 1);
    EXPECT_EQ(report.verdict(), Verdict::Incomplete);
    report.partitions.pop_back();
    EXPECT_EQ(report.verdict(), Verdict::Clean);
    report.partitions.clear();
    EXPECT_EQ(report.verdict(), Verdict::Clean);
}

TEST(Report, IsWrittenInTheDocumentedShape) {
    Report report = sample();
    report.partitions.erase(report.partitions.begin());
    report.partitions[0].fields.resize(1);
    EXPECT_EQ(to_json(report, -1),
              R"({"schema":"trueup.report/1","command":"extract reconcile","subject":"orders",)"
              R"("run_id":"20260131T081500Z-0a1b","evidence":"count",)"
              R"("started_at":"2026-01-31T08:15:00.000000Z",)"
              R"("finished_at":"2026-01-31T08:15:01.500000Z",)"
              R"("truth":"postgres shop.public.orders","copy":"file:out/orders/","partitions":[)"
              R"({"kind":"chunk","id":"2","range":{"column":"id","from":"2001","to":null,)"
              R"("bounds":"[]"},"truth":1000,"copy":998,"verdict":"mismatch",)"
              R"("note":"2 rows fewer in the copy","fields":{"columns":["a","b"]}},)"
              R"({"kind":"chunk","id":"3","truth":null,"copy":500,"verdict":"unknown"}],)"
              R"("summary":{"partitions":2,"match":0,"mismatch":1,"unknown":1,)"
              R"("truth_total":1000,"copy_total":998},"verdict":"differs"})");
}

TEST(Report, ReadsBackWhatItWrote) {
    const auto back = parse_report(to_json(sample()), "report.json");
    ASSERT_TRUE(back.has_value()) << back.error().message;
    EXPECT_EQ(*back, sample());
}

TEST(Report, AnyCountsReadBackWithTheirSummary) {
    EXPECT_TRUE(rc::check([](const std::vector<std::tuple<bool, std::uint32_t, std::uint8_t>>& in) {
        Report report = sample();
        report.partitions.clear();
        for (const auto& [is_known, count, verdict] : in) {
            Partition partition;
            partition.kind = "chunk";
            partition.id = std::to_string(report.partitions.size());
            if (is_known) partition.truth = count;
            partition.copy = count / 2;
            partition.verdict = static_cast<PartitionVerdict>(verdict % 3);
            report.partitions.push_back(partition);
        }
        const auto back = parse_report(to_json(report, -1), "report.json");
        RC_ASSERT(back.has_value());
        RC_ASSERT(*back == report);
        RC_ASSERT(back->summary() == report.summary());
    }));
}

TEST(Report, NoFrontOfOneIsOne) {
    const std::string text = to_json(sample(), -1);
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(parse_report(text.substr(0, length), "report.json").has_value()) << length;
    }
}

struct Damage {
    std::string_view pointer;  // The member that is replaced, as an RFC 6901 pointer.
    std::string_view value;    // JSON.
    std::string_view message;
    ErrorClass kind;
    int line = __builtin_LINE();
};

TEST(Report, NamesWhatIsWrong) {
    const Damage rows[] = {
        Damage{"/schema", R"("trueup.report/2")", "trueup.report/2", ErrorClass::Failed},
        Damage{"/schema", "1", "\"schema\" must be a string", ErrorClass::Failed},
        Damage{"/extra", "1", "unknown key \"extra\"", ErrorClass::Failed},
        Damage{"/evidence", R"("faith")", "\"evidence\" must be one of count,", ErrorClass::Failed},
        Damage{"/started_at", R"("yesterday")", "\"started_at\" must be a time",
               ErrorClass::Failed},
        Damage{"/partitions", "{}", "\"partitions\" must be an array", ErrorClass::Failed},
        Damage{"/partitions/0", "7", "partitions[0]: not an object", ErrorClass::Failed},
        Damage{"/partitions/0/truth", "-1", "\"truth\" must not be negative", ErrorClass::Failed},
        Damage{"/partitions/0/truth", "1.5", "\"truth\" must be", ErrorClass::Failed},
        Damage{"/partitions/0/truth", "18446744073709551615", "\"truth\"", ErrorClass::Failed},
        Damage{"/partitions/0/truth", "9223372036854775807", "overflow", ErrorClass::Failed},
        Damage{"/partitions/0/id", R"("2")", "chunk 2 is there twice", ErrorClass::Failed},
        Damage{"/partitions/0/verdict", R"("fine")", "not fine", ErrorClass::Failed},
        Damage{"/partitions/1/range", R"("1..2")", "\"range\" must be an object",
               ErrorClass::Failed},
        Damage{"/partitions/1/range/from", "2001", "\"from\" must be a string", ErrorClass::Failed},
        Damage{"/partitions/1/range/bounds", R"("<=")", "\"bounds\"", ErrorClass::Failed},
        Damage{"/partitions/1/fields/part", "{}", "\"part\" must be", ErrorClass::Failed},
        Damage{"/partitions/1/fields/part", "[1]", "list of strings", ErrorClass::Failed},
        Damage{"/partitions/1/fields/part", "18446744073709551615", "\"part\"", ErrorClass::Failed},
        Damage{"/partitions/1/verdict", R"("match")", "summary or verdict", ErrorClass::Integrity},
        Damage{"/partitions/0/copy", "999", "summary or verdict", ErrorClass::Integrity},
        Damage{"/summary/match", "2", "summary or verdict", ErrorClass::Integrity},
        Damage{"/verdict", R"("clean")", "summary or verdict", ErrorClass::Integrity},
    };
    for (const Damage& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, std::string(row.pointer));
        json::Value object = json::parse(to_json(sample()), "report.json").value();
        object[json::Value::json_pointer(std::string(row.pointer))] =
            json::parse(row.value, "value").value();
        const auto got = parse_report(json::write(object), "report.json");
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().kind, row.kind);
        EXPECT_THAT(got.error().message, HasSubstr("report.json"));
        EXPECT_THAT(got.error().message, HasSubstr(std::string(row.message)));
    }
}

}  // namespace
}  // namespace trueup::core
