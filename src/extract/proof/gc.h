#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "extract/run/job.h"

namespace trueup::extract {

/// Why a file is not one of the current export.
enum class Leftover : std::uint8_t {
    Temporary,   // A part that a dead run did not finish.
    Orphan,      // A part that no manifest and no run of the ledger owns.
    Superseded,  // Another part of the current run took its place.
    EarlierRun,  // A part of an earlier run.
    EarlierRunManifest,
    Unfinished,  // Belongs to a run that can still be resumed, or is at work.
    Foreign,     // Not a file of ours.
};
std::string_view name_of(Leftover kind);

struct GcItem {
    std::string file;  // Relative to the prefix.
    std::uint64_t bytes = 0;
    Leftover kind = Leftover::Foreign;
    std::string run_id;         // Empty: unknown.
    std::int64_t chunk_id = 0;  // 0: unknown.
    bool is_moved = false;      // Or would be; else it stays.
    std::string sentence;
};

struct GcPlan {
    std::string prefix;
    std::vector<GcItem> items;  // By file name.
    std::int64_t files_moved = 0;
    std::uint64_t bytes_moved = 0;
};

struct GcOptions {
    std::string prefix;  // Empty: that of the last run that is done, else of the configuration.
    bool superseded = false;  // Move superseded parts and earlier runs too.
};

struct GcResult {
    GcPlan plan;
    std::string quarantine;  // Relative to the prefix; empty when nothing was moved.
    std::vector<std::string> moved;
};

/// Explains every file under the prefix that the current manifest does not own; changes nothing.
/// Integrity when the manifest cannot be read: then nobody can tell what is garbage.
Result<GcPlan> plan_gc(const JobContext& job, const GcOptions& options);

/// Moves what a plan made now says to `_quarantine/<stamp>/`. Earlier runs go as a whole, their
/// manifests first. Retryable when somebody is at work under the prefix.
Result<GcResult> execute_gc(const JobContext& job, const GcOptions& options);

std::string to_json(const GcPlan& plan);

}  // namespace trueup::extract
