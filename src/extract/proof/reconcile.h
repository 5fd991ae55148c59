#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/report.h"
#include "extract/run/job.h"

namespace trueup::extract {

/// What is compared: how many rows, sums over all their values, or the rows one by one where these
/// differ.
enum class Evidence : std::uint8_t { Count, Digest, Rows };
std::string_view name_of(Evidence evidence);

/// What stands for the copy: its files, or what the ledger recorded of them.
enum class CopySide : std::uint8_t { Parts, Ledger };

/// Returns after the time, or Interrupted.
using Wait = std::function<Status(std::chrono::milliseconds)>;
Wait real_wait();

struct ReconcileOptions {
    std::optional<Evidence> evidence;  // Nothing: Digest when all parts have digests, else Count.
    CopySide copy_side = CopySide::Parts;
    std::string run_id;        // Empty: the last run that is done.
    std::string stable_after;  // A condition; refused (Config) for now.
    int settle = 0;            // How often a mismatch is looked at again before it counts.
    int workers = 0;           // 0: as the configuration says.
    std::string rows_out;      // JSON lines of all differing rows; empty: none. Of Rows.
    /// Nothing: all, and what lies outside of them.
    std::optional<std::vector<std::int64_t>> only_chunks;
    std::string command = "reconcile";  // As what the ledger remembers it.
    Wait wait;                          // Empty: real_wait().
};

/// The copy of the export against its source, chunk by chunk: one partition "chunk" each, "outside"
/// for rows that no chunk holds, and "manifest" for the list of parts itself. Its fields name the
/// run, plan and generation the report is about.
///
/// An error means that nothing was compared: Config when the configuration is not that of the run,
/// Failed when there is no copy or no source. What could not be looked at is Unknown in the report,
/// with the reason. The ledger keeps the verdict and, of a clean report, the ranges.
Result<core::Report> reconcile(const JobContext& job, const ReconcileOptions& options);

/// The kinds of partitions.
inline constexpr std::string_view kChunkKind = "chunk";
inline constexpr std::string_view kOutsideKind = "outside";
inline constexpr std::string_view kManifestKind = "manifest";

}  // namespace trueup::extract
