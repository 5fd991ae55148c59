#pragma once

#include <cstddef>
#include <string>

struct st_mysql_field;  // NOLINT(readability-identifier-naming): the library's name.

namespace trueup::mysql {

/// A column of a statement's result.
struct ResultColumn {
    std::string name;
    /// As a CREATE TABLE would spell it, without lengths of texts, display widths and labels:
    /// "tinyint(1)", "bigint unsigned", "decimal(12,2)", "datetime(6)", "varchar", "varbinary",
    /// "enum". MariaDB's json is "json", though it is a text there.
    std::string type;
    bool is_nullable = true;
    /// How many bytes a value takes in a row of a prepared statement; 0: as many as it says itself.
    std::size_t fixed_bytes = 0;
};

/// Private to this module.
ResultColumn result_column(const st_mysql_field& field);

}  // namespace trueup::mysql
