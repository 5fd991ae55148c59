#include "extract/manifest/manifest_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "extract/manifest/manifest.h"
#include "extract/manifest/manifest_store.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

constexpr std::size_t kPathBytesMax = 4096;
constexpr std::size_t kRunIdBytesMax = 200;
constexpr std::string_view kQuarantineFolder = "_quarantine";

bool is_control(char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}

std::unexpected<Error> refuse(std::string_view what, std::string_view why) {
    return fail(ErrorClass::Integrity, fmt::format("{}: {}", what, why));
}

Status check_columns(const Manifest& manifest, std::string_view what) {
    if (manifest.columns.empty()) return refuse(what, "there are no columns");
    std::set<std::string_view> names;
    for (const ManifestColumn& column : manifest.columns) {
        if (column.name.empty() || column.type.empty()) {
            return refuse(what, "a column has no name or no type");
        }
        if (!names.insert(column.name).second) {
            return refuse(
                what, fmt::format("the column \"{}\" stands there twice", printable(column.name)));
        }
    }
    return {};
}

bool has_column(const Manifest& manifest, std::string_view name) {
    return std::ranges::find(manifest.columns, name, &ManifestColumn::name) !=
           manifest.columns.end();
}

/// A row hash that stands there is computed from columns that do.
Status check_row_hash(const Manifest& manifest, std::string_view what) {
    if (!manifest.row_hash) return {};
    const RowHashContract& contract = *manifest.row_hash;
    if (!has_column(manifest, contract.column)) {
        return refuse(what, fmt::format("there is no column \"{}\" for the row hash",
                                        printable(contract.column)));
    }
    if (contract.covered.empty() || contract.render.empty()) {
        return refuse(what, "the row hash does not say what it covers, or how");
    }
    std::set<std::string_view> covered;
    for (const std::string& name : contract.covered) {
        const bool is_other = name != contract.column && has_column(manifest, name);
        if (is_other && covered.insert(name).second) continue;
        return refuse(what,
                      fmt::format("the row hash cannot cover the column \"{}\"", printable(name)));
    }
    return {};
}

/// One digest for every column in their order, or none at all.
Status check_digests(const Manifest& manifest, const ManifestPart& part, std::string_view what) {
    if (!part.row_digest.empty() && !is_hex(part.row_digest, 32)) {
        return refuse(what, "the row digest is not 32 hexadecimal digits");
    }
    if (part.column_digests.empty()) return {};
    if (part.column_digests.size() != manifest.columns.size()) {
        return refuse(what, fmt::format("{} column digests for {} columns",
                                        part.column_digests.size(), manifest.columns.size()));
    }
    for (std::size_t index = 0; index < manifest.columns.size(); ++index) {
        const ColumnDigest& digest = part.column_digests[index];
        if (digest.column != manifest.columns[index].name || !is_hex(digest.digest, 16) ||
            digest.nulls < 0 || digest.nulls > part.rows) {
            return refuse(what, fmt::format("the digest of the column \"{}\" is malformed",
                                            printable(manifest.columns[index].name)));
        }
    }
    return {};
}

Status check_part(const Manifest& manifest, const ManifestPart& part, std::string_view what) {
    if (!is_part_path(part.path)) return refuse(what, "the path leaves the prefix or is malformed");
    if (part.chunk_id < 1) return refuse(what, "the chunk id is not positive");
    if (part.rows < 0 || part.bytes < 0 || part.value_errors < 0) {
        return refuse(what, "a count is negative");
    }
    if (!is_hex(part.sha256, 64)) return refuse(what, "the SHA-256 is not 64 hexadecimal digits");
    if (part.generation < 1 || part.generation > manifest.generation) {
        return refuse(what, "the generation is not one of the manifest's");
    }
    if (part.is_committed && !part.replaced_by.empty()) {
        return refuse(what, "it is committed and replaced");
    }
    if (!json::parse(part.bounds_json, what)) return refuse(what, "the bounds are not JSON");
    return check_digests(manifest, part, what);
}

/// Generation by path; a path that stands there twice is refused.
using Generations = std::unordered_map<std::string_view, std::int64_t>;
Result<Generations> index_parts(const Manifest& manifest, std::string_view what) {
    Generations generations;
    for (const ManifestPart& part : manifest.parts) {
        if (!generations.emplace(part.path, part.generation).second) {
            return refuse(what, fmt::format("the part {} stands there twice", part.path));
        }
    }
    return generations;
}

/// What replaced a part came later, so no chain of replacements comes back to where it began.
bool is_replaced_later(const ManifestPart& part, const Generations& generations) {
    return std::ranges::all_of(part.replaced_by, [&](const std::string& successor) {
        const auto found = generations.find(successor);
        return found != generations.end() && found->second > part.generation;
    });
}

Status check_replacements(const Manifest& manifest, std::string_view what) {
    const Generations generations = TRY(index_parts(manifest, what));
    for (const ManifestPart& part : manifest.parts) {
        if (is_replaced_later(part, generations)) continue;
        return refuse(what,
                      fmt::format("the part {} is replaced by none that came later", part.path));
    }
    return {};
}

Status check_sums(const Manifest& manifest, std::string_view what) {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    for (const ManifestPart& part : manifest.parts) {
        if (__builtin_add_overflow(rows, part.rows, &rows) ||
            __builtin_add_overflow(bytes, part.bytes, &bytes)) {
            return refuse(what, "the sums of the parts are too large");
        }
    }
    return {};
}

}  // namespace

bool is_hex(std::string_view text, std::size_t size) {
    return text.size() == size &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_run_id(std::string_view text) {
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return !text.empty() && text.size() <= kRunIdBytesMax && text.front() != '.' &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_part_path(std::string_view path) {
    if (path.empty() || path.size() > kPathBytesMax) return false;
    if (std::ranges::any_of(path, is_control)) return false;
    if (path == kManifestName || path == kMarkerName) return false;
    const auto components = split(path, '/');
    if (components.size() > 1 &&
        (components.front() == kHistoryFolder || components.front() == kQuarantineFolder)) {
        return false;
    }
    // Temporary files and the lock begin with a dot; so do "." and "..".
    return std::ranges::none_of(components, [](std::string_view component) {
        return component.empty() || component.front() == '.';
    });
}

Status check_manifest(const Manifest& manifest, std::string_view what) {
    if (!is_run_id(manifest.run_id)) return refuse(what, "the run id is malformed");
    if (manifest.export_name.empty()) return refuse(what, "the export has no name");
    if (manifest.generation < 1) return refuse(what, "the generation is not positive");
    if (manifest.format.kind != "parquet" && manifest.format.kind != "csv") {
        return refuse(what, fmt::format("unknown format \"{}\"", printable(manifest.format.kind)));
    }
    TRY(check_columns(manifest, what));
    TRY(check_row_hash(manifest, what));
    std::size_t number = 0;
    for (const ManifestPart& part : manifest.parts) {
        ++number;
        TRY(check_part(manifest, part,
                       fmt::format("{}: part {} ({})", what, number, printable(part.path))));
    }
    TRY(check_replacements(manifest, what));
    return check_sums(manifest, what);
}

}  // namespace trueup::extract
