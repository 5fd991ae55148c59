#include "core/digest.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace trueup::core {
namespace {

using columnar::Batch;
using columnar::BytesRef;
using columnar::Column;
using columnar::Int128;
using columnar::ListEntry;
using columnar::TypeId;
using columnar::UInt128;

static_assert(std::endian::native == std::endian::little, "canonical bytes are little-endian");

/// One column of a batch being hashed.
struct Task {
    const Column* column;
    std::size_t rows;
    std::uint64_t* out;
    std::size_t stride;
    std::uint64_t seed;
    std::uint64_t null_hash;

    /// Stores the hash of every value that is not NULL in its row's place and returns their sum;
    /// NULLs get `null_hash`, which is not part of the sum.
    template <class Hash>
    ColumnDigest hashed(const Hash& hash) const {
        return column->has_nulls() ? hashed_with_nulls(hash) : hashed_without_nulls(hash);
    }
    // Both work on copies of the members: a store through `out` might else be one to them.
    template <class Hash>
    ColumnDigest hashed_without_nulls(const Hash& hash) const {
        ColumnDigest digest;
        std::uint64_t* const places = out;
        const std::size_t step = stride;
        const std::size_t end = rows;
        for (std::size_t row = 0; row < end; ++row) {
            const std::uint64_t value = hash(row);
            digest.sum += value;
            places[row * step] = value;
        }
        return digest;
    }
    template <class Hash>
    ColumnDigest hashed_with_nulls(const Hash& hash) const {
        ColumnDigest digest;
        std::uint64_t* const places = out;
        const std::size_t step = stride;
        const std::size_t end = rows;
        const std::uint64_t of_null = null_hash;
        for (std::size_t row = 0; row < end; ++row) {
            if (column->is_null(row)) {
                places[row * step] = of_null;
                ++digest.nulls;
                continue;
            }
            const std::uint64_t value = hash(row);
            digest.sum += value;
            places[row * step] = value;
        }
        return digest;
    }
};

// The canonical bytes of a value: those of an object, or a text's.
template <class T>
std::string_view bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string_view bytes_of(const std::string_view& value) { return value; }

// The size of an object is a constant here, and the hash of so few bytes then a few instructions.
template <class T>
std::uint64_t hash_of(T value, std::uint64_t seed) {
    return XXH3_64bits_withSeed(&value, sizeof value, seed);
}
std::uint64_t hash_of(std::string_view value, std::uint64_t seed) {
    return XXH3_64bits_withSeed(value.data(), value.size(), seed);
}

/// Calls `use` with a function that takes a row to a value whose bytes_of() are the canonical ones.
template <class T, class Wide, class Use>
auto with_widened(const Column& column, const Use& use) {
    return use([values = column.values<T>()](std::size_t row) -> Wide { return values[row]; });
}
template <class T, class Use>
auto with_floating(const Column& column, const Use& use) {
    return use([values = column.values<T>()](std::size_t row) {
        // All NaNs are one value; every other double is its bits, so -0.0 is not 0.0.
        const auto wide = static_cast<double>(values[row]);
        return std::isnan(wide) ? std::numeric_limits<double>::quiet_NaN() : wide;
    });
}
template <class Use>
auto with_decimal(const Column& column, const Use& use) {
    switch (columnar::value_bytes(column.type())) {
        case 2: return with_widened<std::int16_t, Int128>(column, use);
        case 4: return with_widened<std::int32_t, Int128>(column, use);
        case 8: return with_widened<std::int64_t, Int128>(column, use);
        default: return with_widened<Int128, Int128>(column, use);
    }
}
/// DuckDB's UUID is a number with the topmost bit flipped; canonical are the 16 bytes in order.
template <class Use>
auto with_uuid(const Column& column, const Use& use) {
    return use([values = column.values<UInt128>()](std::size_t row) {
        const UInt128 number = values[row] ^ (UInt128{1} << 127);
        return std::array<std::uint64_t, 2>{
            __builtin_bswap64(static_cast<std::uint64_t>(number >> 64)),
            __builtin_bswap64(static_cast<std::uint64_t>(number))};
    });
}

/// Of every type but List.
template <class Use>
auto with_canonical(const Column& column, const Use& use) {
    switch (column.type().id) {
        case TypeId::Boolean: return with_widened<std::uint8_t, std::uint8_t>(column, use);
        case TypeId::TinyInt: return with_widened<std::int8_t, std::int64_t>(column, use);
        case TypeId::SmallInt: return with_widened<std::int16_t, std::int64_t>(column, use);
        case TypeId::Integer:
        case TypeId::Date: return with_widened<std::int32_t, std::int64_t>(column, use);
        case TypeId::BigInt:
        case TypeId::Time:
        case TypeId::Timestamp:
        case TypeId::TimestampNs:
        case TypeId::TimestampTz: return with_widened<std::int64_t, std::int64_t>(column, use);
        case TypeId::UTinyInt: return with_widened<std::uint8_t, std::uint64_t>(column, use);
        case TypeId::USmallInt: return with_widened<std::uint16_t, std::uint64_t>(column, use);
        case TypeId::UInteger: return with_widened<std::uint32_t, std::uint64_t>(column, use);
        case TypeId::UBigInt: return with_widened<std::uint64_t, std::uint64_t>(column, use);
        case TypeId::Float: return with_floating<float>(column, use);
        case TypeId::Double: return with_floating<double>(column, use);
        case TypeId::Decimal: return with_decimal(column, use);
        case TypeId::Varchar:
        case TypeId::Json:
        case TypeId::Blob:
            return use([values = column.values<BytesRef>()](std::size_t row) {
                return values[row].view();
            });
        case TypeId::Uuid: return with_uuid(column, use);
        case TypeId::List: break;
    }
    std::unreachable();
}

/// Appends the number of the list's elements, then of each one the length of its canonical bytes
/// and those; of a NULL a length that no bytes have.
template <class Canonical>
void append_list(const Column& elements, const ListEntry& entry, const Canonical& canonical,
                 std::string& out) {
    constexpr std::uint64_t kNull = ~std::uint64_t{0};
    out += bytes_of(entry.length);
    for (std::uint64_t at = entry.offset; at < entry.offset + entry.length; ++at) {
        if (elements.is_null(at)) {
            out += bytes_of(kNull);
            continue;
        }
        const auto value = canonical(at);
        const std::string_view bytes = bytes_of(value);
        out += bytes_of(std::uint64_t{bytes.size()});
        out += bytes;
    }
}

// Apart from run(), which all of it would be flattened into.
[[gnu::noinline]] ColumnDigest run_lists(const Task& task) {
    const Column& elements = task.column->elements();
    const auto* entries = task.column->values<ListEntry>();
    std::string list;
    return with_canonical(elements, [&](const auto& canonical) {
        return task.hashed([&](std::size_t row) {
            list.clear();
            append_list(elements, entries[row], canonical, list);
            return hash_of(std::string_view(list), task.seed);
        });
    });
}

// Flattened: with lists in this file the compiler stops inlining the hash of 8 bytes, and takes
// half as long again for each value.
[[gnu::flatten]] ColumnDigest run(const Task& task) {
    if (task.column->type().id == TypeId::List) return run_lists(task);
    return with_canonical(*task.column, [&](const auto& canonical) {
        return task.hashed([canonical, seed = task.seed](std::size_t row) {
            return hash_of(canonical(row), seed);
        });
    });
}

std::optional<std::uint64_t> parse_hex64(std::string_view hex) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (hex.size() != 16 || parsed.ptr != hex.data() + hex.size()) return std::nullopt;
    return value;
}

/// Puts the hash of each value of a column into the place of its row among `width` columns, of
/// which it is number `index`.
ColumnDigest hash_column(const Batch& batch, std::size_t column, std::size_t index,
                         std::span<std::uint64_t> hashes, std::size_t width) {
    const std::uint64_t null_hash = XXH3_64bits_withSeed(nullptr, 0, ~std::uint64_t{index});
    return run(
        {&batch.columns()[column], batch.rows(), hashes.data() + index, width, index, null_hash});
}

/// Of the hashes of its values.
XXH128_hash_t hash_row(const std::vector<std::uint64_t>& hashes, std::size_t row,
                       std::size_t width) {
    return XXH3_128bits(hashes.data() + row * width, width * sizeof(std::uint64_t));
}

void add(RowDigest& sum, RowDigest other) {
    sum.low += other.low;
    sum.high += other.high + (sum.low < other.low ? 1 : 0);
}

}  // namespace

void Digest::add(const Digest& other) {
    if (columns.empty()) columns.resize(other.columns.size());
    if (!other.columns.empty()) CHECK(columns.size() == other.columns.size());
    rows += other.rows;
    for (std::size_t i = 0; i < other.columns.size(); ++i) {
        columns[i].sum += other.columns[i].sum;
        columns[i].nulls += other.columns[i].nulls;
    }
    core::add(row, other.row);
}

std::string hex_of(const ColumnDigest& digest) { return fmt::format("{:016x}", digest.sum); }
std::string hex_of(const RowDigest& digest) {
    return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

std::optional<std::uint64_t> parse_column_digest(std::string_view hex) { return parse_hex64(hex); }

std::optional<RowDigest> parse_row_digest(std::string_view hex) {
    if (hex.size() != 32) return std::nullopt;
    const auto high = parse_hex64(hex.substr(0, 16));
    const auto low = parse_hex64(hex.substr(16));
    if (!high || !low) return std::nullopt;
    return RowDigest{*low, *high};
}

Digester::Digester(std::span<const columnar::Type> types)
    : hashes_(types.size() * columnar::kBatchRows) {
    digest_.columns.resize(types.size());
}

void Digester::add(const Batch& batch) {
    const std::size_t width = batch.columns().size();
    CHECK(width == digest_.columns.size());
    for (std::size_t i = 0; i < width; ++i) {
        const ColumnDigest added = hash_column(batch, i, i, hashes_, width);
        digest_.columns[i].sum += added.sum;
        digest_.columns[i].nulls += added.nulls;
    }
    for (std::size_t row = 0; row < batch.rows(); ++row) {
        const XXH128_hash_t hash = hash_row(hashes_, row, width);
        core::add(digest_.row, {hash.low64, hash.high64});
    }
    digest_.rows += static_cast<std::int64_t>(batch.rows());
}

Digest Digester::take() {
    Digest taken = std::move(digest_);
    digest_ = {};
    digest_.columns.resize(taken.columns.size());
    return taken;
}

RowHasher::RowHasher(std::vector<std::size_t> columns)
    : columns_(std::move(columns)), hashes_(columns_.size() * columnar::kBatchRows) {
    CHECK(!columns_.empty());
}

void RowHasher::hash(const Batch& batch, std::int64_t* out) {
    const std::size_t width = columns_.size();
    for (std::size_t i = 0; i < width; ++i) hash_column(batch, columns_[i], i, hashes_, width);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
        out[row] = static_cast<std::int64_t>(hash_row(hashes_, row, width).low64);
    }
}

}  // namespace trueup::core
