// A manifest from anywhere: whatever the bytes, what is accepted keeps every promise a reader of
// manifests relies on, and survives being written again.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "extract/manifest/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace trueup::extract;  // NOLINT(google-build-using-namespace): the only function.
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto manifest = parse_manifest(text, "input");
    if (!manifest) {
        CHECK(manifest.error().kind == trueup::ErrorClass::Integrity);
        CHECK(manifest.error().message.starts_with("input"));
        return 0;
    }
    const ManifestTotals totals = manifest->totals();
    CHECK(totals.rows >= 0);
    CHECK(totals.bytes >= 0);
    for (const ManifestPart& part : manifest->parts) {
        CHECK(!part.path.starts_with('/'));
        CHECK(part.path.find("/.") == std::string::npos);
        CHECK(!part.path.starts_with('.'));
    }
    const auto again = parse_manifest(to_json(*manifest), "again");
    CHECK(again.has_value());
    CHECK(*again == *manifest);
    return 0;
}
