#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "extract/source/source.h"

/// The SQL of the DuckDB source; shared by its files and with nobody else.
namespace trueup::extract::duckdb_source {

/// How a DuckDB type is kept in a part.
struct Typing {
    columnar::Type type;
    Fidelity fidelity = Fidelity::Exact;
};
Typing typing_of(std::string_view duckdb_type);

/// The column as a part holds it. A value that an override cannot hold exactly raises DuckDB's
/// error() naming table, column and value, or is NULL where the column says so.
std::string projection_of(const Relation& relation, const SourceColumn& column);

/// `TRUE` for a value that projection_of() turned into NULL.
std::string misfit_of(const SourceColumn& column);

/// The columns of the key as SQL names them.
std::vector<std::string> key_names(const ChunkKey& key);
/// A key column as the text or number from which key_value() makes its KeyValue.
std::string key_projection(const ChunkKey& key, std::size_t column);
KeyValue key_value(const ChunkKey& key, std::size_t column, std::string_view text);
std::string literal_of(const ChunkKey& key, std::size_t column, const KeyValue& value);
/// One literal, or `(…, …)` of a key of several columns.
std::string literal_tuple(const ChunkKey& key, const Key& values);
/// " WHERE …", or nothing when the bounds hold everything.
std::string where_of(const ChunkKey& key, const Bounds& bounds);
std::string order_of(const ChunkKey& key, std::string_view direction);

}  // namespace trueup::extract::duckdb_source
