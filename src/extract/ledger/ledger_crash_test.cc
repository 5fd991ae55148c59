// Fault model: SIGKILL at any fault point (before and after each commit, inside the creation of the
// file). What was acknowledged must be there, nothing may be there by half, and doing the work
// again must end where an undisturbed run ends. Power loss is SQLite's with synchronous=FULL.
#include "base/fault.h"
#include "base/testing/child.h"
#include "extract/ledger/ledger_test_support.h"

namespace trueup::extract {
namespace {

/// Bounds in this test are "from-to"; a chunk wider than this is cut in two.
constexpr int kWidthMax = 5;

struct Bounds {
    int from = 0;
    int to = 0;
};

Bounds parse(const std::string& text) {
    const auto dash = text.find('-');
    return {std::stoi(text.substr(0, dash)), std::stoi(text.substr(dash + 1))};
}

/// Takes one chunk through: cut when too wide, then done with a part named after its bounds.
Status work_on(Ledger& ledger, const ChunkRecord& chunk) {
    Bounds bounds = parse(chunk.bounds_json);
    if (bounds.to - bounds.from > kWidthMax) {
        const int middle = bounds.from + kWidthMax;
        Split split{.kept_bounds_json = fmt::format("{}-{}", bounds.from, middle),
                    .remainder = sample_chunk(fmt::format("{}-{}", middle, bounds.to))};
        TRY(ledger.split_chunk("r", chunk.chunk_id, split));
        bounds.to = middle;
    }
    const ChunkResult result{
        .parts = {sample_part(fmt::format("{}.parquet", bounds.from), bounds.to - bounds.from)},
        .elapsed_us = 1};
    TRY(ledger.finish_chunk("r", chunk.chunk_id, result));
    return ledger.finish_chunk("r", chunk.chunk_id, result);
}

/// A run from wherever it stands to its end, then a repair of its first chunk, then a proof.
Status do_everything(const std::string& path) {
    Ledger ledger = TRY(Ledger::open(path));
    auto run = TRY(ledger.find_run("r"));
    if (!run) {
        const std::vector<NewChunk> chunks = {sample_chunk("0-12"), sample_chunk("12-20")};
        TRY(ledger.begin_run(sample_run("r"), chunks));
    } else if (run->status != RunStatus::Done) {
        TRY(ledger.rearm("r"));
    }
    run = TRY(ledger.find_run("r"));
    if (run->status == RunStatus::Running) {
        while (const auto chunk = TRY(ledger.claim_next("r", "w"))) TRY(work_on(ledger, *chunk));
        TRY(ledger.finish_run("r", {.at = 2, .cursor = CursorRecord{"orders", "20", "r", 2}}));
    }
    const std::vector<ChunkReplacement> repair = {
        {.chunk_id = 1, .parts = {sample_part("0-again.parquet", 4)}}};
    TRY(ledger.supersede("r", repair, 2));
    return ledger.record_metric({.run_id = "r", .export_name = "orders"});
}

/// Everything that must not depend on how often the work was interrupted.
std::vector<std::string> contents(const std::string& path) {
    Ledger ledger = Ledger::open(path).value();
    std::vector<std::string> lines;
    const RunRecord run = ledger.find_run("r").value().value();
    lines.push_back(fmt::format("{} {} {} {} {}", name_of(run.status), run.rows, run.bytes,
                                run.parts, run.generation));
    const auto chunks = ledger.chunks("r").value();
    for (const ChunkRecord& chunk : chunks) {
        lines.push_back(fmt::format("{} {} {} {}", chunk.chunk_id, chunk.bounds_json,
                                    name_of(chunk.status), chunk.rows));
    }
    const auto parts = ledger.parts("r").value();
    for (const PartRecord& part : parts) {
        lines.push_back(fmt::format("{} {} {} {} {}", part.path, part.rows, name_of(part.status),
                                    fmt::join(part.replaced_by, ","), part.generation));
    }
    lines.push_back(ledger.cursor("orders").value()->value_json);
    lines.push_back(fmt::format("{}", ledger.metrics({}).value().size()));
    return lines;
}

/// The chunks must follow each other from 0 to 20 without a gap, whatever was cut.
void expect_tiling(const std::string& path) {
    const auto opened = Ledger::open_read_only(path);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    if (!*opened || !(**opened).find_run("r").value()) return;
    int end = 0;
    const auto chunks = (**opened).chunks("r").value();
    for (const ChunkRecord& chunk : chunks) {
        const Bounds bounds = parse(chunk.bounds_json);
        EXPECT_EQ(bounds.from, end);
        end = bounds.to;
    }
    EXPECT_EQ(end, 20);
}

bool exists_with_content(const std::string& path) {
    const auto info = file_info(path).value();
    return info && info->bytes > 0;
}

TEST(LedgerCrash, EveryVisitLeavesAResumableLedger) {
    const LedgerFolder folder;
    const std::string undisturbed = folder.path("undisturbed/ledger.db");
    fault::arm(fault::Action::None, 0);
    ASSERT_TRUE(do_everything(undisturbed).has_value());
    const int visits = fault::visits();
    ASSERT_GT(visits, 30) << "too few fault points were reached: this test proves little";
    const auto want = contents(undisturbed);

    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        const std::string path = folder.path(fmt::format("crashed-{}/ledger.db", visit));
        ASSERT_TRUE(is_killed_in_child([&] {
            fault::arm(fault::Action::Crash, visit);
            discard(do_everything(path), "it dies before it returns");
        }));
        fault::arm(fault::Action::None, 0);
        expect_tiling(path);
        if (exists_with_content(path) && Ledger::open_read_only(path).value()) expect_sound(path);
        const Status again = do_everything(path);
        ASSERT_TRUE(again.has_value()) << again.error().message;
        expect_sound(path);
        EXPECT_EQ(contents(path), want);
    }
}

// The same walk with errors instead of death: the ledger object itself must stay usable.
TEST(LedgerCrash, EveryFailureRollsBack) {
    const LedgerFolder folder;
    fault::arm(fault::Action::None, 0);
    const std::string undisturbed = folder.path("undisturbed/ledger.db");
    ASSERT_TRUE(do_everything(undisturbed).has_value());
    const int visits = fault::visits();
    const auto want = contents(undisturbed);
    for (int visit = 1; visit <= visits; ++visit) {
        SCOPED_TRACE(visit);
        const std::string path = folder.path(fmt::format("failed-{}/ledger.db", visit));
        fault::arm(fault::Action::Fail, visit);
        ASSERT_FALSE(do_everything(path).has_value());
        fault::arm(fault::Action::None, 0);
        const Status again = do_everything(path);
        ASSERT_TRUE(again.has_value()) << again.error().message;
        expect_sound(path);
        EXPECT_EQ(contents(path), want);
    }
}

}  // namespace
}  // namespace trueup::extract
