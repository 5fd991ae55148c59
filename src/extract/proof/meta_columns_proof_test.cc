#include <gmock/gmock.h>

#include "extract/proof/proof_test_support.h"

// Columns that are computed are proven like those that are read, and never taken for data.

namespace trueup::extract {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string with_meta(std::string_view more = {}) {
    return std::string(CopyFolder::kChunked) +
           "    meta_columns: {exported_at: true, row_hash: true}\n" + std::string(more);
}

std::string note_of(const core::Report& report, std::string_view chunk) {
    for (const core::Partition& partition : report.partitions) {
        if (partition.kind == "chunk" && partition.id == chunk) return partition.note;
    }
    return "no such chunk";
}

TEST(MetaColumnsProof, AFreshCopyIsCleanByEveryEvidence) {
    for (const std::string& keys : {with_meta(), with_meta("    verify: content\n")}) {
        CopyFolder folder(keys);
        folder.run();
        for (const Evidence evidence : {Evidence::Count, Evidence::Digest, Evidence::Rows}) {
            EXPECT_THAT(troubles(folder.compare(evidence)), IsEmpty());
        }
        EXPECT_EQ(codes(folder.look()), "");
        folder.expect_exact();
    }
}

TEST(MetaColumnsProof, AChangedValueIsReportedWithoutWhatWasComputedFromIt) {
    CopyFolder folder(with_meta());
    folder.run();
    folder.sql("UPDATE orders SET note = 'x' WHERE id = 300");
    const core::Report report = folder.compare(Evidence::Rows);
    EXPECT_EQ(note_of(report, "2"), "the values of note differ; 0 missing, 0 extra, 1 changed");
    EXPECT_EQ(core::to_json(report).find("_rivet_"), std::string::npos) << core::to_json(report);
}

TEST(MetaColumnsProof, RepairKeepsTheTimeOfTheRun) {
    CopyFolder folder(with_meta());
    folder.run();
    folder.sql(
        "UPDATE orders SET note = 'x' WHERE id = 300; DELETE FROM orders WHERE id BETWEEN 501 AND "
        "750");
    const auto mended = folder.mend();
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    EXPECT_TRUE(mended->is_clean) << core::to_json(mended->after);
    EXPECT_THAT(troubles(folder.compare(Evidence::Digest)), IsEmpty());
    EXPECT_EQ(codes(folder.look()), "");
    EXPECT_TRUE(folder.manifest().row_hash.has_value());
    folder.expect_exact();
}

// Same rows, same options: two runs differ in the time alone, so their digests do only there.
TEST(MetaColumnsProof, OnlyTheTimeTellsTwoRunsApart) {
    CopyFolder folder(with_meta());
    folder.run();
    const Manifest first = folder.manifest();
    folder.run(/*is_fresh=*/true);
    const Manifest second = folder.manifest();
    ASSERT_NE(first.run_id, second.run_id);
    const auto digests = [](const Manifest& manifest, std::size_t column) {
        std::string all;
        for (const ManifestPart& part : manifest.parts) {
            if (part.is_committed) all += part.column_digests.at(column).digest + " ";
        }
        return all;
    };
    for (const std::size_t column : {0U, 1U, 2U, 4U}) {
        EXPECT_EQ(digests(first, column), digests(second, column)) << column;
    }
    EXPECT_NE(digests(first, 3), digests(second, 3));
}

TEST(MetaColumnsProof, RepairHoldsTheRulesAgainstWhatItRead) {
    CopyFolder folder(with_meta("    quality: {unique_columns: [note]}\n"));
    folder.run();
    folder.sql("UPDATE orders SET note = 'note 303' WHERE id = 302");
    const auto refused = folder.mend();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Integrity);
    EXPECT_THAT(refused.error().message, HasSubstr("1 value of note is a repetition"));
    EXPECT_EQ(check_marker(folder.path("out")).value(), Marker::Missing);
    folder.sql("UPDATE orders SET note = 'note 302' WHERE id = 302");
    const auto mended = folder.mend();
    ASSERT_TRUE(mended.has_value()) << mended.error().message;
    EXPECT_TRUE(mended->is_clean) << core::to_json(mended->after);
    folder.expect_exact();
}

}  // namespace
}  // namespace trueup::extract
