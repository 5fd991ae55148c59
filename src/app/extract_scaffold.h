#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "extract/config/config.h"

/// The text of a first configuration, made from what a database holds.
namespace trueup::app {

struct ScaffoldTable {
    extract::TableName table;
    std::string export_name;         // Of name_exports().
    std::vector<std::string> notes;  // Become comments above the export.
    /// As a run would read it now, for people; not part of the configuration.
    struct Survey {
        std::optional<std::int64_t> rows;
        std::optional<std::uint64_t> bytes;  // Of source data.
        std::string key;                     // The best one; empty: there is none.
        std::string kind;                    // Of its chunks: "range", "whole".
        std::int64_t chunks = 0;
    };
    Survey survey = {};
};

struct SourceKey {
    std::string key;
    std::string value;
    bool is_number = false;  // Else a text.
};

struct Scaffold {
    extract::Engine engine = extract::Engine::Sqlite;
    std::vector<SourceKey> source;  // "path" of a file, "host" and others of a server.
    std::vector<SourceKey> tls;     // Of a server, where it is not usual.
    std::vector<ScaffoldTable> tables;
};

/// A configuration that exports every table to `./out/{export}`, as Parquet.
std::string scaffold_yaml(const Scaffold& scaffold);

/// Gives each table a name that is fit for files, and that no other one has, whatever the case.
void name_exports(std::vector<ScaffoldTable>& tables);

/// As `table:` spells it: parts that are no plain words in double quotes.
std::string table_text(const extract::TableName& table);

/// A YAML scalar that is read back as exactly this text.
std::string yaml_scalar(std::string_view text);

/// Whether a configuration can hold the name: UTF-8, and no "${", which would be substituted.
bool is_writable(std::string_view text);

}  // namespace trueup::app
