#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/stop_reason.h"
#include "columnar/engine.h"
#include "extract/ledger/ledger.h"
#include "extract/run/chunk_writer.h"
#include "extract/run/governor.h"
#include "extract/run/hold.h"
#include "extract/run/job.h"

namespace trueup::extract {

/// The chunks of one run, done by several workers that each take the next one from the ledger. An
/// ordered chunk that turns out far larger than planned is cut where the read stands, and the rest
/// becomes a chunk that any worker may take.
class WorkerPool {
  public:
    struct Work {
        Ledger* ledger = nullptr;
        Hold* hold = nullptr;  // With the folder entered.
        const ChunkWriting* writing = nullptr;
        std::int64_t rows_target = 0;  // 0: chunks are never cut.
        bool skips_empty = false;
        int attempts_max = 1;
        const Governor* governor = nullptr;  // Null: all may work at once.
    };
    struct Outcome {
        std::int64_t retries = 0;
        std::int64_t values_nulled = 0;
        std::int64_t chunks_cut = 0;
    };

    WorkerPool(const JobContext& job, Work work) : job_(job), work_(work) {}

    /// Returns when no chunk is left, or once all workers have stopped with what made them: the
    /// first error, the hold's included. One worker for each source session, with an engine's each.
    Result<Outcome> run(std::span<const std::unique_ptr<SourceSession>> sources,
                        std::span<const std::unique_ptr<columnar::Session>> engines);

  private:
    /// What a worker does next.
    struct Turn {
        std::optional<ChunkRecord> chunk;  // Claimed; nothing: wait.
        bool is_over = false;              // No chunk is left, and none can come back.
    };

    void work(SourceSession& source, columnar::Session& engine, int number);
    Status work_until_done(SourceSession& source, columnar::Session& engine,
                           const std::string& name);
    /// Claims a chunk, unless as many as the governor and the memory of the process let are at
    /// work.
    Result<Turn> take_turn(const std::string& name);
    int workers_max() const;
    Status do_chunk(SourceSession& source, columnar::Session& engine, const ChunkRecord& chunk);
    /// The chunk goes back to the plan; its error when it may not be tried again. False when this
    /// worker can do nothing more, and others go on.
    Result<bool> give_back(const SourceSession& source, const ChunkRecord& chunk, Error error);
    Status cut_off_rest(const ChunkRecord& chunk, Bounds& bounds, const Key& at);
    StopReason& stop() const { return work_.hold->stop(); }
    std::int64_t rows_soft_max(const Bounds& bounds) const;
    void measure(std::int64_t rows, std::int64_t elapsed_us);
    void wait_before_retry(std::int64_t attempts);

    const JobContext& job_;
    Work work_;
    std::atomic<std::int64_t> rows_per_second_{0};
    std::mutex mutex_;  // Guards the rest. A chunk is claimed and given back while it is held: who
                        // finds none, and nobody at work, knows that all are done.
    Outcome outcome_;
    int at_work_ = 0;
    int usable_ = 0;  // Workers whose session is not gone.
};

}  // namespace trueup::extract
