#include "columnar/batch.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

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
      own_(std::make_unique<std::byte[]>(value_bytes(type) * kBatchRows)),
      valid_(kBatchRows / 64) {
    values_ = own_.get();
    if (type.id == TypeId::List) elements_ = std::make_unique<Column>(element_of(type));
}

void Column::use_own() { values_ = own_.get(); }

void Column::valid_all() {
    has_nulls_ = true;
    std::ranges::fill(valid_, ~std::uint64_t{0});
}

std::size_t Column::add_elements(std::size_t count) {
    const std::size_t first = elements_size_;
    if (first + count > elements_->capacity_) elements_->grow(first + count);
    elements_size_ += count;
    return first;
}

void Column::drop_list(std::size_t row) {
    ListEntry& entry = values<ListEntry>()[row];
    CHECK(entry.offset + entry.length == elements_size_);
    // The next list that takes these places must not find NULLs there.
    for (std::size_t at = entry.offset; elements_->has_nulls_ && at < elements_size_; ++at) {
        elements_->valid_[at / 64] |= std::uint64_t{1} << (at % 64);
    }
    elements_size_ = entry.offset;
    entry = {};
}

void Column::clear_elements() {
    elements_->clear();
    elements_size_ = 0;
    // What one very long list took is given back, so that long lists do not add up.
    if (elements_->capacity_ * value_bytes(elements_->type_) > kBatchBytesMax) {
        elements_ = std::make_unique<Column>(elements_->type_);
    }
}

void Column::grow(std::size_t rows) {
    const std::size_t size = value_bytes(type_);
    const std::size_t capacity = std::bit_ceil(rows);
    auto larger = std::make_unique_for_overwrite<std::byte[]>(size * capacity);
    std::memcpy(larger.get(), values_, size * capacity_);
    own_ = std::move(larger);
    values_ = own_.get();
    valid_.resize(capacity / 64, ~std::uint64_t{0});
    capacity_ = capacity;
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
