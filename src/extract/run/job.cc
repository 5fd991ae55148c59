#include "extract/run/job.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

/// Raised when the meaning of a plan changes, so that an older run is not resumed under it.
constexpr int kPlanVersion = 1;

/// The row group that a part gets: rows, and bytes of memory.
void set_row_group(const RowGroups& groups, columnar::PartFormat& format) {
    constexpr std::int64_t kRowsMax = 10'000'000;
    switch (groups.by) {
        case RowGroupBy::Default:
        case RowGroupBy::Auto: break;
        case RowGroupBy::FixedRows: format.row_group_rows = groups.rows; break;
        case RowGroupBy::FixedMemory: format.row_group_rows = kRowsMax; break;
    }
    format.row_group_bytes = groups.target_bytes;
    if (groups.bytes_max != 0 &&
        (groups.target_bytes == 0 || groups.bytes_max < groups.target_bytes)) {
        format.row_group_bytes = groups.bytes_max;
    }
}

json::Value chunking_json(const Chunking& chunking) {
    return {{"mode", static_cast<int>(chunking.mode)},
            {"by", name_of(chunking.by)},
            {"columns", chunking.columns},
            {"rows", chunking.rows},
            {"bytes", chunking.bytes},
            {"count", chunking.count},
            {"days", chunking.days}};
}

json::Value meta_json(const MetaColumns& meta) {
    json::Value hashed = meta.has_row_hash;
    if (!meta.hashed.empty()) hashed = meta.hashed;
    return {{"exported_at", meta.has_exported_at}, {"row_hash", hashed}};
}

json::Value format_json(const ManifestFormat& format) {
    json::Value options = json::Value::object();
    for (const auto& [name, value] : format.options) options[name] = value;
    return {{"kind", format.kind}, {"options", options}};
}

void collect_differences(const std::string& path, const json::Value& left, const json::Value& right,
                         std::vector<std::string>& found) {
    if (left == right) return;
    if (!left.is_object() || !right.is_object()) {
        found.push_back(path);
        return;
    }
    std::set<std::string> keys;
    for (const auto& [key, value] : left.items()) keys.insert(key);
    for (const auto& [key, value] : right.items()) keys.insert(key);
    for (const std::string& key : keys) {
        const json::Value* a = json::find(left, key);
        const json::Value* b = json::find(right, key);
        const json::Value nothing;
        const std::string below = path.empty() ? key : fmt::format("{}.{}", path, key);
        collect_differences(below, a == nullptr ? nothing : *a, b == nullptr ? nothing : *b, found);
    }
}

}  // namespace

columnar::PartFormat part_format(const Export& wanted) {
    const Output& output = wanted.output;
    columnar::PartFormat format;
    format.format =
        output.format == Format::Parquet ? columnar::Format::Parquet : columnar::Format::Csv;
    format.compression = std::string(name_of(output.compression));
    if (output.compression == Compression::Zstd || output.compression == Compression::Gzip) {
        format.level = output.compression_level;
    }
    set_row_group(output.row_groups, format);
    format.csv = {.delimiter = output.csv.delimiter,
                  .quote = output.csv.quote,
                  .null_text = output.csv.null_text,
                  .has_header = output.csv.has_header};
    return format;
}

ManifestFormat manifest_format(const columnar::PartFormat& format) {
    const bool is_parquet = format.format == columnar::Format::Parquet;
    ManifestFormat described{is_parquet ? "parquet" : "csv", {{"compression", format.compression}}};
    if (format.level) described.options.emplace_back("level", fmt::format("{}", *format.level));
    if (is_parquet) {
        described.options.emplace_back("row_group_rows", fmt::format("{}", format.row_group_rows));
        if (format.row_group_bytes != 0) {
            described.options.emplace_back("row_group_bytes",
                                           fmt::format("{}", format.row_group_bytes));
        }
        return described;
    }
    described.options.emplace_back("delimiter", std::string(1, format.csv.delimiter));
    described.options.emplace_back("quote", std::string(1, format.csv.quote));
    described.options.emplace_back("null", format.csv.null_text);
    described.options.emplace_back("header", format.csv.has_header ? "true" : "false");
    return described;
}

Result<columnar::PartFormat> parse_format(const ManifestFormat& format, std::string_view what) {
    const auto refuse = [&](std::string_view option) {
        return fail(ErrorClass::Integrity,
                    fmt::format("{}: format.{} is not one that parts have", what, option));
    };
    columnar::PartFormat parsed;
    if (format.kind != "parquet" && format.kind != "csv") return refuse("kind");
    parsed.format = format.kind == "parquet" ? columnar::Format::Parquet : columnar::Format::Csv;
    constexpr std::string_view kCodecs[] = {"zstd", "snappy", "gzip", "lz4", "none"};
    for (const auto& [name, value] : format.options) {
        const auto number = parse_int64(value);
        const bool is_character = value.size() == 1;
        if (name == "compression") {
            if (std::ranges::find(kCodecs, value) == std::end(kCodecs)) return refuse(name);
            parsed.compression = value;
        } else if (name == "level") {
            if (!number || *number < 0 || *number > 22) return refuse(name);
            parsed.level = static_cast<int>(*number);
        } else if (name == "row_group_rows") {
            if (!number || *number < 1) return refuse(name);
            parsed.row_group_rows = *number;
        } else if (name == "row_group_bytes") {
            if (!number || *number < 1) return refuse(name);
            parsed.row_group_bytes = static_cast<std::uint64_t>(*number);
        } else if (name == "delimiter" || name == "quote") {
            if (!is_character) return refuse(name);
            (name == "quote" ? parsed.csv.quote : parsed.csv.delimiter) = value.front();
        } else if (name == "null") {
            parsed.csv.null_text = value;
        } else if (name == "header") {
            parsed.csv.has_header = value == "true";
        }
    }
    return parsed;
}

std::vector<ManifestColumn> manifest_columns(const Relation& relation, const AddedColumns& added) {
    std::vector<ManifestColumn> columns;
    const auto add = [&columns](const SourceColumn& column) {
        columns.push_back({column.name, column.source_type, columnar::name_of(column.type),
                           column.is_nullable, std::string(name_of(column.fidelity))});
    };
    std::ranges::for_each(relation.columns, add);
    std::ranges::for_each(described(added), add);
    return columns;
}

Result<std::vector<columnar::NamedType>> part_columns(const Manifest& manifest) {
    std::vector<columnar::NamedType> columns;
    for (const ManifestColumn& column : manifest.columns) {
        const auto type = columnar::parse_type(column.type);
        if (!type) {
            return fail(ErrorClass::Integrity,
                        fmt::format("the manifest of {}: column {} has the type {}, which parts do "
                                    "not have",
                                    manifest.export_name, column.name, column.type));
        }
        columns.push_back({column.name, *type});
    }
    return columns;
}

PlanDocument plan_document(const JobContext& job, const DatabaseIdentity& database,
                           const Relation& relation) {
    const Export& wanted = *job.wanted;
    json::Value columns = json::Value::array();
    for (const SourceColumn& column : relation.columns) {
        columns.push_back({{"name", column.name},
                           {"type", columnar::name_of(column.type)},
                           {"on_value_error", name_of(column.on_value_error)}});
    }
    json::Value document = {
        {"version", kPlanVersion},
        {"export", wanted.name},
        {"source", {{"engine", database.engine}, {"database", database.database}}},
        {"table", wanted.table ? json::Value(relation.name) : json::Value()},
        {"query", wanted.query ? json::Value(*wanted.query) : json::Value()},
        {"columns", columns},
        {"chunks", chunking_json(wanted.chunking)},
        {"destination", wanted.destination.path},
        {"format", format_json(manifest_format(part_format(wanted)))},
        {"max_file_size", wanted.output.file_bytes_max},
        {"skip_empty", wanted.output.skips_empty}};
    // Only where there are some: plans of runs without keep their hash.
    const MetaColumns& meta = wanted.meta_columns;
    if (meta.has_exported_at || meta.has_row_hash) document["meta_columns"] = meta_json(meta);
    std::string text = json::write(document);
    std::string hash = sha256_hex(text);
    return {std::move(text), std::move(hash)};
}

std::string plan_difference(const std::string& old_json, const std::string& new_json) {
    const auto before = json::parse(old_json, "the recorded plan");
    const auto now = json::parse(new_json, "the plan");
    if (!before || !now) return "the plan";
    std::vector<std::string> found;
    collect_differences("", *before, *now, found);
    return fmt::format("{}", fmt::join(found, ", "));
}

std::string run_id_stem(const Export& wanted) {
    std::string stem = wanted.name;
    for (char& c : stem) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!is_plain) c = '_';
    }
    return stem;
}

std::string prefix_of(const Export& wanted, const std::string& run_id, UnixMicros now) {
    const PathTokens tokens{wanted.name, rfc3339(now).substr(0, 10), run_id};
    return absolute_path(expand_path(wanted.destination.path, tokens));
}

}  // namespace trueup::extract
