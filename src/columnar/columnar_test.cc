#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "columnar/duckdb_library.h"
#include "columnar/part.h"

namespace trueup::columnar {
namespace {

/// `total` rows of (id BIGINT, note VARCHAR NULL every third, raw BLOB); fails at row `fail_at`.
class Numbers final : public BatchSource {
  public:
    explicit Numbers(std::int64_t total, std::int64_t fail_at = -1)
        : total_(total), fail_at_(fail_at) {}
    Status next(Batch& batch) override {
        std::size_t row = 0;
        for (; row < kBatchRows && next_ < total_; ++row, ++next_) {
            if (next_ == fail_at_) {
                return fail(ErrorClass::Integrity, "row refused", "a hint");
            }
            batch.columns()[0].values<std::int64_t>()[row] = next_;
            if (next_ % 3 == 0) batch.columns()[1].set_null(row);
            batch.columns()[1].set_bytes(row, note(next_));
            batch.columns()[2].set_bytes(row, std::string_view("\0\xFF,", 3));
        }
        batch.set_rows(row);
        return {};
    }
    static std::string note(std::int64_t id) {
        return id % 2 == 0 ? ""
                           : "a note longer than twelve bytes, \"quoted\"\n" + std::to_string(id);
    }

    static std::vector<NamedType> columns() {
        return {{"id", {TypeId::BigInt}}, {"note", {TypeId::Varchar}}, {"raw", {TypeId::Blob}}};
    }

    /// The row of a batch is the one with this id.
    static void expect_row(const Batch& batch, std::size_t row, std::int64_t id) {
        const std::vector<Column>& columns = batch.columns();
        EXPECT_EQ(columns[0].values<std::int64_t>()[row], id);
        EXPECT_EQ(columns[1].is_null(row), id % 3 == 0);
        if (id % 3 != 0) {
            EXPECT_EQ(columns[1].values<BytesRef>()[row].view(), note(id));
        }
        EXPECT_EQ(columns[2].values<BytesRef>()[row].view(), std::string_view("\0\xFF,", 3));
    }

  private:
    std::int64_t total_;
    std::int64_t fail_at_;
    std::int64_t next_ = 0;
};

class PartTest : public testing::TestWithParam<PartFormat> {
  protected:
    void SetUp() override {
        engine_ = Engine::open({}).value();
        session_ = engine_->connect().value();
    }
    std::string path() const { return folder_.path("part"); }
    TemporaryFolder folder_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Session> session_;
};

TEST_P(PartTest, ReadsBackWhatWasWritten) {
    constexpr std::int64_t kRows = 5000;
    Numbers numbers(kRows);
    ASSERT_TRUE(
        write_part(*session_, numbers, Numbers::columns(), GetParam(), {path(), {}}).has_value());
    EXPECT_EQ(part_rows(*session_, Numbers::columns(), GetParam(), path()).value(), kRows);
    auto stream = read_part(*session_, Numbers::columns(), GetParam(), path()).value();
    Batch batch(types_of(Numbers::columns()));
    std::int64_t id = 0;
    while (true) {
        batch.clear();
        ASSERT_TRUE(stream->next(batch).has_value());
        if (batch.rows() == 0) break;
        for (std::size_t row = 0; row < batch.rows(); ++row) Numbers::expect_row(batch, row, id++);
    }
    EXPECT_EQ(id, kRows);
}

TEST_P(PartTest, AnErrorOfTheSourceComesBackAsItWas) {
    Numbers numbers(5000, 4000);
    const auto outcome =
        write_part(*session_, numbers, Numbers::columns(), GetParam(), {path(), {}});
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().message, "row refused");
    EXPECT_EQ(outcome.error().kind, ErrorClass::Integrity);
}

TEST_P(PartTest, SameRowsSameBytes) {
    Numbers first(5000);
    Numbers second(5000);
    ASSERT_TRUE(
        write_part(*session_, first, Numbers::columns(), GetParam(), {path(), {{"k", "v'"}}})
            .has_value());
    ASSERT_TRUE(
        write_part(*session_, second, Numbers::columns(), GetParam(), {path() + "2", {{"k", "v'"}}})
            .has_value());
    EXPECT_EQ(read_file(path(), 1 << 24).value(), read_file(path() + "2", 1 << 24).value());
}

INSTANTIATE_TEST_SUITE_P(
    Formats, PartTest,
    testing::Values(PartFormat{}, PartFormat{.compression = "snappy", .row_group_rows = 2048},
                    PartFormat{.format = Format::Csv, .compression = "none"},
                    PartFormat{.format = Format::Csv, .compression = "gzip"},
                    PartFormat{
                        .format = Format::Csv,
                        .compression = "zstd",
                        .csv = {.delimiter = '\t', .null_text = "\\N", .has_header = false}}));

// A shorter CSV is a CSV, and DuckDB takes a cut zstd frame as its end: only a checksum of the file
// tells there. A Parquet file has its footer at the end.
TEST_F(PartTest, ATruncatedParquetPartIsDamage) {
    Numbers numbers(5000);
    ASSERT_TRUE(
        write_part(*session_, numbers, Numbers::columns(), PartFormat{}, {path(), {}}).has_value());
    std::filesystem::resize_file(path(), std::filesystem::file_size(path()) / 2);
    EXPECT_EQ(part_rows(*session_, Numbers::columns(), PartFormat{}, path()).error().kind,
              ErrorClass::Integrity);
    EXPECT_EQ(read_part(*session_, Numbers::columns(), PartFormat{}, path()).error().kind,
              ErrorClass::Integrity);
}

TEST_F(PartTest, FreedMemoryCanBeGivenBackAtOnce) {
    // The fixture's engine has loaded DuckDB, whose release builds all have the allocator.
    EXPECT_TRUE(keep_no_free_memory());
    Numbers numbers(100'000);
    ASSERT_TRUE(
        write_part(*session_, numbers, Numbers::columns(), PartFormat{}, {path(), {}}).has_value());
}

TEST_F(PartTest, MetadataOfAFooter) {
    Numbers numbers(3);
    ASSERT_TRUE(
        write_part(*session_, numbers, Numbers::columns(), PartFormat{}, {path(), {{"a.b", "c'd"}}})
            .has_value());
    EXPECT_EQ(part_metadata(*session_, path()).value().at("a.b"), "c'd");
}

}  // namespace
}  // namespace trueup::columnar
