#include "core/digest.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
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
using columnar::TypeId;
using columnar::UInt128;

static_assert(std::endian::native == std::endian::little, "canonical bytes are little-endian");

template <class T>
std::uint64_t hash_fixed(T value, std::uint64_t seed) {
    return XXH3_64bits_withSeed(&value, sizeof value, seed);
}

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

    /// Values of type T, widened to Wide.
    template <class T, class Wide>
    ColumnDigest widened() const {
        const T* values = column->values<T>();
        return hashed(
            [&](std::size_t row) { return hash_fixed(static_cast<Wide>(values[row]), seed); });
    }
    template <class T>
    ColumnDigest floating() const {
        const T* values = column->values<T>();
        return hashed([&](std::size_t row) {
            // All NaNs are one value; every other double is its bits, so -0.0 is not 0.0.
            const auto wide = static_cast<double>(values[row]);
            const double value = std::isnan(wide) ? std::numeric_limits<double>::quiet_NaN() : wide;
            return hash_fixed(value, seed);
        });
    }
    ColumnDigest bytes() const {
        const BytesRef* values = column->values<BytesRef>();
        return hashed([&](std::size_t row) {
            const std::string_view view = values[row].view();
            return XXH3_64bits_withSeed(view.data(), view.size(), seed);
        });
    }
    ColumnDigest decimal() const {
        switch (columnar::value_bytes(column->type())) {
            case 2: return widened<std::int16_t, Int128>();
            case 4: return widened<std::int32_t, Int128>();
            case 8: return widened<std::int64_t, Int128>();
            default: return widened<Int128, Int128>();
        }
    }
    /// DuckDB's UUID is a number with the topmost bit flipped; canonical are the 16 bytes in order.
    ColumnDigest uuid() const {
        const auto* values = column->values<UInt128>();
        return hashed([&](std::size_t row) {
            const UInt128 number = values[row] ^ (UInt128{1} << 127);
            const std::uint64_t big_endian[2] = {
                __builtin_bswap64(static_cast<std::uint64_t>(number >> 64)),
                __builtin_bswap64(static_cast<std::uint64_t>(number))};
            return XXH3_64bits_withSeed(big_endian, sizeof big_endian, seed);
        });
    }
};

ColumnDigest run(const Task& task) {
    switch (task.column->type().id) {
        case TypeId::Boolean: return task.widened<std::uint8_t, std::uint8_t>();
        case TypeId::TinyInt: return task.widened<std::int8_t, std::int64_t>();
        case TypeId::SmallInt: return task.widened<std::int16_t, std::int64_t>();
        case TypeId::Integer:
        case TypeId::Date: return task.widened<std::int32_t, std::int64_t>();
        case TypeId::BigInt:
        case TypeId::Time:
        case TypeId::Timestamp:
        case TypeId::TimestampNs:
        case TypeId::TimestampTz: return task.widened<std::int64_t, std::int64_t>();
        case TypeId::UTinyInt: return task.widened<std::uint8_t, std::uint64_t>();
        case TypeId::USmallInt: return task.widened<std::uint16_t, std::uint64_t>();
        case TypeId::UInteger: return task.widened<std::uint32_t, std::uint64_t>();
        case TypeId::UBigInt: return task.widened<std::uint64_t, std::uint64_t>();
        case TypeId::Float: return task.floating<float>();
        case TypeId::Double: return task.floating<double>();
        case TypeId::Decimal: return task.decimal();
        case TypeId::Varchar:
        case TypeId::Json:
        case TypeId::Blob: return task.bytes();
        case TypeId::Uuid: return task.uuid();
    }
    std::unreachable();
}

std::optional<std::uint64_t> parse_hex64(std::string_view hex) {
    std::uint64_t value = 0;
    const auto parsed = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (hex.size() != 16 || parsed.ptr != hex.data() + hex.size()) return std::nullopt;
    return value;
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
        const std::uint64_t null_hash = XXH3_64bits_withSeed(nullptr, 0, ~std::uint64_t{i});
        const ColumnDigest added =
            run({&batch.columns()[i], batch.rows(), hashes_.data() + i, width, i, null_hash});
        digest_.columns[i].sum += added.sum;
        digest_.columns[i].nulls += added.nulls;
    }
    for (std::size_t row = 0; row < batch.rows(); ++row) {
        const XXH128_hash_t hash =
            XXH3_128bits(hashes_.data() + row * width, width * sizeof(std::uint64_t));
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

}  // namespace trueup::core
