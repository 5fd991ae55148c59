#include "extract/manifest/manifest.h"

namespace trueup::extract {

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

}  // namespace trueup::extract
