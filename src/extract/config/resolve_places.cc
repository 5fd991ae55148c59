#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/text.h"
#include "extract/config/column_type.h"
#include "extract/config/resolve.h"

// Where data come from and go to: source, table, columns, destination.

namespace trueup::extract {
namespace {

constexpr std::string_view kTokens[] = {"export", "table", "date", "partition", "run_id"};

bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char letter) {
        return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
               (letter >= '0' && letter <= '9') || letter == '_';
    });
}

Status check_path_parts(const Section& section, std::string_view key, std::string_view path) {
    for (const std::string_view part : split(path, '/')) {
        if (part == "..") {
            return section.refuse(key, "must not hold \"..\": files stay below their directory",
                                  "write the directory itself, absolute if need be");
        }
    }
    const bool has_control = std::ranges::any_of(
        path, [](char letter) { return static_cast<unsigned char>(letter) < ' '; });
    if (has_control) return section.refuse(key, "must not hold control characters");
    return {};
}

Status check_token(const Section& section, std::string_view token) {
    const std::vector<std::string> known(std::begin(kTokens), std::end(kTokens));
    if (std::ranges::find(known, token) == known.end()) {
        return section.refuse("path",
                              fmt::format("holds the unknown token {{{}}}{}", printable(token),
                                          did_you_mean(token, known)),
                              "known tokens: {export}, {table}, {date}, {partition}, {run_id}");
    }
    if (token == "partition") {
        return section.refuse("path", "holds {partition}, which needs partition_by",
                              "remove {partition}");
    }
    return {};
}

Status check_tokens(const Section& section, std::string_view path) {
    for (std::size_t open = path.find('{'); open != std::string_view::npos;
         open = path.find('{', open + 1)) {
        const std::size_t close = path.find('}', open);
        if (close == std::string_view::npos) break;
        const std::string_view token = path.substr(open + 1, close - open - 1);
        if (is_word(token)) TRY(check_token(section, token));
    }
    return {};
}

/// The name in double quotes at the front of `text`, where a doubled one stands for itself. Nothing
/// when it is empty or does not end.
std::optional<std::string> take_quoted(std::string_view& text) {
    std::string name;
    for (std::size_t at = 1; at < text.size(); ++at) {
        const bool is_quote = text[at] == '"';
        const bool is_doubled = is_quote && text.substr(at + 1).starts_with('"');
        if (is_quote && !is_doubled) {
            text.remove_prefix(at + 1);
            return name.empty() ? std::nullopt : std::optional(name);
        }
        name += text[at];
        if (is_doubled) ++at;
    }
    return std::nullopt;
}

/// One part of a table's name from the front of `text`: a word of letters, digits, _ and $, or
/// anything in double quotes. Nothing when there is none.
std::optional<std::string> take_identifier(std::string_view& text) {
    if (text.starts_with('"')) return take_quoted(text);
    const auto is_letter = [](char letter) { return is_word({&letter, 1}) || letter == '$'; };
    const std::string name(text.begin(), std::ranges::find_if_not(text, is_letter));
    text.remove_prefix(name.size());
    const bool begins_well = !name.empty() && (name[0] < '0' || name[0] > '9') && name[0] != '$';
    return begins_well ? std::optional(name) : std::nullopt;
}

/// The column an override is for: `table.column` is the column of that very table.
Result<std::string> column_of(const Section& exported, const yaml::Node& key,
                              const std::optional<TableName>& table) {
    const std::size_t dot = key.scalar.find('.');
    if (dot == std::string::npos || !table) return key.scalar;
    const std::string prefix = table->name + ".";
    const std::string whole = table->schema.empty() ? prefix : table->schema + "." + prefix;
    for (const std::string& lead : {whole, prefix}) {
        if (key.scalar.starts_with(lead) && key.scalar.size() > lead.size()) {
            return key.scalar.substr(lead.size());
        }
    }
    return exported.messages().refuse(
        key.at,
        fmt::format("{} names the table {}, but the export reads {}", exported.path_of("columns"),
                    exported.messages().quoted(key.scalar.substr(0, dot)), printable(table->name)),
        fmt::format("write {}.column for a column of this table", printable(table->name)));
}

Result<ColumnOverride> resolve_column(const Section& exported, const yaml::Entry& entry,
                                      const std::optional<TableName>& table) {
    ColumnOverride column;
    column.column = TRY(column_of(exported, entry.key, table));
    column.at = place_of(entry.key.at);
    const std::string path =
        fmt::format("{}.{}", exported.path_of("columns"), printable(entry.key.scalar));
    yaml::Position type_at = entry.value.at;
    std::string written = entry.value.scalar;
    if (entry.value.kind == yaml::Node::Kind::Map) {
        const Section section(kColumnSection, &entry.value, path, entry.value.at,
                              exported.messages());
        written = section.text("type").value_or("");
        type_at = section.at("type");
        column.on_value_error =
            section.choice<OnValueError>("on_value_error").value_or(OnValueError::Fail);
    }
    const auto type = canonical_type(written);
    if (!type) {
        return exported.messages().refuse(type_at, fmt::format("{} {}", path, type.error().message),
                                          type.error().hint);
    }
    column.type = *type;
    return column;
}

}  // namespace

Result<Source> resolve_source(const Section& source, const std::string& directory,
                              const Surroundings& surroundings) {
    TRY(source.refuse_foreign_keys());
    Source resolved;
    resolved.engine = source.choice<Engine>("type").value_or(Engine::Sqlite);
    resolved.environment = source.choice<Environment>("environment");
    resolved.at = place_of(source.at());
    const bool is_production = resolved.environment == Environment::Production;
    resolved.consistency =
        source.choice<Consistency>("consistency")
            .value_or(is_production ? Consistency::Chunk : Consistency::Snapshot);
    if (is_server(resolved.engine)) {
        resolved.server = TRY(resolve_server(source, resolved.engine, directory, surroundings));
        resolved.tinyint1_is_bool = source.choice<int>("tinyint1") == 1;
        return resolved;
    }
    const auto path = source.text("path");
    if (!path) {
        return source.messages().refuse(
            source.at(),
            fmt::format("source lacks the key \"path\", the {} file", source.choice_name("type")),
            "for example: path: shop.db");
    }
    if (path->contains("://")) {
        return source.refuse("path",
                             "is a URL, and an engine that keeps its data in a file has none",
                             "a server has its own type, as in type: postgres, and a url");
    }
    resolved.path = absolute_path(join_path(directory, *path));
    return resolved;
}

Result<TableName> resolve_table(const Section& exported) {
    const std::string written = exported.text("table").value_or("");
    std::string_view rest = written;
    TableName table;
    auto first = take_identifier(rest);
    if (first && rest.starts_with('.')) {
        rest.remove_prefix(1);
        table.schema = *first;
        first = take_identifier(rest);
    }
    if (!first || !rest.empty()) {
        return exported.refuse(
            "table",
            fmt::format("must be name or schema.name, not {}", exported.messages().quoted(written)),
            "a name of other characters goes in double quotes inside single "
            "ones: table: '\"order details\"'");
    }
    table.name = *first;
    return table;
}

Result<DestinationSettings> resolve_destination(const Section& exported,
                                                const std::string& directory) {
    const Section section = exported.section("destination");
    TRY(section.refuse_foreign_keys());
    DestinationSettings destination;
    destination.type = section.choice<DestinationType>("type").value_or(DestinationType::Local);
    destination.at = place_of(section.at());
    if (destination.type == DestinationType::Stdout) {
        if (exported.has("max_file_size")) {
            return exported.refuse("max_file_size", "does not go with stdout, which takes one file",
                                   "use a local destination");
        }
        return destination;
    }
    const std::string path = section.text("path").value_or(".");
    TRY(check_path_parts(section, "path", path));
    TRY(check_tokens(section, path));
    destination.path = absolute_path(join_path(directory, path));
    return destination;
}

Result<std::vector<ColumnOverride>> resolve_columns(const Section& exported,
                                                    const std::optional<TableName>& table) {
    std::vector<ColumnOverride> columns;
    const yaml::Node* map = exported.node("columns");
    if (map == nullptr) return columns;
    for (const yaml::Entry& entry : map->entries) {
        ColumnOverride column = TRY(resolve_column(exported, entry, table));
        const bool is_known =
            std::ranges::find(columns, column.column, &ColumnOverride::column) != columns.end();
        if (is_known) {
            return exported.messages().refuse(
                entry.key.at,
                fmt::format("{} names the column {} twice", exported.path_of("columns"),
                            exported.messages().quoted(column.column)));
        }
        columns.push_back(std::move(column));
    }
    return columns;
}

}  // namespace trueup::extract
