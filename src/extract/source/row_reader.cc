#include "extract/source/row_reader.h"

#include <utility>

#include "base/signal.h"

namespace trueup::extract {

Result<bool> RowReader::is_at_end() {
    if (is_done_ || stands_on_row_) return is_done_;
    stands_on_row_ = TRY(step());
    is_done_ = !stands_on_row_;
    return is_done_;
}

Status RowReader::next(columnar::Batch& batch) {
    TRY(check_interrupt());
    std::size_t row = 0;
    batch_bytes_ = 0;
    // A few long values fill a batch as well as many short ones.
    while (row < columnar::kBatchRows && batch_bytes_ < columnar::kBatchBytesMax &&
           !TRY(is_at_end())) {
        stands_on_row_ = false;
        const bool may_stop = rows_soft_max_ != 0 && rows_read_ >= rows_soft_max_;
        if (may_stop && TRY(stops_here())) [[unlikely]] {
            break;
        }
        TRY(decode_row(batch, row));
        ++row;
        ++rows_read_;
    }
    batch.set_rows(row);
    return {};
}

void RowReader::stop_at(Key key) {
    stopped_at_ = std::move(key);
    is_done_ = true;
}

Status RowReader::settle(Decoded decoded, std::size_t index, columnar::Column& column,
                         std::size_t row, const std::function<Misfit()>& misfit) {
    const SourceColumn& described = relation_->columns[index];
    if (is_nulled(described, decoded, column, row, values_nulled_)) return {};
    Misfit told = misfit();
    told.place = place_of_value(*relation_, described, key_, TRY(current_key()), rows_read_);
    return value_error(described, decoded, told);
}

}  // namespace trueup::extract
