#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>

#include "app/commands.h"
#include "app/extract_scaffold.h"
#include "app/extract_view.h"
#include "base/file.h"
#include "base/text.h"
#include "columnar/type.h"
#include "extract/config/config.h"
#include "extract/config/server_url.h"
#include "extract/plan/plan.h"
#include "extract/source/source.h"

namespace trueup::app {
namespace {

using extract::Engine;
using extract::SourceSession;
using extract::TableListing;

struct InitOptions {
    std::string source;
    std::vector<std::string> schemas;
    std::vector<std::string> tables;
    bool has_views = false;
    std::vector<std::string> includes;
    std::vector<std::string> excludes;
    std::string output;
};

void init_flags(CLI::App& app, InitOptions& options) {
    app.add_option("source,--source", options.source,
                   "The database: a file, sqlite:FILE, duckdb:FILE, "
                   "postgres://USER@HOST/DATABASE or mysql://…")
        ->type_name("DATABASE")
        ->required();
    const auto names = [&app](const char* flag, std::vector<std::string>& into, const char* help) {
        app.add_option(flag, into, help)->allow_extra_args(false);
    };
    names("--schema", options.schemas, "Only what stands in this schema; may be repeated");
    names("--table", options.tables, "Export this table or view; may be repeated");
    app.add_flag("--views", options.has_views, "Views, too");
    names("--include", options.includes, "Only names like this glob; may be repeated");
    names("--exclude", options.excludes, "No names like this glob; may be repeated");
    app.add_option("-o,--output", options.output, "Write to a new file, not to standard output")
        ->type_name("FILE");
}

/// By the first bytes of the file (https://sqlite.org/fileformat2.html, 1.2;
/// https://duckdb.org/docs/internals/storage).
Result<std::optional<Engine>> engine_by_magic(const std::string& path) {
    const File file = TRY(File::open_read(path));
    std::array<std::byte, 16> head{};
    const std::size_t size = TRY(file.read_at(0, head));
    const std::string_view text = as_text(Bytes(head).first(size));
    if (text.starts_with(std::string_view("SQLite format 3\0", 16))) {
        return std::optional(Engine::Sqlite);
    }
    if (text.size() >= 12 && text.substr(8, 4) == "DUCK") return std::optional(Engine::DuckDb);
    return std::optional<Engine>();
}

/// A password in the URL is used, but not written down; without one this variable holds it, as for
/// the server's own programs, or nobody asks for it.
const char* password_variable(Engine engine) {
    return engine == Engine::Mysql ? "MYSQL_PWD" : "PGPASSWORD";
}

Result<extract::Source> server_of(const std::string& url) {
    const Engine engine = extract::engine_of_url(url).value_or(Engine::Postgres);
    auto server = extract::server_of_url(url, engine, absolute_path("."));
    if (!server) {
        return fail(ErrorClass::Usage, "the source " + server.error().message, server.error().hint);
    }
    if (!server->tls) server->tls = extract::default_tls(server->host);
    const char* const password = std::getenv(password_variable(engine));
    if (server->password.empty() && password != nullptr) server->password = password;
    extract::Source source;
    source.engine = engine;
    source.server = *std::move(server);
    return source;
}

/// "postgres://…", "mysql://…", "sqlite:shop.db", "duckdb:shop.duckdb", or a file that says itself
/// what it is.
Result<extract::Source> source_of(const std::string& written) {
    if (written.contains("://")) return server_of(written);
    extract::Source source;
    for (const Engine engine : {Engine::Sqlite, Engine::DuckDb}) {
        const std::string scheme = fmt::format("{}:", name_of(engine));
        if (!written.starts_with(scheme)) continue;
        source.engine = engine;
        source.path = absolute_path(written.substr(scheme.size()));
        return source;
    }
    source.path = absolute_path(written);
    const auto info = TRY(file_info(source.path));
    if (!info || info->is_directory) {
        return fail(ErrorClass::Failed,
                    fmt::format("{}: {}", written, info ? "is a directory" : "no such file"),
                    "init takes the file of an SQLite or DuckDB database");
    }
    const auto engine = TRY(engine_by_magic(source.path));
    if (!engine) {
        return fail(ErrorClass::Failed,
                    fmt::format("{} is no SQLite and no DuckDB database", written));
    }
    source.engine = *engine;
    return source;
}

std::string listed_name(const TableListing& listed) {
    const auto& [schema, name] = listed.name;
    return schema.empty() ? name : schema + "." + name;
}

bool is_like(const TableListing& listed, const std::vector<std::string>& globs) {
    return std::ranges::any_of(globs, [&](const std::string& glob) {
        return ::fnmatch(glob.c_str(), listed_name(listed).c_str(), 0) == 0 ||
               ::fnmatch(glob.c_str(), listed.name.name.c_str(), 0) == 0;
    });
}

bool is_in(const TableListing& listed, const std::vector<std::string>& schemas) {
    return schemas.empty() || std::ranges::find(schemas, listed.schema) != schemas.end();
}

Status check_schemas(const std::vector<TableListing>& all, const InitOptions& options,
                     const std::string& path) {
    std::vector<std::string> known;
    known.reserve(all.size());
    for (const TableListing& listed : all) known.push_back(listed.schema);
    std::ranges::sort(known);
    known.erase(std::ranges::unique(known).begin(), known.end());
    for (const std::string& wanted : options.schemas) {
        if (std::ranges::find(known, wanted) != known.end()) continue;
        return fail(ErrorClass::Failed,
                    fmt::format("{} has no schema \"{}\" with tables in it{}", path, wanted,
                                did_you_mean(wanted, known)),
                    known.empty() ? "it has no tables at all"
                                  : fmt::format("it has: {}", fmt::join(known, ", ")));
    }
    return {};
}

/// What the flags leave; without any of them, all tables and no view.
Result<std::vector<TableListing>> chosen(const std::vector<TableListing>& all,
                                         const InitOptions& options, const std::string& path) {
    TRY(check_schemas(all, options, path));
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const TableListing& listed : all) names.push_back(listed_name(listed));
    for (const std::string& wanted : options.tables) {
        const bool is_there = std::ranges::any_of(names, [&](const std::string& name) {
            return lower_ascii(name) == lower_ascii(wanted);
        });
        if (is_there) continue;
        return fail(ErrorClass::Failed,
                    fmt::format("{} has no table or view \"{}\"{}", path, wanted,
                                did_you_mean(wanted, names)),
                    names.empty() ? "it has no tables at all"
                                  : fmt::format("it has: {}", fmt::join(names, ", ")));
    }
    std::vector<TableListing> left;
    for (const TableListing& listed : all) {
        const bool is_named = std::ranges::any_of(options.tables, [&](const std::string& wanted) {
            return lower_ascii(wanted) == lower_ascii(listed_name(listed));
        });
        const bool is_included = is_like(listed, options.includes);
        const bool is_default = options.tables.empty() && options.includes.empty();
        const bool is_kind = options.has_views || !listed.is_view;
        const bool is_wanted = is_named || is_included || (is_default && is_kind);
        const bool is_left_out =
            !is_in(listed, options.schemas) || is_like(listed, options.excludes);
        if (is_wanted && !is_left_out) left.push_back(listed);
    }
    if (!left.empty()) return left;
    return fail(ErrorClass::Failed,
                names.empty() ? fmt::format("{} has no tables", path)
                              : fmt::format("nothing is left of the {} of {}",
                                            counted(std::ssize(names), "table"), path),
                names.empty() ? "" : fmt::format("it has: {}", fmt::join(names, ", ")));
}

std::vector<std::string> notes_on(const extract::Relation& relation,
                                  const extract::ChunkPlan& plan) {
    std::vector<std::string> notes = {plan.reason};
    for (const extract::SourceColumn& column : relation.columns) {
        const std::string type = columnar::name_of(column.type);
        if (!column.note.empty()) {
            notes.push_back(fmt::format("{} is read as {}: {}; \"columns:\" can fix another type",
                                        column.name, type, column.note));
        } else if (column.fidelity == extract::Fidelity::Text) {
            notes.push_back(
                fmt::format("{} ({}) is read as text", column.name, column.source_type));
        }
    }
    return notes;
}

/// How a run would read the table, and what its reader should know.
Result<ScaffoldTable> survey(SourceSession& session, const TableListing& listed) {
    extract::Export wanted;
    wanted.name = listed_name(listed);
    wanted.table = listed.name;
    const extract::Relation relation = TRY(session.describe(wanted));
    const auto plan = TRY(extract::plan_chunks(session, relation, wanted));
    ScaffoldTable table{.table = listed.name, .export_name = {}, .notes = notes_on(relation, plan)};
    table.survey.rows = plan.rows_estimate ? plan.rows_estimate : relation.rows_estimate;
    if (table.survey.rows && relation.row_bytes_estimate) {
        table.survey.bytes =
            static_cast<std::uint64_t>(*table.survey.rows) * *relation.row_bytes_estimate;
    }
    const bool has_key = plan.key || !relation.keys.empty();
    if (has_key) table.survey.key = text_of(plan.key ? *plan.key : relation.keys.front());
    table.survey.kind = name_of(plan.kind);
    table.survey.chunks = std::ssize(plan.chunks);
    return table;
}

Result<std::vector<ScaffoldTable>> look_at(SourceSession& session, const InitOptions& options,
                                           const Context& context, const std::string& path) {
    const auto all = TRY(session.list_tables());
    std::vector<ScaffoldTable> tables;
    for (const TableListing& listed : TRY(chosen(all, options, path))) {
        if (!is_writable(listed_name(listed))) {
            context.warn(fmt::format("left out {}: no configuration can hold this name",
                                     listed_name(listed)));
            continue;
        }
        auto table = survey(session, listed);
        const bool would_fail_anyway = !table && (table.error().kind == ErrorClass::Config ||
                                                  table.error().kind == ErrorClass::Failed);
        if (!table && !would_fail_anyway) return std::unexpected(std::move(table).error());
        if (!table) {  // A view on a table that is gone, or a table that may not be read.
            context.warn(
                fmt::format("left out {}: {}", listed_name(listed), table.error().message));
            continue;
        }
        tables.push_back(*std::move(table));
    }
    if (tables.empty()) return fail(ErrorClass::Failed, path + " has no table that can be read");
    name_exports(tables);
    return tables;
}

/// The database as seen from the configuration's folder: relative when it lies below.
std::string path_from(const std::string& output, const std::string& database) {
    const std::string folder = absolute_path(output.empty() ? "." : parent_path(output));
    const std::string lead = folder == "/" ? folder : folder + "/";
    return database.starts_with(lead) ? database.substr(lead.size()) : database;
}

Status write_new_file(const std::string& path, const std::string& text) {
    if (TRY(file_info(path))) {
        return fail(ErrorClass::Failed, fmt::format("{} is there already", path),
                    "init never replaces a file: choose another name, or move that one away");
    }
    File file = TRY(File::create(path));
    Status written = file.write_all(std::as_bytes(std::span(text)));
    if (written) written = file.sync();
    if (!written) discard(remove_file(path), "the write error is the one to tell");
    if (!written) return written;
    return sync_directory(parent_path(path));
}

void say_next_steps(const Context& context, const InitOptions& options, std::size_t exports) {
    const std::string amount = counted(static_cast<std::int64_t>(exports), "export");
    const bool has_file = !options.output.empty();
    const std::string file = has_file ? options.output : "trueup.yaml";
    const std::string flag = file == "trueup.yaml" ? "" : " -c " + file;
    context.say(has_file ? fmt::format("wrote {} to {}. Next:", amount, file)
                         : fmt::format("{}. Save it as {}. Next:", amount, file));
    for (const char* step : {"doctor", "check", "run", "reconcile"}) {
        context.say(fmt::format("  trueup extract {}{}", step, flag));
    }
}

/// What was found, for those who do not read the configuration first.
void print_survey(const Context& context, const std::vector<ScaffoldTable>& tables) {
    term::Table table({{"Table"},
                       {"Rows, about", term::Align::Right, false},
                       {"Size, about", term::Align::Right, false},
                       {"Key"},
                       {"Chunks", term::Align::Right, false}});
    for (const ScaffoldTable& one : tables) {
        const ScaffoldTable::Survey& found = one.survey;
        table.add_row({{table_text(one.table)},
                       {found.rows ? grouped(*found.rows) : "?"},
                       {found.bytes ? human_bytes(*found.bytes) : "?"},
                       {found.key.empty() ? "none" : found.key},
                       {fmt::format("{}, {}", grouped(found.chunks), found.kind)}});
    }
    print_table(context, table);
}

json::Value to_json(const Scaffold& scaffold, const InitOptions& options, const std::string& text) {
    json::Value source = json::Value::object();
    for (const SourceKey& one : scaffold.source) source[one.key] = one.value;
    json::Value exports = json::Value::array();
    for (const ScaffoldTable& one : scaffold.tables) {
        exports.push_back(
            {{"name", one.export_name},
             {"table", table_text(one.table)},
             {"rows_estimate", one.survey.rows ? json::Value(*one.survey.rows) : json::Value()},
             {"bytes_estimate", one.survey.bytes ? json::Value(*one.survey.bytes) : json::Value()},
             {"key", one.survey.key},
             {"chunks", {{"kind", one.survey.kind}, {"count", one.survey.chunks}}},
             {"notes", one.notes}});
    }
    return {{"engine", name_of(scaffold.engine)},
            {"source", source},
            {"file", options.output.empty() ? json::Value() : json::Value(options.output)},
            {"exports", exports},
            {"config", text}};
}

/// The keys of `source:`. A secret is left where it is.
std::vector<SourceKey> source_keys(const extract::Source& source, const std::string& output) {
    if (!is_server(source.engine)) return {{"path", path_from(output, source.path)}};
    const extract::Server& server = source.server;
    std::vector<SourceKey> keys = {{"host", server.host},
                                   {"port", std::to_string(server.port), true},
                                   {"user", server.user},
                                   {"database", server.database}};
    if (!server.password.empty())
        keys.push_back({"password_env", password_variable(source.engine)});
    return keys;
}

std::vector<SourceKey> tls_keys(const extract::Source& source) {
    const extract::Server& server = source.server;
    std::vector<SourceKey> keys;
    if (!is_server(source.engine)) return keys;
    const auto mode = server.tls.value_or(extract::default_tls(server.host));
    if (mode != extract::default_tls(server.host))
        keys.push_back({"mode", std::string(name_of(mode))});
    if (!server.ca_file.empty()) keys.push_back({"ca_file", server.ca_file});
    return keys;
}

/// As `run` would read it, with the password in its variable.
Status read_back(const std::string& text, const std::string& name, const extract::Source& source) {
    extract::Surroundings around = extract::real_surroundings();
    around.environment = [&source, real = around.environment](const std::string& variable) {
        const bool is_ours =
            variable == password_variable(source.engine) && !source.server.password.empty();
        return is_ours ? std::optional(source.server.password) : real(variable);
    };
    const auto config = extract::parse_config(text, name, {}, around);
    if (!config) return in_context(config.error(), "what init wrote");
    return {};
}

Result<core::Verdict> run_init(const InitOptions& options, Context& context) {
    const extract::Source source = TRY(source_of(options.source));
    const auto database = TRY(extract::open_database(source));
    const auto sessions = TRY(database->open_sessions(1, extract::Consistency::Snapshot));
    Scaffold scaffold{.engine = source.engine,
                      .source = source_keys(source, options.output),
                      .tls = tls_keys(source),
                      .tables = {}};
    const bool is_file = !is_server(source.engine);
    scaffold.tables = TRY(look_at(*sessions.front(), options, context,
                                  is_file ? options.source : database->identity().database));
    for (const auto& [key, value, is_number] : scaffold.source) {
        if (is_writable(value)) continue;
        return fail(ErrorClass::Failed,
                    fmt::format("no configuration can hold the {} {}", key, value));
    }
    const std::string text = scaffold_yaml(scaffold);
    // What we hand out is read first, as `run` would read it.
    const std::string name = options.output.empty() ? "trueup.yaml" : options.output;
    TRY(read_back(text, name, source));
    if (!options.output.empty()) TRY(write_new_file(options.output, text));
    if (context.is_json()) {
        print_json(context, to_json(scaffold, options, text));
    } else if (options.output.empty()) {
        context.out().write(text);
    } else {
        print_survey(context, scaffold.tables);
    }
    say_next_steps(context, options, scaffold.tables.size());
    return core::Verdict::Clean;
}

}  // namespace

Command extract_init_command() {
    return command<InitOptions>({"extract", "init", "Write a first configuration from a database"},
                                Needs::Nothing, init_flags, run_init);
}

}  // namespace trueup::app
