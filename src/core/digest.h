#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"

/// Order-independent digests of rows, as docs/formats/digest.md defines them: equal sets of rows
/// have equal digests, whatever the order and however they are cut into batches.
namespace trueup::core {

/// Of one column: the wrapping sum of the XXH3-64 of each value that is not NULL.
struct ColumnDigest {
    std::uint64_t sum = 0;
    std::int64_t nulls = 0;
    bool operator==(const ColumnDigest&) const = default;
};

/// Of whole rows: the wrapping 128-bit sum of the XXH3-128 of each row. Sees what column digests
/// cannot: two rows that swapped a value.
struct RowDigest {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const RowDigest&) const = default;
};

struct Digest {
    std::int64_t rows = 0;
    std::vector<ColumnDigest> columns;
    RowDigest row;

    bool operator==(const Digest&) const = default;
    /// As if the rows of both had been digested together. An empty digest takes the other's
    /// columns.
    void add(const Digest& other);
};

/// 16 and 32 lower-case hexadecimal digits, most significant first.
std::string hex_of(const ColumnDigest& digest);
std::string hex_of(const RowDigest& digest);
std::optional<std::uint64_t> parse_column_digest(std::string_view hex);
std::optional<RowDigest> parse_row_digest(std::string_view hex);

/// Takes the digest of batches as they pass. For one worker.
class Digester {
  public:
    explicit Digester(std::span<const columnar::Type> types);
    /// The batch's columns must have the types given at construction.
    void add(const columnar::Batch& batch);
    const Digest& digest() const { return digest_; }
    /// What was taken so far, and starts anew.
    Digest take();

  private:
    Digest digest_;
    std::vector<std::uint64_t> hashes_;  // Of a batch: row by row, one for each column.
};

/// Takes the hash of each row over some of its columns, as if there were no others. For one worker.
class RowHasher {
  public:
    /// Places in a batch, in the order in which they enter the hash; at least one.
    explicit RowHasher(std::vector<std::size_t> columns);
    /// Puts the lower 64 bits of the hash of each row, as a signed number, where `out` points:
    /// room for the rows of the batch.
    void hash(const columnar::Batch& batch, std::int64_t* out);

  private:
    std::vector<std::size_t> columns_;
    std::vector<std::uint64_t> hashes_;  // As the Digester's.
};

}  // namespace trueup::core
