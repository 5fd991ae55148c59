#include "extract/manifest/manifest.h"

#include <fmt/format.h>

#include "extract/manifest/manifest_check.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kSchema = "trueup.manifest/1";

// Writing.

json::Value source_to_json(const SourceIdentity& source) {
    json::Value value = json::Value::object();
    value["engine"] = source.engine;
    value["server_version"] = source.server_version;
    value["database"] = source.database;
    value["relation"] = source.relation;
    value["query"] = source.query;
    value["snapshot_id"] = source.snapshot_id;
    value["consistency"] = source.consistency;
    return value;
}

json::Value columns_to_json(const std::vector<ManifestColumn>& columns) {
    json::Value list = json::Value::array();
    for (const ManifestColumn& column : columns) {
        json::Value value = json::Value::object();
        value["name"] = column.name;
        value["source_type"] = column.source_type;
        value["type"] = column.type;
        value["nullable"] = column.is_nullable;
        value["fidelity"] = column.fidelity;
        list.push_back(std::move(value));
    }
    return list;
}

json::Value format_to_json(const ManifestFormat& format) {
    json::Value options = json::Value::object();
    for (const auto& [name, text] : format.options) options[name] = text;
    json::Value value = json::Value::object();
    value["kind"] = format.kind;
    value["options"] = std::move(options);
    return value;
}

json::Value row_hash_to_json(const RowHashContract& contract) {
    json::Value value = json::Value::object();
    value["column"] = contract.column;
    value["covered"] = contract.covered;
    value["render"] = contract.render;
    return value;
}

json::Value totals_to_json(const ManifestTotals& totals) {
    json::Value value = json::Value::object();
    value["rows"] = totals.rows;
    value["bytes"] = totals.bytes;
    value["parts"] = totals.parts;
    return value;
}

json::Value digests_to_json(const std::vector<ColumnDigest>& digests) {
    json::Value list = json::Value::array();
    for (const ColumnDigest& digest : digests) {
        json::Value value = json::Value::object();
        value["column"] = digest.column;
        value["digest"] = digest.digest;
        value["nulls"] = digest.nulls;
        list.push_back(std::move(value));
    }
    return list;
}

/// Bounds are JSON already; a text that is not becomes a string, which check_manifest() refuses.
json::Value bounds_to_json(const std::string& text) {
    auto parsed = json::parse(text, "bounds");
    return parsed ? *std::move(parsed) : json::Value(text);
}

json::Value part_to_json(const ManifestPart& part) {
    json::Value chunk = json::Value::object();
    chunk["id"] = part.chunk_id;
    chunk["kind"] = part.chunk_kind;
    chunk["bounds"] = bounds_to_json(part.bounds_json);
    json::Value value = json::Value::object();
    value["path"] = part.path;
    value["chunk"] = std::move(chunk);
    value["rows"] = part.rows;
    value["bytes"] = part.bytes;
    value["sha256"] = part.sha256;
    value["column_digests"] = digests_to_json(part.column_digests);
    value["row_digest"] = part.row_digest;
    value["value_errors"] = part.value_errors;
    value["generation"] = part.generation;
    value["status"] = part.is_committed ? "committed" : "superseded";
    if (!part.is_committed) value["replaced_by"] = part.replaced_by;
    return value;
}

// Reading. Every reader takes `what`, the place in the document that its errors begin with.

Result<std::vector<std::string>> texts_at(const json::Value& object, std::string_view key,
                                          std::string_view what) {
    const json::Value* list = TRY(json::array_at(object, key, what));
    std::vector<std::string> texts;
    for (const json::Value& item : *list) {
        if (!item.is_string()) {
            return fail(ErrorClass::Integrity,
                        fmt::format("{}: \"{}\" must hold strings only", what, key));
        }
        texts.push_back(item.get<std::string>());
    }
    return texts;
}

Result<SourceIdentity> read_source(const json::Value& document, std::string_view what) {
    const json::Value* source = TRY(json::object_at(document, "source", what));
    const std::string where = fmt::format("{}: source", what);
    SourceIdentity read;
    read.engine = TRY(json::string_at(*source, "engine", where));
    read.server_version = TRY(json::string_at(*source, "server_version", where));
    read.database = TRY(json::string_at(*source, "database", where));
    read.relation = TRY(json::string_at(*source, "relation", where));
    read.query = TRY(json::string_at(*source, "query", where));
    read.snapshot_id = TRY(json::string_at(*source, "snapshot_id", where));
    read.consistency = TRY(json::string_at(*source, "consistency", where));
    return read;
}

Result<std::vector<ManifestColumn>> read_columns(const json::Value& document,
                                                 std::string_view what) {
    const json::Value* list = TRY(json::array_at(document, "columns", what));
    std::vector<ManifestColumn> columns;
    for (const json::Value& item : *list) {
        const std::string where = fmt::format("{}: column {}", what, columns.size() + 1);
        ManifestColumn column;
        column.name = TRY(json::string_at(item, "name", where));
        column.source_type = TRY(json::string_at(item, "source_type", where));
        column.type = TRY(json::string_at(item, "type", where));
        column.is_nullable = TRY(json::bool_at(item, "nullable", where));
        column.fidelity = TRY(json::string_at(item, "fidelity", where));
        columns.push_back(std::move(column));
    }
    return columns;
}

Result<ManifestFormat> read_format(const json::Value& document, std::string_view what) {
    const json::Value* format = TRY(json::object_at(document, "format", what));
    const std::string where = fmt::format("{}: format", what);
    ManifestFormat read;
    read.kind = TRY(json::string_at(*format, "kind", where));
    const json::Value* options = TRY(json::object_at(*format, "options", where));
    for (const auto& option : options->items()) {
        auto text = TRY(json::string_at(*options, option.key(), where));
        read.options.emplace_back(option.key(), std::move(text));
    }
    return read;
}

Result<std::optional<RowHashContract>> read_row_hash(const json::Value& document,
                                                     std::string_view what) {
    std::optional<RowHashContract> read;
    if (json::find(document, "row_hash") == nullptr) return read;
    const json::Value* contract = TRY(json::object_at(document, "row_hash", what));
    const std::string where = fmt::format("{}: row_hash", what);
    read.emplace();
    read->column = TRY(json::string_at(*contract, "column", where));
    read->covered = TRY(texts_at(*contract, "covered", where));
    read->render = TRY(json::string_at(*contract, "render", where));
    return read;
}

Result<std::vector<ColumnDigest>> read_digests(const json::Value& part, std::string_view what) {
    const json::Value* list = TRY(json::array_at(part, "column_digests", what));
    std::vector<ColumnDigest> digests;
    for (const json::Value& item : *list) {
        const std::string where = fmt::format("{}: column digest {}", what, digests.size() + 1);
        ColumnDigest digest;
        digest.column = TRY(json::string_at(item, "column", where));
        digest.digest = TRY(json::string_at(item, "digest", where));
        digest.nulls = TRY(json::int64_at(item, "nulls", where));
        digests.push_back(std::move(digest));
    }
    return digests;
}

Status read_chunk(const json::Value& value, std::string_view what, ManifestPart& part) {
    const json::Value* chunk = TRY(json::object_at(value, "chunk", what));
    const std::string where = fmt::format("{}: chunk", what);
    part.chunk_id = TRY(json::int64_at(*chunk, "id", where));
    part.chunk_kind = TRY(json::string_at(*chunk, "kind", where));
    const auto bounds =
        chunk->find("bounds");  // May be null, which json::find() takes for missing.
    if (bounds == chunk->end()) {
        return fail(ErrorClass::Integrity, fmt::format("{}: \"bounds\" is missing", where));
    }
    part.bounds_json = json::write(*bounds);
    return {};
}

Status read_status(const json::Value& value, std::string_view what, ManifestPart& part) {
    const std::string status = TRY(json::string_at(value, "status", what));
    if (status != "committed" && status != "superseded") {
        return fail(ErrorClass::Integrity, fmt::format("{}: unknown status \"{}\"", what, status));
    }
    part.is_committed = status == "committed";
    if (json::find(value, "replaced_by") == nullptr) return {};
    part.replaced_by = TRY(texts_at(value, "replaced_by", what));
    return {};
}

Result<ManifestPart> read_part(const json::Value& value, std::string_view what) {
    ManifestPart part;
    part.path = TRY(json::string_at(value, "path", what));
    TRY(read_chunk(value, what, part));
    part.rows = TRY(json::int64_at(value, "rows", what));
    part.bytes = TRY(json::int64_at(value, "bytes", what));
    part.sha256 = TRY(json::string_at(value, "sha256", what));
    part.column_digests = TRY(read_digests(value, what));
    part.row_digest = TRY(json::string_at(value, "row_digest", what));
    part.value_errors = TRY(json::int64_at(value, "value_errors", what));
    part.generation = TRY(json::int64_at(value, "generation", what));
    TRY(read_status(value, what, part));
    return part;
}

Result<std::vector<ManifestPart>> read_parts(const json::Value& document, std::string_view what) {
    const json::Value* list = TRY(json::array_at(document, "parts", what));
    std::vector<ManifestPart> parts;
    for (const json::Value& item : *list) {
        const std::string where = fmt::format("{}: part {}", what, parts.size() + 1);
        parts.push_back(TRY(read_part(item, where)));
    }
    return parts;
}

Result<ManifestTotals> read_totals(const json::Value& document, std::string_view what) {
    const json::Value* totals = TRY(json::object_at(document, "totals", what));
    const std::string where = fmt::format("{}: totals", what);
    ManifestTotals read;
    read.rows = TRY(json::int64_at(*totals, "rows", where));
    read.bytes = TRY(json::int64_at(*totals, "bytes", where));
    read.parts = TRY(json::int64_at(*totals, "parts", where));
    return read;
}

Result<Manifest> read_document(const json::Value& document, std::string_view what) {
    const std::string schema = TRY(json::string_at(document, "schema", what));
    if (schema != kSchema) {
        return fail(
            ErrorClass::Integrity,
            fmt::format("{} is of the kind \"{}\"; this trueup reads {}", what, schema, kSchema));
    }
    Manifest manifest;
    manifest.export_name = TRY(json::string_at(document, "export", what));
    manifest.run_id = TRY(json::string_at(document, "run_id", what));
    manifest.generation = TRY(json::int64_at(document, "generation", what));
    manifest.written_at = TRY(json::string_at(document, "written_at", what));
    manifest.writer = TRY(json::string_at(document, "writer", what));
    manifest.plan_hash = TRY(json::string_at(document, "plan_hash", what));
    manifest.source = TRY(read_source(document, what));
    manifest.columns = TRY(read_columns(document, what));
    manifest.format = TRY(read_format(document, what));
    manifest.row_hash = TRY(read_row_hash(document, what));
    manifest.chunk_keys = TRY(texts_at(document, "chunk_keys", what));
    manifest.parts = TRY(read_parts(document, what));
    TRY(check_manifest(manifest, what));
    if (TRY(read_totals(document, what)) != manifest.totals()) {
        return fail(ErrorClass::Integrity,
                    fmt::format("{}: the totals are not the sums of the committed parts", what));
    }
    return manifest;
}

}  // namespace

ManifestTotals Manifest::totals() const {
    ManifestTotals totals;
    for (const ManifestPart& part : parts) {
        if (!part.is_committed) continue;
        totals.rows += part.rows;
        totals.bytes += part.bytes;
        totals.parts += 1;
    }
    return totals;
}

std::string to_json(const Manifest& manifest) {
    json::Value document = json::Value::object();
    document["schema"] = kSchema;
    document["export"] = manifest.export_name;
    document["run_id"] = manifest.run_id;
    document["generation"] = manifest.generation;
    document["written_at"] = manifest.written_at;
    document["writer"] = manifest.writer;
    document["plan_hash"] = manifest.plan_hash;
    document["source"] = source_to_json(manifest.source);
    document["columns"] = columns_to_json(manifest.columns);
    document["format"] = format_to_json(manifest.format);
    if (manifest.row_hash) document["row_hash"] = row_hash_to_json(*manifest.row_hash);
    document["chunk_keys"] = manifest.chunk_keys;
    document["totals"] = totals_to_json(manifest.totals());
    json::Value parts = json::Value::array();
    for (const ManifestPart& part : manifest.parts) parts.push_back(part_to_json(part));
    document["parts"] = std::move(parts);
    return json::write(document, 1) + '\n';
}

Result<Manifest> parse_manifest(std::string_view text, std::string_view what) {
    if (text.size() > kManifestBytesMax) {
        return fail(ErrorClass::Integrity, fmt::format("{} has {} bytes; a manifest has at most {}",
                                                       what, text.size(), kManifestBytesMax));
    }
    const auto as_integrity = [](Error error) {
        error.kind = ErrorClass::Integrity;
        return std::unexpected(std::move(error));
    };
    const auto document = json::parse(text, what);
    if (!document) return as_integrity(document.error());
    auto manifest = read_document(*document, what);
    if (!manifest) return as_integrity(std::move(manifest).error());
    return manifest;
}

}  // namespace trueup::extract
