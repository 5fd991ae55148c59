#include "extract/manifest/manifest_store.h"

#include <fmt/format.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/hash.h"
#include "extract/manifest/manifest_check.h"

namespace trueup::extract {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t kDigestDigits = 64;
constexpr std::string_view kSuffix = ".json";

std::string marker_for(std::string_view manifest_text) {
    return fmt::format("{}{}\n", kDigestPrefix, sha256_hex(manifest_text));
}

std::string history_path(const std::string& prefix, std::string_view run_id) {
    return join_path(join_path(prefix, kHistoryFolder), fmt::format("{}{}", run_id, kSuffix));
}

Result<std::optional<Manifest>> read_at(const std::string& path) {
    if (!TRY(file_info(path))) return std::optional<Manifest>{};
    const std::string text = TRY(read_file(path, kManifestBytesMax));
    return std::optional(TRY(parse_manifest(text, path)));
}

/// The digits of a well-formed marker, or nothing.
std::optional<std::string_view> digits_of(std::string_view marker) {
    if (!marker.starts_with(kDigestPrefix) || !marker.ends_with('\n')) return std::nullopt;
    const auto digits =
        marker.substr(kDigestPrefix.size(), marker.size() - kDigestPrefix.size() - 1);
    if (!is_hex(digits, kDigestDigits)) return std::nullopt;
    return digits;
}

}  // namespace

std::string_view name_of(Marker marker) {
    switch (marker) {
        case Marker::Valid: return "valid";
        case Marker::Missing: return "missing";
        case Marker::Malformed: return "malformed";
        case Marker::Stale: return "stale";
    }
    std::unreachable();
}

Status write_manifest(const std::string& prefix, const Manifest& manifest) {
    TRY(check_manifest(manifest, "the manifest to be written"));
    const std::string text = to_json(manifest);
    if (text.size() > kManifestBytesMax) {
        return fail(ErrorClass::Failed,
                    fmt::format("the manifest of {} would have {} bytes, more than the {} that "
                                "readers accept",
                                manifest.run_id, text.size(), kManifestBytesMax),
                    "make the chunks larger");
    }
    TRY(make_directories(join_path(prefix, kHistoryFolder)));
    TRY(replace_file(history_path(prefix, manifest.run_id), text, "manifest: history"));
    TRY(replace_file(join_path(prefix, kManifestName), text, "manifest: manifest"));
    return replace_file(join_path(prefix, kMarkerName), marker_for(text), "manifest: marker");
}

Status remove_success(const std::string& prefix) {
    if (!TRY(file_info(prefix))) return {};
    FAULT_POINT("manifest: before marker removal");
    TRY(remove_file(join_path(prefix, kMarkerName)));
    // Also when it is missing: whoever removed it may have died before this.
    FAULT_POINT("manifest: before directory sync");
    TRY(sync_directory(prefix));
    FAULT_POINT("manifest: after marker removal");
    return {};
}

Result<std::optional<Manifest>> read_manifest(const std::string& prefix) {
    return read_at(join_path(prefix, kManifestName));
}

Result<std::optional<Manifest>> read_history(const std::string& prefix, std::string_view run_id) {
    if (!is_run_id(run_id)) {
        return fail(ErrorClass::Failed, fmt::format("\"{}\" is not a run id", run_id));
    }
    const std::string path = history_path(prefix, run_id);
    auto manifest = TRY(read_at(path));
    if (manifest && manifest->run_id != run_id) {
        return fail(ErrorClass::Integrity,
                    fmt::format("{} belongs to the run {}", path, manifest->run_id));
    }
    return manifest;
}

Result<std::vector<std::string>> list_history(const std::string& prefix) {
    const auto entries = TRY(list_directory(join_path(prefix, kHistoryFolder)));
    std::vector<std::string> run_ids;
    for (const Entry& entry : entries) {
        if (entry.is_directory || !entry.name.ends_with(kSuffix)) continue;
        std::string run_id = entry.name.substr(0, entry.name.size() - kSuffix.size());
        if (is_run_id(run_id)) run_ids.push_back(std::move(run_id));
    }
    return run_ids;
}

Result<Marker> check_marker(const std::string& prefix) {
    const std::string path = join_path(prefix, kMarkerName);
    const auto info = TRY(file_info(path));
    if (!info) return Marker::Missing;
    if (info->bytes != kDigestPrefix.size() + kDigestDigits + 1) return Marker::Malformed;
    const std::string marker = TRY(read_file(path, info->bytes));
    const auto digits = digits_of(marker);
    if (!digits) return Marker::Malformed;
    const std::string manifest = join_path(prefix, kManifestName);
    if (!TRY(file_info(manifest))) return Marker::Stale;
    const FileDigest digest = TRY(digest_file(manifest));
    return digest.sha256 == *digits ? Marker::Valid : Marker::Stale;
}

}  // namespace trueup::extract
