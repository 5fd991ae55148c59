#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>

#include "app/commands.h"
#include "app/extract_job.h"
#include "app/extract_view.h"
#include "base/text.h"
#include "columnar/type.h"
#include "extract/ledger/ledger.h"
#include "extract/plan/plan.h"
#include "extract/plan/rating.h"
#include "extract/run/quality.h"
#include "extract/source/source.h"

namespace trueup::app {
namespace {

using extract::ChunkPlan;
using extract::Fidelity;
using extract::Grade;
using extract::Rating;
using extract::Relation;
using extract::SourceColumn;

struct CheckOptions : ConfigOptions {
    bool is_strict = false;
    bool has_chunks = false;
};

void check_flags(CLI::App& app, CheckOptions& options) {
    app.add_flag("--strict", options.is_strict,
                 "Fail when a column would not reach its part exactly");
    app.add_flag("--chunks", options.has_chunks, "List the bounds of every chunk");
}

/// What a run of one export would do.
struct Preview {
    std::string export_name;
    std::string source;  // "sqlite /data/shop.db"
    Relation relation;
    extract::AddedColumns added;
    ChunkPlan plan;
    Rating rating;
    std::optional<extract::MetricRecord> last_run;  // The last one that is finished.
};

/// Nothing without a ledger, or without a finished run of the export that read rows.
Result<std::optional<extract::MetricRecord>> last_run_of(const extract::JobContext& job) {
    const auto ledger =
        TRY(extract::Ledger::open_read_only(extract::ledger_path(job.config->file)));
    if (!ledger) return std::optional<extract::MetricRecord>();
    for (auto& metric : TRY(ledger->metrics({.export_name = job.wanted->name, .limit = 10}))) {
        if (metric.rows > 0 && metric.elapsed_us > 0) return std::optional(std::move(metric));
    }
    return std::optional<extract::MetricRecord>();
}

Result<Preview> inspect(const extract::JobContext& job) {
    Preview preview;
    preview.export_name = job.wanted->name;
    job.progress->begin_phase({.name = "checking " + job.wanted->name});
    const auto database =
        TRY(extract::open_database(job.config->source, limits_of(job.wanted->tuning)));
    const extract::DatabaseIdentity& identity = database->identity();
    preview.source = fmt::format("{} {}", identity.engine, identity.database);
    const auto sessions = TRY(database->open_sessions(1, job.config->source.consistency));
    preview.relation = TRY(sessions.front()->describe(*job.wanted));
    preview.added = TRY(extract::added_columns(*job.wanted, preview.relation));
    TRY(extract::check_rules(job.wanted->quality, preview.relation, preview.added));
    preview.plan = TRY(extract::plan_chunks(*sessions.front(), preview.relation, *job.wanted));
    if (!preview.relation.no_snapshot.empty()) {
        preview.plan.warnings.push_back(preview.relation.no_snapshot);
    }
    preview.rating = extract::rate(preview.relation, preview.plan, *job.wanted);
    preview.last_run = TRY(last_run_of(job));
    return preview;
}

/// Those that parts will have.
std::vector<SourceColumn> columns_of(const Preview& preview) {
    std::vector<SourceColumn> columns = preview.relation.columns;
    std::ranges::move(described(preview.added), std::back_inserter(columns));
    return columns;
}

std::optional<std::int64_t> rows_of(const Preview& preview) {
    return preview.plan.rows_estimate ? preview.plan.rows_estimate : preview.relation.rows_estimate;
}

std::optional<std::int64_t> bytes_of(const Preview& preview) {
    const auto rows = rows_of(preview);
    if (!rows || !preview.relation.row_bytes_estimate) return std::nullopt;
    return *rows * static_cast<std::int64_t>(*preview.relation.row_bytes_estimate);
}

/// As fast as the last run read its rows.
std::optional<double> seconds_of(const Preview& preview) {
    const auto rows = rows_of(preview);
    if (!rows || !preview.last_run) return std::nullopt;
    const extract::MetricRecord& run = *preview.last_run;
    return static_cast<double>(*rows) / static_cast<double>(run.rows) *
           static_cast<double>(run.elapsed_us) / 1e6;
}

json::Value rating_json(const Rating& rating) {
    json::Value reasons = json::Value::array();
    for (const extract::Reason& reason : rating.reasons) {
        reasons.push_back(
            {{"grade", name_of(reason.grade)}, {"reason", reason.sentence}, {"hint", reason.hint}});
    }
    return {{"grade", name_of(rating.grade)}, {"reasons", reasons}};
}

json::Value key_json(const ChunkPlan& plan) {
    if (!plan.key) return {};
    return {{"columns", plan.key->columns},
            {"primary", plan.key->is_primary},
            {"unique", plan.key->is_unique},
            {"physical", plan.key->is_physical},
            {"indexed", plan.key->is_ordered}};
}

json::Value to_json(const Preview& preview, const CheckOptions& options) {
    const auto number = [](const std::optional<std::int64_t>& value) {
        return value ? json::Value(*value) : json::Value();
    };
    json::Value columns = json::Value::array();
    for (const SourceColumn& column : columns_of(preview)) {
        columns.push_back({{"name", column.name},
                           {"source_type", column.source_type},
                           {"type", columnar::name_of(column.type)},
                           {"nullable", column.is_nullable},
                           {"fidelity", name_of(column.fidelity)},
                           {"note", column.note}});
    }
    const ChunkPlan& plan = preview.plan;
    json::Value chunks = {{"kind", name_of(plan.kind)},      {"count", plan.chunks.size()},
                          {"cut_by", name_of(plan.cut_by)},  {"key", key_json(plan)},
                          {"rows_target", plan.rows_target}, {"reason", plan.reason}};
    if (options.has_chunks) {
        json::Value bounds = json::Value::array();
        for (const extract::PlannedChunk& chunk : plan.chunks) {
            bounds.push_back({{"bounds", extract::to_json(chunk.bounds)},
                              {"rows_estimate", number(chunk.rows_estimate)}});
        }
        chunks["bounds"] = bounds;
    }
    const auto seconds = seconds_of(preview);
    return {{"export", preview.export_name},
            {"rating", rating_json(preview.rating)},
            {"seconds_estimate", seconds ? json::Value(*seconds) : json::Value()},
            {"source", preview.source},
            {"relation", preview.relation.name},
            {"rows_estimate", number(rows_of(preview))},
            {"bytes_estimate", number(bytes_of(preview))},
            {"columns", columns},
            {"chunks", chunks},
            {"warnings", plan.warnings}};
}

term::Style style_of(Fidelity fidelity) {
    switch (fidelity) {
        case Fidelity::Exact: return term::Style::Good;
        case Fidelity::Compatible: return term::Style::Plain;
        case Fidelity::Text: return term::Style::Warning;
    }
    std::unreachable();
}

void print_columns(const Context& context, const Preview& preview) {
    term::Table table(
        {{"Column"}, {"Source type"}, {"Part type"}, {"NULL"}, {"Fidelity"}, {"Note"}});
    for (const SourceColumn& column : columns_of(preview)) {
        table.add_row({{column.name},
                       {column.source_type},
                       {columnar::name_of(column.type)},
                       {column.is_nullable ? "yes" : "no"},
                       {std::string(name_of(column.fidelity)), style_of(column.fidelity)},
                       {column.note, term::Style::Faint}});
    }
    print_table(context, table);
}

std::string size_text(const Preview& preview) {
    const auto rows = rows_of(preview);
    const auto bytes = bytes_of(preview);
    if (!rows) return "size     not known without reading it";
    const std::string amount =
        bytes ? ", about " + human_bytes(static_cast<std::uint64_t>(*bytes)) : "";
    return fmt::format("size     about {}{}", counted(*rows, "row"), amount);
}

std::string key_text(const ChunkPlan& plan) {
    if (!plan.key) return "key      none: it is read in one go";
    const extract::ChunkKey& key = *plan.key;
    const std::string_view kind = key.is_physical  ? "where rows are stored"
                                  : key.is_primary ? "primary key"
                                  : key.is_unique  ? "unique"
                                                   : "not unique";
    const std::string_view order =
        key.is_ordered ? "read in its order" : "no index yields its order: each chunk is a scan";
    return fmt::format("key      {}, {}, {}", text_of(key), kind, order);
}

term::Style style_of(Grade grade) {
    switch (grade) {
        case Grade::Efficient:
        case Grade::Acceptable: return term::Style::Good;
        case Grade::Degraded: return term::Style::Warning;
        case Grade::Unsafe: return term::Style::Bad;
    }
    std::unreachable();
}

void print_rating(const Context& context, const Rating& rating) {
    std::string lead =
        context.out_styles()(style_of(rating.grade), upper_ascii(name_of(rating.grade))) + ": ";
    for (const extract::Reason& reason : rating.reasons) {
        context.out().write(fmt::format("  {:<9}{}{}\n", lead.empty() ? "" : "rating", lead,
                                        printable(reason.sentence)));
        lead.clear();
        if (!reason.hint.empty()) print_line(context, fmt::format("{:<9}{}", "", reason.hint));
    }
}

std::string time_text(const Preview& preview) {
    const auto seconds = seconds_of(preview);
    if (!seconds) return "time     not known before a first run";
    return fmt::format("time     about {}, as fast as {}", human_seconds(*seconds),
                       preview.last_run->run_id);
}

void print_plan(const Context& context, const Preview& preview, bool has_chunks) {
    const ChunkPlan& plan = preview.plan;
    context.out().write("\n");
    print_line(context, size_text(preview));
    print_line(context, key_text(plan));
    print_line(context, fmt::format("chunks   {}, {}: {}", grouped(std::ssize(plan.chunks)),
                                    name_of(plan.kind), plan.reason));
    print_line(context, time_text(preview));
    print_rating(context, preview.rating);
    if (!has_chunks) return;
    term::Table table({{"Chunk", term::Align::Right, false},
                       {"Bounds"},
                       {"Rows, about", term::Align::Right, false}});
    std::int64_t number = 0;
    for (const extract::PlannedChunk& chunk : plan.chunks) {
        table.add_row({{fmt::format("{}", ++number)},
                       {extract::text_of(chunk.bounds)},
                       {chunk.rows_estimate ? grouped(*chunk.rows_estimate) : "?"}});
    }
    print_table(context, table);
}

/// Failed when a column would lose something on its way.
Status refuse_below_exact(const Preview& preview) {
    std::vector<std::string> below;
    for (const SourceColumn& column : preview.relation.columns) {
        if (column.fidelity == Fidelity::Exact) continue;
        below.push_back(fmt::format("{} ({} as {}: {})", column.name, column.source_type,
                                    columnar::name_of(column.type), name_of(column.fidelity)));
    }
    if (below.empty()) return {};
    return fail(
        ErrorClass::Failed,
        fmt::format("{} of {} {} below exact: {}", counted(std::ssize(below), "column"),
                    preview.export_name, below.size() == 1 ? "is" : "are", fmt::join(below, ", ")),
        "leave --strict away if that is good enough; \"columns:\" chooses another type");
}

Result<core::Verdict> run_check(const CheckOptions& options, Context& context) {
    json::Value answers = json::Value::array();
    bool is_first = true;
    const auto work = [&](const extract::JobContext& job) -> Result<core::Verdict> {
        const Preview preview = TRY(inspect(job));
        for (const std::string& warning : preview.plan.warnings) context.warn(warning);
        answers.push_back(to_json(preview, options));
        if (!context.is_json()) {
            if (!is_first) context.out().write("\n");
            is_first = false;
            print_heading(context, preview.export_name);
            print_line(context, fmt::format("{} of {}", preview.relation.name, preview.source));
            print_columns(context, preview);
            print_plan(context, preview, options.has_chunks);
        }
        if (options.is_strict) TRY(refuse_below_exact(preview));
        return core::Verdict::Clean;
    };
    auto verdict = for_each_export(options, context, work);
    if (context.is_json() && !answers.empty()) print_json(context, {{"exports", answers}});
    return verdict;
}

}  // namespace

Command extract_check_command() {
    return command<CheckOptions>(
        {"extract", "check", "Show what a run would read, and how; changes nothing"}, Needs::Config,
        check_flags, run_check);
}

}  // namespace trueup::app
