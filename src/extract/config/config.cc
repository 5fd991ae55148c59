#include "extract/config/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "base/text.h"
#include "extract/config/resolve.h"
#include "extract/config/section.h"
#include "extract/config/substitute.h"
#include "yaml/yaml.h"

namespace trueup::extract {
namespace {

constexpr std::size_t kNameBytesMax = 100;

Status check_name(const Section& exported, const std::string& name) {
    std::string_view why;
    if (name.starts_with('.')) why = "must not begin with a dot";
    if (name.size() > kNameBytesMax) why = "must not be longer than 100 bytes";
    if (name.contains("..")) why = "must not hold \"..\"";
    const bool is_safe = std::ranges::none_of(name, [](char letter) {
        return letter == '/' || letter == '\\' || static_cast<unsigned char>(letter) < ' ' ||
               letter == '\x7F';
    });
    if (!is_safe) why = "must not hold slashes, backslashes or control characters";
    if (name.contains('{') || name.contains('}')) why = "must not hold braces";
    if (why.empty()) return {};
    return exported.refuse("name", fmt::format("{}: it becomes part of file names", why),
                           "for example: name: orders");
}

Result<std::string> read_query_file(const Section& exported, const std::string& directory,
                                    const Surroundings& surroundings) {
    const std::string written = exported.text("query_file").value_or("");
    const auto parts = split(written, '/');
    if (written.starts_with('/') || std::ranges::find(parts, "..") != parts.end()) {
        return exported.refuse("query_file",
                               "must be a path beside or below the configuration file",
                               "for example: query_file: queries/orders.sql");
    }
    const auto text = surroundings.read_file(join_path(directory, written));
    if (!text) {
        return exported.refuse("query_file",
                               fmt::format("cannot be read: {}", text.error().message));
    }
    if (trim(*text).empty()) return exported.refuse("query_file", "is an empty file");
    if (invalid_utf8_at(*text)) return exported.refuse("query_file", "is not UTF-8 text");
    return *text;
}

/// A query without the semicolon at its end, which would break it as a subquery.
std::string without_semicolon(std::string_view query) {
    query = trim(query);
    while (query.ends_with(';')) query = trim(query.substr(0, query.size() - 1));
    return std::string(query);
}

struct Relation {
    std::optional<TableName> table;
    std::optional<std::string> query;
};

Result<Relation> resolve_relation(const Section& exported, const std::string& directory,
                                  const Surroundings& surroundings) {
    std::vector<std::string_view> given;
    for (const std::string_view key : {"table", "query", "query_file"}) {
        if (exported.has(key)) given.push_back(key);
    }
    if (given.empty()) {
        return exported.messages().refuse(
            exported.at(), fmt::format("{} lacks one of table, query, query_file", exported.path()),
            "for example: table: orders");
    }
    if (given.size() > 1) {
        return exported.refuse(given[1], fmt::format("does not go together with {}", given[0]),
                               "an export has one of table, query, query_file");
    }
    Relation relation;
    if (given[0] == "table") {
        relation.table = TRY(resolve_table(exported));
        return relation;
    }
    std::string query = exported.text("query").value_or("");
    if (given[0] == "query_file") query = TRY(read_query_file(exported, directory, surroundings));
    relation.query = without_semicolon(query);
    if (relation.query->empty()) return exported.refuse(given[0], "is an empty query");
    return relation;
}

Result<Export> resolve_export(const Section& section, const Above& above,
                              const Surroundings& surroundings) {
    Export exported;
    exported.at = place_of(section.at());
    exported.name = section.text("name").value_or("");
    TRY(check_name(section, exported.name));
    Relation relation = TRY(resolve_relation(section, above.directory, surroundings));
    exported.table = std::move(relation.table);
    exported.query = std::move(relation.query);
    exported.tuning = TRY(resolve_tuning(section, above));
    exported.chunking = TRY(resolve_chunking(section, exported.tuning));
    exported.output = TRY(resolve_output(section, exported.tuning.profile));
    exported.destination = TRY(resolve_destination(section, above.directory));
    exported.columns = TRY(resolve_columns(section, exported.table));
    exported.meta_columns = resolve_meta_columns(section);
    exported.quality = TRY(resolve_quality(section));
    exported.on_schema_drift = TRY(resolve_schema_drift(section));
    exported.verify = section.choice<Verify>("verify").value_or(Verify::Size);
    return exported;
}

/// Two exports may share neither a name nor a directory: one directory holds one manifest.
Status refuse_twins(const Section& section, const Export& exported,
                    const std::vector<Export>& earlier) {
    const auto path_of = [](const Export& one) {
        return expand_path(one.destination.path, {one.name, "{date}", "{run_id}"});
    };
    for (const Export& other : earlier) {
        if (other.name == exported.name) {
            return section.refuse(
                "name", fmt::format("{} is taken by the export at line {}",
                                    section.messages().quoted(exported.name), other.at.line));
        }
        if (exported.destination.type == DestinationType::Local &&
            path_of(other) == path_of(exported)) {
            return section.messages().refuse(
                section.section("destination").at("path"),
                fmt::format("{}.path is also where the export {} at line {} writes",
                            section.path_of("destination"), section.messages().quoted(other.name),
                            other.at.line),
                "for example: path: \"out/{export}\"");
        }
    }
    return {};
}

Status resolve(const Section& root, const Surroundings& surroundings, Config& config) {
    TRY(root.check());
    const Section source = root.section("source");
    config.source = TRY(resolve_source(source, config.directory, surroundings));
    const Above above = {&source, config.source.environment, config.directory, surroundings.cores};
    for (const Section& section : root.sections("exports")) {
        Export exported = TRY(resolve_export(section, above, surroundings));
        TRY(refuse_twins(section, exported, config.exports));
        config.exports.push_back(std::move(exported));
    }
    return {};
}

}  // namespace

Surroundings real_surroundings() {
    Surroundings real;
    real.environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
    real.read_file = [](const std::string& path) { return read_file(path, yaml::kBytesMax); };
    real.cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    return real;
}

Result<Config> load_config(const std::string& path, const Parameters& parameters) {
    const auto text = read_file(path, yaml::kBytesMax);
    if (!text) {
        return fail(ErrorClass::Config, fmt::format("{}:1:1: {}", path, text.error().message),
                    "name another file with -c");
    }
    return parse_config(*text, path, parameters, real_surroundings());
}

Result<Config> parse_config(std::string_view text, const std::string& file,
                            const Parameters& parameters, const Surroundings& surroundings) {
    if (text.size() > yaml::kBytesMax) {
        return fail(ErrorClass::Config, fmt::format("{}:1:1: the file is larger than {}", file,
                                                    human_bytes(yaml::kBytesMax)));
    }
    const auto substitution = TRY(Substitution::make(text, file, parameters, surroundings));
    const auto original = [&substitution](yaml::Position at) { return substitution.original(at); };
    auto tree = yaml::parse(substitution.text(), file, original);
    if (!tree) {
        return fail(tree.error().kind, redact_urls(tree.error().message), tree.error().hint);
    }
    Messages messages(file, substitution);
    if (tree->kind == yaml::Node::Kind::Null) {
        return messages.refuse({}, "the file is empty", "trueup extract init writes a first one");
    }
    if (!substitution.unused().empty()) {
        messages.warn({}, fmt::format("no ${{…}} in the file asks for the parameter {}",
                                      fmt::join(substitution.unused(), ", ")));
    }
    Config config;
    config.file = file;
    config.directory = absolute_path(parent_path(file));
    TRY(resolve(Section(kRootSection, &*tree, "", {}, messages), surroundings, config));
    config.warnings = messages.take_warnings();
    return config;
}

const Export* find_export(const Config& config, std::string_view name) {
    const auto found = std::ranges::find(config.exports, name, &Export::name);
    return found == config.exports.end() ? nullptr : &*found;
}

std::string at_text(const Config& config, Place place) {
    return fmt::format("{}:{}:{}", config.file, place.line, place.column);
}

std::string expand_path(std::string_view path, const PathTokens& tokens) {
    const std::pair<std::string_view, const std::string&> values[] = {
        {"{export}", tokens.export_name},
        {"{table}", tokens.export_name},
        {"{date}", tokens.date},
        {"{run_id}", tokens.run_id},
    };
    std::string expanded;
    while (!path.empty()) {
        const auto* const token = std::ranges::find_if(
            values, [path](const auto& value) { return path.starts_with(value.first); });
        if (token != std::end(values)) {
            expanded += token->second;
            path.remove_prefix(token->first.size());
        } else {
            expanded += path.front();
            path.remove_prefix(1);
        }
    }
    return expanded;
}

bool is_server(Engine engine) { return engine == Engine::Postgres || engine == Engine::Mysql; }

std::string_view name_of(Engine engine) {
    switch (engine) {
        case Engine::Sqlite: return "sqlite";
        case Engine::DuckDb: return "duckdb";
        case Engine::Postgres: return "postgres";
        case Engine::Mysql: return "mysql";
    }
    std::unreachable();
}

std::string_view name_of(TlsMode mode) {
    switch (mode) {
        case TlsMode::Disable: return "disable";
        case TlsMode::Require: return "require";
        case TlsMode::VerifyCa: return "verify-ca";
        case TlsMode::VerifyFull: return "verify-full";
    }
    std::unreachable();
}

std::string_view name_of(Consistency consistency) {
    switch (consistency) {
        case Consistency::Snapshot: return "snapshot";
        case Consistency::Chunk: return "chunk";
    }
    std::unreachable();
}

std::string_view name_of(Profile profile) {
    switch (profile) {
        case Profile::Fast: return "fast";
        case Profile::Balanced: return "balanced";
        case Profile::Safe: return "safe";
    }
    std::unreachable();
}

std::string_view name_of(ChunkBy by) {
    switch (by) {
        case ChunkBy::Auto: return "auto";
        case ChunkBy::Whole: return "whole";
        case ChunkBy::Range: return "range";
        case ChunkBy::Count: return "count";
        case ChunkBy::Days: return "days";
        case ChunkBy::Dense: return "dense";
        case ChunkBy::Key: return "key";
    }
    std::unreachable();
}

std::string_view name_of(Format format) {
    switch (format) {
        case Format::Parquet: return "parquet";
        case Format::Csv: return "csv";
    }
    std::unreachable();
}

std::string_view name_of(Compression compression) {
    switch (compression) {
        case Compression::None: return "none";
        case Compression::Zstd: return "zstd";
        case Compression::Snappy: return "snappy";
        case Compression::Gzip: return "gzip";
        case Compression::Lz4: return "lz4";
    }
    std::unreachable();
}

std::string_view name_of(OnValueError choice) {
    switch (choice) {
        case OnValueError::Fail: return "fail";
        case OnValueError::Null: return "null";
        case OnValueError::Text: return "text";
    }
    std::unreachable();
}

}  // namespace trueup::extract
