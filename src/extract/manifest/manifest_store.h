#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/manifest/manifest.h"

/// The manifest's files under a prefix: `manifests/<run_id>.json` (history), `manifest.json`, and
/// `_SUCCESS`, which holds the SHA-256 of the bytes of `manifest.json`.
namespace trueup::extract {

inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr std::string_view kMarkerName = "_SUCCESS";
inline constexpr std::string_view kHistoryFolder = "manifests";

enum class Marker : std::uint8_t {
    Valid,      // Belongs to the manifest that stands here.
    Missing,    // The export is not complete, or is being changed.
    Malformed,  // Not a line "sha256:<64 hexadecimal digits>".
    Stale,      // Belongs to another manifest.
};
std::string_view name_of(Marker marker);

/// Writes history, manifest and marker in this order, each durable before the next begins. A crash
/// leaves either a marker that fits its manifest or no valid marker.
Status write_manifest(const std::string& prefix, const Manifest& manifest);

/// Durable when it returns. To be called before anything under the prefix changes.
Status remove_success(const std::string& prefix);

/// Nothing when there is none. A damaged one is Integrity.
Result<std::optional<Manifest>> read_manifest(const std::string& prefix);
/// One of the history, by run id.
Result<std::optional<Manifest>> read_history(const std::string& prefix, std::string_view run_id);
/// The run ids of the history, sorted.
Result<std::vector<std::string>> list_history(const std::string& prefix);

/// Compares the marker with the bytes of `manifest.json`.
Result<Marker> check_marker(const std::string& prefix);

}  // namespace trueup::extract
