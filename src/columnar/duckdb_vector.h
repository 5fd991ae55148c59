#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "columnar/batch.h"

// The handles of DuckDB are pointers to these.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): DuckDB's names.
struct _duckdb_logical_type;
struct _duckdb_vector;
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

/// Types and values, from ours to DuckDB's and back; of engine.cc alone.
namespace trueup::columnar {

struct FreeType {
    void operator()(_duckdb_logical_type* type) const noexcept;
};
using LogicalType = std::unique_ptr<_duckdb_logical_type, FreeType>;

LogicalType native_type(Type type);
/// Nothing for a type that parts do not have.
std::optional<Type> our_type(_duckdb_logical_type* native);

/// Gives the vector what the column has beside its values, which were put there: NULLs, and the
/// elements of lists.
void finish_vector(const Column& column, _duckdb_vector* vector, std::size_t rows);

/// The vector's values become the column's, which is cleared. Values are copied, texts are not:
/// they stay where the vector has them.
void take_vector(_duckdb_vector* vector, std::size_t rows, Column& column);

}  // namespace trueup::columnar
