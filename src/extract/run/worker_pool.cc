#include "extract/run/worker_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/signal.h"
#include "extract/run/process_memory.h"
#include "extract/run/retry.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

/// A chunk is cut when it has this many times the rows it was planned for, or when reading it has
/// taken this long: then an interrupt or a crash costs no more, and idle workers find something to
/// do.
constexpr std::int64_t kOversize = 2;
constexpr std::int64_t kChunkSecondsMax = 30;

Result<Bounds> bounds_of(const ChunkRecord& chunk) {
    const json::Value value = TRY(json::parse(chunk.bounds_json, "a chunk of the ledger"));
    return parse_bounds(value);
}

}  // namespace

Result<WorkerPool::Outcome> WorkerPool::run(
    std::span<const std::unique_ptr<SourceSession>> sources,
    std::span<const std::unique_ptr<columnar::Session>> engines) {
    CHECK(!sources.empty());
    CHECK(engines.size() == sources.size());
    const auto work_as = [&](std::size_t number) {
        work(*sources[number], *engines[number], static_cast<int>(number));
    };
    usable_ = static_cast<int>(sources.size());
    std::vector<std::jthread> others;
    others.reserve(sources.size() - 1);
    for (std::size_t number = 1; number < sources.size(); ++number) {
        others.emplace_back(work_as, number);
    }
    work_as(0);
    others.clear();  // Joins them.
    TRY(stop().check());
    return outcome_;
}

void WorkerPool::work(SourceSession& source, columnar::Session& engine, int number) {
    Status status = work_until_done(source, engine, fmt::format("worker {}", number + 1));
    if (!status) stop().set(std::move(status).error());
}

Status WorkerPool::work_until_done(SourceSession& source, columnar::Session& engine,
                                   const std::string& name) {
    constexpr std::chrono::milliseconds kPause{5};
    while (true) {
        TRY(check_interrupt());
        TRY(stop().check());
        const Turn turn = TRY(take_turn(name));
        if (turn.is_over) return {};
        if (!turn.chunk) {
            std::this_thread::sleep_for(kPause);
            continue;
        }
        Status done = do_chunk(source, engine, *turn.chunk);
        if (done) continue;
        const bool goes_on = TRY(give_back(source, *turn.chunk, std::move(done).error()));
        if (!goes_on) return {};
        wait_before_retry(turn.chunk->attempts);
    }
}

Result<WorkerPool::Turn> WorkerPool::take_turn(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (at_work_ >= workers_max()) return Turn{};
    auto chunk = TRY(work_.ledger->claim_next(work_.writing->run_id, name));
    // A worker still at work may cut its chunk and leave a rest.
    if (!chunk) return Turn{.chunk = {}, .is_over = at_work_ == 0};
    ++at_work_;
    return Turn{.chunk = std::move(chunk)};
}

int WorkerPool::workers_max() const {
    const int governed =
        work_.governor == nullptr ? std::numeric_limits<int>::max() : work_.governor->workers();
    return workers_within_memory(governed, resident_bytes(),
                                 work_.writing->tuning->memory_threshold_bytes);
}

Status WorkerPool::do_chunk(SourceSession& source, columnar::Session& engine,
                            const ChunkRecord& chunk) {
    const std::int64_t started_us = job_.clock->monotonic().count() / 1000;
    Bounds bounds = TRY(bounds_of(chunk));
    const ChunkTask task{.chunk_id = chunk.chunk_id,
                         .kind = chunk.kind,
                         .bounds = bounds,
                         .rows_soft_max = rows_soft_max(bounds),
                         .keeps_empty = chunk.chunk_id == 1 && !work_.skips_empty};
    WrittenChunk written =
        TRY(write_chunk(source, engine, work_.hold->destination(), *work_.writing, task));
    if (written.stopped_at) TRY(cut_off_rest(chunk, bounds, *written.stopped_at));
    const std::int64_t elapsed_us = job_.clock->monotonic().count() / 1000 - started_us;
    measure(written.rows, elapsed_us);
    FAULT_POINT("chunk: before the ledger");
    TRY(work_.ledger->finish_chunk(work_.writing->run_id, chunk.chunk_id,
                                   {std::move(written.parts), elapsed_us}));
    FAULT_POINT("chunk: after the ledger");
    if (job_.progress != nullptr) job_.progress->add_units(1);
    const std::lock_guard lock(mutex_);
    outcome_.values_nulled += written.values_nulled;
    --at_work_;
    return {};
}

Result<bool> WorkerPool::give_back(const SourceSession& source, const ChunkRecord& chunk,
                                   Error error) {
    const std::string& run_id = work_.writing->run_id;
    const std::lock_guard lock(mutex_);
    --at_work_;
    if (work_.hold->is_lost()) return std::unexpected(std::move(error));
    if (error.kind == ErrorClass::Interrupted) {
        discard(work_.ledger->release_chunk(run_id, chunk.chunk_id),
                "the next run puts a running chunk back by itself");
        return std::unexpected(std::move(error));
    }
    const bool may_retry = error.kind == ErrorClass::Retryable && !stop().is_set();
    if (may_retry && source.is_gone() && usable_ > 1) {
        TRY(work_.ledger->release_chunk(run_id, chunk.chunk_id));
        --usable_;
        log::warn(fmt::format("a worker stops and {} go on: {}", usable_, error.message));
        return false;
    }
    const bool is_tried_again =
        may_retry && !source.is_gone() && chunk.attempts < work_.attempts_max;
    TRY(work_.ledger->fail_chunk(run_id, chunk.chunk_id, {error.message, is_tried_again}));
    if (!is_tried_again) return std::unexpected(std::move(error));
    tell_retry(fmt::format("chunk {}", chunk.chunk_id), error);
    ++outcome_.retries;
    return true;
}

Status WorkerPool::cut_off_rest(const ChunkRecord& chunk, Bounds& bounds, const Key& at) {
    const Bounds rest{.lower = at, .upper = bounds.upper};
    bounds.upper = at;
    Split split;
    split.kept_bounds_json = json::write(to_json(bounds));
    split.remainder = {chunk.kind, json::write(to_json(rest)), 0};
    TRY(work_.ledger->split_chunk(work_.writing->run_id, chunk.chunk_id, split));
    const std::lock_guard lock(mutex_);
    ++outcome_.chunks_cut;
    return {};
}

std::int64_t WorkerPool::rows_soft_max(const Bounds& bounds) const {
    if (work_.rows_target == 0 || bounds.is_null_keys) return 0;
    std::int64_t rows = work_.rows_target * kOversize;
    const std::int64_t speed = rows_per_second_;
    if (speed > 0) rows = std::min(rows, std::max<std::int64_t>(speed * kChunkSecondsMax, 1));
    return rows;
}

void WorkerPool::measure(std::int64_t rows, std::int64_t elapsed_us) {
    constexpr std::int64_t kRowsMin = 1000;  // Fewer rows measure the set-up.
    if (rows < kRowsMin || elapsed_us <= 0) return;
    rows_per_second_ = std::max<std::int64_t>(rows * 1'000'000 / elapsed_us, 1);
}

void WorkerPool::wait_before_retry(std::int64_t attempts) {
    const auto until = job_.clock->monotonic() + retry_pause(job_, attempts);
    while (!stop().is_set() && stop_signal() == 0 && job_.clock->monotonic() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
}

}  // namespace trueup::extract
