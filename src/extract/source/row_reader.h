#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "extract/source/misfit.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// A chunk read row by row: when it ends, and what is said of values that do not fit. An engine
/// says how to get to the next row and what stands in it.
class RowReader : public ChunkReader {
  public:
    std::optional<Key> stopped_at() const override { return stopped_at_; }
    std::int64_t values_nulled() const override { return values_nulled_; }
    Result<bool> is_at_end() override;
    Status next(columnar::Batch& batch) override;

  protected:
    /// `key` names rows in errors, and says where the chunk stops; nothing: there is none.
    RowReader(const ReadRequest& request, std::optional<ChunkKey> key)
        : relation_(request.relation),
          key_(std::move(key)),
          rows_soft_max_(request.rows_soft_max) {}

    /// To the next row; false at the end.
    virtual Result<bool> step() = 0;
    virtual Status decode_row(columnar::Batch& batch, std::size_t row) = 0;
    /// Of the row that was stepped to; empty without a key.
    virtual Result<Key> current_key() = 0;
    /// Whether `key`, of a row that follows one with `last`, sorts after it: else they are equal to
    /// the source.
    virtual Result<bool> sorts_after(const Key& last, const Key& key) = 0;

    const Relation& relation() const { return *relation_; }
    const std::optional<ChunkKey>& key() const { return key_; }
    std::int64_t rows_soft_max() const { return rows_soft_max_; }

    /// What the configuration wants of a value of column `index` that does not fit. `misfit` lacks
    /// its place only.
    Status settle(Decoded decoded, std::size_t index, columnar::Column& column, std::size_t row,
                  const std::function<Misfit()>& misfit);

  private:
    Result<bool> stops_here();

    const Relation* relation_;
    std::optional<ChunkKey> key_;
    std::int64_t rows_soft_max_;
    std::int64_t rows_read_ = 0;
    std::int64_t values_nulled_ = 0;
    bool is_done_ = false;
    bool stands_on_row_ = false;  // A row was stepped to and not read yet.
    Key last_key_;
    std::optional<Key> stopped_at_;
};

}  // namespace trueup::extract
