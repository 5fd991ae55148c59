#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/process.h"
#include "base/result.h"
#include "extract/ledger/lease.h"
#include "extract/ledger/records.h"

namespace trueup::extract {

struct LedgerOptions {
    /// How long a write waits for another process's before it is Retryable.
    std::chrono::milliseconds busy_timeout{10'000};
    const ProcessTable* processes = &system_processes();  // Must outlive the ledger.
};

/// What a listing is narrowed to; the newest come first.
struct LedgerFilter {
    std::string export_name;  // Empty: all.
    std::string prefix;       // Empty: all. Runs and verifications only.
    std::string run_id;       // Empty: all.
    std::int64_t limit = 100;
};

/// How a run ended.
struct RunEnd {
    RunStatus status = RunStatus::Done;  // Done or Failed.
    UnixMicros at = 0;
    std::string error;  // Of a failed run.
    /// Advanced in the transaction that makes the run done.
    std::optional<CursorRecord> cursor;
};

/// The part of a running chunk that is cut off.
struct Split {
    std::string kept_bounds_json;  // The running chunk's bounds from now on.
    NewChunk remainder;            // Becomes pending, right after it in key order.
};

struct ChunkResult {
    std::vector<PartRecord> parts;  // May be empty: the chunk held no row.
    std::int64_t elapsed_us = 0;
};

/// New parts for a chunk whose old ones disagree with the source.
struct ChunkReplacement {
    std::int64_t chunk_id = 0;
    std::vector<PartRecord> parts;  // May be empty.
};

/// What trueup extract did, in `.trueup/ledger.db`. Every method that changes something is one
/// transaction which is on the disk when it returns; done twice, it leaves what it leaves done
/// once. Safe from any thread: one connection, one mutex. Errors name the file: locked or full is
/// Retryable, damaged is Integrity, read-only, newer or foreign is Failed. Using a run or chunk
/// that does not exist, or in a state that does not allow it, is a Bug.
class Ledger {
  public:
    /// Creates the folder (mode 0700) and the ledger when missing; a half made ledger cannot be
    /// seen at any instant. An existing one is checked for damage first.
    static Result<Ledger> open(const std::string& path, const LedgerOptions& options = {});
    /// For commands that only look: nothing when there is no ledger.
    static Result<std::optional<Ledger>> open_read_only(const std::string& path,
                                                        const LedgerOptions& options = {});
    Ledger(Ledger&&) noexcept;
    Ledger& operator=(Ledger&&) noexcept;
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    ~Ledger();

    // Runs. At most one run of an export and prefix is unfinished (running or failed).

    /// The run and its chunks, given in key order and numbered from 1. Failed when an unfinished
    /// run of the same export and prefix exists: resume or abandon it first.
    Status begin_run(const RunRecord& run, std::span<const NewChunk> chunks);
    Result<std::optional<RunRecord>> find_unfinished(std::string_view export_name,
                                                     std::string_view prefix) const;
    /// Of the export, under the prefix or, without one, under any.
    Result<std::optional<RunRecord>> latest_done(std::string_view export_name,
                                                 std::string_view prefix = {}) const;
    Result<std::optional<RunRecord>> find_run(std::string_view run_id) const;
    Result<std::vector<RunRecord>> runs(const LedgerFilter& filter) const;
    /// For resume: the run is running again and its running and failed chunks are pending, with
    /// attempts from 0. Returns how many chunks are pending now.
    Result<std::int64_t> rearm(std::string_view run_id);
    /// Returns the run as it now stands, with its totals. A run with an unfinished chunk cannot be
    /// done (Bug).
    Result<RunRecord> finish_run(std::string_view run_id, const RunEnd& end);
    /// Gives an unfinished run up; its parts become superseded, replaced by nothing.
    Status abandon_run(std::string_view run_id, UnixMicros at);

    // Chunks.

    /// The first pending chunk in key order, now running with one attempt more; nothing when none
    /// is pending (others may still run).
    Result<std::optional<ChunkRecord>> claim_next(std::string_view run_id, std::string_view worker);
    /// A running chunk becomes pending again; the attempt does not count.
    Status release_chunk(std::string_view run_id, std::int64_t chunk_id);
    /// A running chunk becomes failed, or pending when it `may_retry`.
    struct ChunkFailure {
        std::string error;
        bool may_retry = false;
    };
    Status fail_chunk(std::string_view run_id, std::int64_t chunk_id, const ChunkFailure& failure);
    /// Cuts a running chunk in two. Returns the remainder with its id.
    Result<ChunkRecord> split_chunk(std::string_view run_id, std::int64_t chunk_id,
                                    const Split& split);
    /// The chunk is done and its parts are recorded, all or nothing. Repeating it with the same
    /// parts changes nothing; with others it is Integrity.
    Status finish_chunk(std::string_view run_id, std::int64_t chunk_id, const ChunkResult& result);
    /// For a resume that finds the parts of a done chunk missing or damaged: pending again, its
    /// parts forgotten.
    Status reopen_chunk(std::string_view run_id, std::int64_t chunk_id, std::string_view reason);
    /// In key order.
    Result<std::vector<ChunkRecord>> chunks(std::string_view run_id) const;

    // Parts.

    /// In key order of their chunks, then by path.
    Result<std::vector<PartRecord>> parts(std::string_view run_id) const;
    /// New parts in, every committed part of the same chunks superseded by them, the run's
    /// generation set to `generation`, which must be the next one. Repeating it with the same parts
    /// changes nothing.
    Status supersede(std::string_view run_id, std::span<const ChunkReplacement> replacements,
                     std::int64_t generation);

    // Journal, proofs, metrics, cursors.

    Status record_event(const EventRecord& event);
    Result<std::vector<EventRecord>> events(const LedgerFilter& filter) const;
    Status record_verification(const VerificationRecord& verification);
    /// With their ranges.
    Result<std::vector<VerificationRecord>> verifications(const LedgerFilter& filter) const;
    /// One row per run; a second one replaces the first.
    Status record_metric(const MetricRecord& metric);
    Result<std::vector<MetricRecord>> metrics(const LedgerFilter& filter) const;
    Result<std::optional<CursorRecord>> cursor(std::string_view export_name) const;
    Result<std::vector<CursorRecord>> cursors() const;
    Status set_schema_baseline(const SchemaBaseline& baseline);
    Result<std::optional<SchemaBaseline>> schema_baseline(std::string_view export_name) const;

    // Leases: one owner per prefix.

    /// Retryable when a living owner holds the prefix, saying who, where and since when.
    Result<Lease> acquire_lease(const LeaseRequest& request);
    /// Says that the owner lives. When the lease is not held any more, stop changing things.
    Result<LeaseState> heartbeat(const Lease& lease, UnixMicros now);
    /// Fine when it was lost already.
    Status release_lease(const Lease& lease);
    Result<std::vector<LeaseRecord>> leases() const;

    /// Forgets everything about the export but its journal: runs, chunks, parts, cursor, baseline,
    /// verifications, metrics. Retryable while a living owner holds one of its leases.
    Status reset(std::string_view export_name, UnixMicros now);

    const std::string& path() const;

  private:
    struct Impl;
    explicit Ledger(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// `.trueup/ledger.db` beside the configuration file.
std::string ledger_path(std::string_view config_path);

}  // namespace trueup::extract
