#include "columnar/batch.h"

namespace trueup::columnar {

void Arena::clear() {
    large_.clear();
    blocks_used_ = 0;
    next_ = nullptr;
    left_ = 0;
}

char* Arena::reserve_elsewhere(std::size_t size) {
    if (size > kBlockBytes / 4) {
        return large_.emplace_back(std::make_unique_for_overwrite<char[]>(size)).get();
    }
    if (blocks_used_ == blocks_.size()) {
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    }
    char* block = blocks_[blocks_used_++].get();
    next_ = block + size;
    left_ = kBlockBytes - size;
    return block;
}

Column::Column(Type type)
    : type_(type),
      values_(nullptr),
      own_(std::make_unique<std::byte[]>(value_bytes(type) * kBatchRows)) {
    values_ = own_.get();
}

void Column::use_own() { values_ = own_.get(); }

void Column::valid_all() {
    has_nulls_ = true;
    valid_.fill(~std::uint64_t{0});
}

Batch::Batch(std::span<const Type> types) {
    columns_.reserve(types.size());
    for (const Type type : types) columns_.emplace_back(type);
}

void Batch::clear() {
    rows_ = 0;
    for (Column& column : columns_) column.clear();
}

}  // namespace trueup::columnar
