#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extract/source/source.h"

/// What every engine here does alike with the columns of a relation. Names are found without regard
/// to ASCII case; the answer is the column's own spelling.
namespace trueup::extract {

const SourceColumn* find_column(const Relation& relation, std::string_view name);
std::vector<std::string> column_names(const Relation& relation);
/// Config: there is no such column, with near matches.
std::unexpected<Error> no_column(const Relation& relation, std::string_view name);

/// Config when two columns have one name, to an engine that tells "a" from "A" or does not.
enum class LetterCase : std::uint8_t { Told, NotTold };
Status refuse_double_names(const Relation& relation, LetterCase letter_case);
/// A query as it can stand in parentheses: without the semicolons at its end.
std::string inner_query(std::string_view query);

/// Config when the configuration overrides a column that the relation does not have.
Status check_overrides(const Export& wanted, const Relation& relation);
/// What the configuration says of the column, or null.
const ColumnOverride* override_of(const Export& wanted, const SourceColumn& column);
/// What a column holds at the source.
enum class Shape : std::uint8_t { Single, List };
/// The type that the configuration wants for the column; nothing when it names none. Config for a
/// type that parts do not have, and for a list where there can be none.
Result<std::optional<columnar::Type>> type_of(const Export& wanted, const Relation& relation,
                                              const SourceColumn& column, Shape shape);
/// The type as parts of this export have it: there are no lists in CSV, they are JSON there.
columnar::Type type_in_parts(const Export& wanted, columnar::Type type);

/// A key of these columns: their own names and types, and whether it may be NULL.
Result<ChunkKey> key_of_columns(const Relation& relation, const std::vector<std::string>& columns);

}  // namespace trueup::extract
