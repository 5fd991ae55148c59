#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "extract/source/misfit.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// A chunk read row by row: batches are filled, and values that do not fit are settled. An engine
/// says how to get to the next row, what stands in it, and where the chunk ends.
class RowReader : public ChunkReader {
  public:
    std::optional<Key> stopped_at() const override { return stopped_at_; }
    std::int64_t values_nulled() const override { return values_nulled_; }
    Result<bool> is_at_end() override;
    Status next(columnar::Batch& batch) override;

  protected:
    /// `key` names rows in errors; null: rows have none. It outlives the reader.
    RowReader(const ReadRequest& request, const ChunkKey* key)
        : relation_(request.relation), key_(key), rows_soft_max_(request.rows_soft_max) {}

    /// To the next row; false at the end.
    virtual Result<bool> step() = 0;
    /// Also counts the bytes of long values.
    virtual Status decode_row(columnar::Batch& batch, std::size_t row) = 0;
    /// Of the row that was stepped to; empty without a key.
    virtual Result<Key> current_key() = 0;
    /// Asked once the chunk has the rows it should have: whether it ends before the row that was
    /// stepped to. If so, stop_at() was called.
    virtual Result<bool> stops_here() { return false; }

    const Relation& relation() const { return *relation_; }
    const ChunkKey* key() const { return key_; }
    std::int64_t rows_soft_max() const { return rows_soft_max_; }
    std::int64_t rows_read() const { return rows_read_; }
    void count_bytes(std::size_t bytes) { batch_bytes_ += bytes; }
    /// The chunk ends, and the next one begins at this key.
    void stop_at(Key key);

    /// What the configuration wants of a value of column `index` that does not fit. `misfit` lacks
    /// its place only.
    Status settle(Decoded decoded, std::size_t index, columnar::Column& column, std::size_t row,
                  const std::function<Misfit()>& misfit);

  private:
    const Relation* relation_;
    const ChunkKey* key_;
    std::int64_t rows_soft_max_;
    std::int64_t rows_read_ = 0;
    std::int64_t values_nulled_ = 0;
    std::size_t batch_bytes_ = 0;
    bool is_done_ = false;
    bool stands_on_row_ = false;  // A row was stepped to and not read yet.
    std::optional<Key> stopped_at_;
};

}  // namespace trueup::extract
