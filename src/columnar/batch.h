#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/type.h"

namespace trueup::columnar {

/// Rows in a full batch: DuckDB's vector size, so that a batch is handed over as it is.
inline constexpr std::size_t kBatchRows = 2048;
/// A source ends a batch early once it holds this many bytes, so that long values do not add up.
inline constexpr std::size_t kBatchBytesMax = std::size_t{4} << 20;

/// A text or blob value: up to 12 bytes inside, longer ones by pointer. The layout is that of
/// DuckDB's string_t, so that a column of them is a DuckDB vector.
class BytesRef {
  public:
    /// `bytes` must outlive the reference when longer than 12 bytes.
    static BytesRef to(std::string_view bytes) {
        BytesRef ref;
        ref.length_ = static_cast<std::uint32_t>(bytes.size());
        if (bytes.size() <= kInlineBytes) {
            std::memcpy(ref.rest_.data(), bytes.data(), bytes.size());
        } else {
            const char* pointer = bytes.data();
            std::memcpy(ref.rest_.data(), pointer, 4);
            std::memcpy(ref.rest_.data() + 4, static_cast<const void*>(&pointer), sizeof pointer);
        }
        return ref;
    }
    bool is_inline() const { return length_ <= kInlineBytes; }
    /// Borrows: from this object when inline, else from where it points.
    std::string_view view() const {
        if (is_inline()) return {rest_.data(), length_};
        const char* pointer = nullptr;
        std::memcpy(static_cast<void*>(&pointer), rest_.data() + 4, sizeof pointer);
        return {pointer, length_};
    }

  private:
    static constexpr std::size_t kInlineBytes = 12;
    std::uint32_t length_ = 0;
    std::array<char, kInlineBytes> rest_{};
};
static_assert(sizeof(BytesRef) == 16);

/// Which elements of its column a list has. The layout is that of DuckDB's duckdb_list_entry.
struct ListEntry {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

/// Bytes that live as long as the batch they belong to. Blocks are kept and used again, so that a
/// steady stream of batches does not allocate.
class Arena {
  public:
    /// A copy of `bytes`, valid until clear().
    std::string_view copy(std::string_view bytes) {
        char* place = reserve(bytes.size());
        std::memcpy(place, bytes.data(), bytes.size());
        return {place, bytes.size()};
    }
    /// `size` bytes to be filled, valid until clear().
    char* reserve(std::size_t size) {
        if (size > left_) [[unlikely]] {
            return reserve_elsewhere(size);
        }
        char* place = next_;
        next_ += size;
        left_ -= size;
        return place;
    }
    void clear();

  private:
    static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
    char* reserve_elsewhere(std::size_t size);

    std::vector<std::unique_ptr<char[]>> blocks_;
    std::vector<std::unique_ptr<char[]>> large_;  // Values too big for a block, one each.
    std::size_t blocks_used_ = 0;
    char* next_ = nullptr;
    std::size_t left_ = 0;
};

/// One column of a batch. `values` is either the batch's own memory or, while a part is written,
/// the memory of the DuckDB vector that the values are for. A column of lists has another one, of
/// the elements of all its rows; that one grows as it has to.
class Column {
  public:
    explicit Column(Type type);

    Type type() const { return type_; }
    template <class T>
    T* values() {
        return reinterpret_cast<T*>(values_);
    }
    template <class T>
    const T* values() const {
        return reinterpret_cast<const T*>(values_);
    }
    std::byte* raw() { return values_; }

    /// Marks a row NULL; its value is then unspecified but initialised.
    void set_null(std::size_t row) {
        if (!has_nulls_) [[unlikely]] {
            valid_all();
        }
        valid_[row / 64] &= ~(std::uint64_t{1} << (row % 64));
    }
    bool is_null(std::size_t row) const {
        return has_nulls_ && (valid_[row / 64] >> (row % 64) & 1) == 0;
    }
    bool has_nulls() const { return has_nulls_; }
    /// One bit a row, set where the row has a value. Meaningful only when has_nulls().
    std::span<const std::uint64_t> validity() const { return valid_; }

    /// Of a column of lists: the elements, the values of no row but those that entries name.
    Column& elements() { return *elements_; }
    const Column& elements() const { return *elements_; }
    std::size_t elements_size() const { return elements_size_; }
    /// Room for `count` more elements, which the caller then puts there; returns the place of the
    /// first one. Pointers to values of elements() become invalid.
    std::size_t add_elements(std::size_t count);
    /// The same, and these elements are the value of `row`.
    std::size_t add_list(std::size_t row, std::size_t count) {
        const std::size_t first = add_elements(count);
        values<ListEntry>()[row] = {first, count};
        return first;
    }
    /// Takes back the list that was added last, whatever is in it; the row then has no value.
    void drop_list(std::size_t row);

    /// Stores a copy of `bytes` in the batch's arena.
    void set_bytes(std::size_t row, std::string_view bytes) {
        values<BytesRef>()[row] =
            bytes.size() <= 12 ? BytesRef::to(bytes) : BytesRef::to(arena_.copy(bytes));
    }

    /// Points the values elsewhere (aligned, value_bytes * kBatchRows), or back to own memory.
    void use(std::byte* memory) { values_ = memory; }
    void use_own();
    void clear() {
        has_nulls_ = false;
        arena_.clear();
        if (elements_ != nullptr) clear_elements();
    }

  private:
    void valid_all();
    void clear_elements();
    /// Room for at least so many rows, those that were there kept.
    void grow(std::size_t rows);

    Type type_;
    std::byte* values_;
    std::unique_ptr<std::byte[]> own_;
    std::size_t capacity_ = kBatchRows;  // Rows that `own_` and `valid_` hold.
    bool has_nulls_ = false;
    std::vector<std::uint64_t> valid_;
    Arena arena_;
    std::unique_ptr<Column> elements_;
    std::size_t elements_size_ = 0;
};

/// Up to kBatchRows rows, column by column.
class Batch {
  public:
    explicit Batch(std::span<const Type> types);
    std::vector<Column>& columns() { return columns_; }
    const std::vector<Column>& columns() const { return columns_; }
    std::size_t rows() const { return rows_; }
    void set_rows(std::size_t rows) { rows_ = rows; }
    /// Forgets the rows; texts of the last rows become invalid.
    void clear();

  private:
    std::vector<Column> columns_;
    std::size_t rows_ = 0;
};

/// Where rows come from.
class BatchSource {
  public:
    virtual ~BatchSource() = default;
    /// Fills `batch`, which the caller has cleared, and sets its rows: 0 at the end. Texts stay
    /// valid until the next call.
    virtual Status next(Batch& batch) = 0;
};

}  // namespace trueup::columnar
