#include "extract/run/standing_copy.h"

#include <utility>

#include "extract/manifest/manifest_store.h"

namespace trueup::extract {

Result<std::optional<Manifest>> standing_copy(const RunRecord& run) {
    std::optional<Manifest> nothing;
    const auto marker = check_marker(run.prefix);
    if (!marker || *marker != Marker::Valid) return nothing;
    auto manifest = TRY(read_manifest(run.prefix));
    if (!manifest || manifest->run_id != run.run_id) return nothing;
    const auto destination = TRY(Destination::open_existing(run.prefix));
    for (const ManifestPart& part : manifest->parts) {
        const bool is_there =
            !part.is_committed || TRY(destination.has_file(part.path, part.bytes));
        if (!is_there) return nothing;
    }
    return manifest;
}

Result<std::vector<PartRecord>> parts_gone(const Ledger& ledger, const std::string& run_id,
                                           const Destination& destination) {
    std::vector<PartRecord> gone;
    for (PartRecord& part : TRY(ledger.parts(run_id))) {
        if (part.status != PartStatus::Committed) continue;
        const bool is_there = TRY(destination.has_file(part.path, part.bytes));
        if (!is_there) gone.push_back(std::move(part));
    }
    return gone;
}

}  // namespace trueup::extract
