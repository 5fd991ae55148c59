#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/digest.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest.h"
#include "extract/manifest/manifest_store.h"
#include "extract/run/job.h"
#include "extract/source/key.h"

namespace trueup::extract {

/// One file that is to hold rows of a chunk.
struct CopyPart {
    std::string path;  // Relative to the prefix.
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    std::string sha256;
    std::optional<core::Digest> digest;  // Nothing when none was taken.
};

struct CopyChunk {
    std::int64_t chunk_id = 0;
    std::string kind;
    std::string bounds_json;
    Bounds bounds;
    std::vector<CopyPart> parts;  // May be empty: the chunk held no row.
};

/// Rows that no chunk of the run would have read. A plan leaves none; a ledger that was changed
/// might.
struct CopyGap {
    std::string id;  // "null-keys", "after chunk 3".
    Bounds bounds;
};

/// The copy that one run made, as ledger and manifest know it. The parts are those the ledger has
/// committed; where the manifest says otherwise, `disagreements` says so.
struct Copy {
    RunRecord run;
    bool is_current = true;  // No later run of the export is done under the prefix.
    std::vector<std::string> key_columns;
    bool is_whole = false;             // Read as one chunk, by no key.
    std::optional<Manifest> manifest;  // As it stands; nothing when missing or damaged.
    std::string manifest_file;         // Relative to the prefix.
    std::string manifest_sha256;       // Empty when missing.
    Marker marker = Marker::Missing;
    std::string unfinished_run;  // Under the same prefix; may be empty.
    /// Whole sentences: why manifest, marker and ledger are not one. Empty when they are.
    std::vector<std::string> disagreements;
    std::vector<CopyChunk> chunks;  // In key order.

    bool has_digests() const;
};

/// Opens the ledger beside the configuration. Failed when there is none: nothing was run.
Result<Ledger> open_ledger_of(const JobContext& job);

/// The copy of the run named, else of the last run of the export that is done. Failed when there is
/// no such run or it is not done.
Result<Copy> open_copy(const JobContext& job, const Ledger& ledger, const std::string& run_id);

/// What lies between, before and behind the chunks; NULL keys too, when they may occur and no chunk
/// holds them. Where two chunks overlap, the "gap" ends before it begins: only the source knows its
/// order, so the caller asks it.
std::vector<CopyGap> gaps_of(const Copy& copy, bool key_may_be_null);

/// Digests as ledger and manifest hold them; nothing when the part has none. Integrity when they
/// are no digests.
Result<std::optional<core::Digest>> digest_of(const ManifestPart& part);

}  // namespace trueup::extract
