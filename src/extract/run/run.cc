#include "extract/run/run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/signal.h"
#include "extract/destination/destination.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest_store.h"
#include "extract/plan/plan.h"
#include "extract/run/chunk_writer.h"
#include "extract/run/engines.h"
#include "extract/run/governor.h"
#include "extract/run/hold.h"
#include "extract/run/journal.h"
#include "extract/run/retry.h"
#include "extract/run/run_manifest.h"
#include "extract/run/run_metric.h"
#include "extract/run/run_state.h"
#include "extract/run/schema_drift.h"
#include "extract/run/standing_copy.h"
#include "extract/run/stdout_run.h"
#include "extract/run/worker_pool.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

/// One run of one export, step by step.
class ExportRun {
  public:
    ExportRun(const JobContext& job, const RunOptions& options)
        : job_(&job), wanted_(job.wanted), options_(&options) {
        summary_.export_name = wanted_->name;
    }

    Result<RunSummary> run() {
        const auto started = job_->clock->monotonic();
        TRY(with_retries(*job_, [this] { return inspect(); }));
        TRY(find_earlier_run());
        if (TRY(is_unchanged())) {
            summary_.outcome = RunOutcome::Unchanged;
        } else {
            TRY(make_copy());
        }
        summary_.seconds =
            std::chrono::duration<double>(job_->clock->monotonic() - started).count();
        return std::move(summary_);
    }
    /// The run that was taken up again holds rows that break a rule, and they may be old ones.
    bool is_stale() const { return is_stale_; }

  private:
    Status make_copy() {
        TRY(with_retries(*job_, [this] { return plan(); }));
        TRY(protect());
        Status done = apply_verify_record();
        return done ? Status() : record_failure(std::move(done).error());
    }

    /// Reads and never writes.
    Status inspect() {
        sessions_.clear();  // First: a source may allow only so many.
        database_ = TRY(open_database(job_->config->source, limits_of(wanted_->tuning)));
        const auto before = TRY(settled_state(*database_));
        sessions_ = TRY(database_->open_sessions(std::max(wanted_->tuning.workers, 1),
                                                 job_->config->source.consistency));
        summary_.warnings = database_->warnings();
        const auto after = TRY(database_->state());
        // The token belongs to the snapshot only when nothing moved while it was taken.
        if (before && before == after) state_.source_state = *before;
        relation_ = TRY(sessions_[0]->describe(*wanted_));
        if (!relation_.no_snapshot.empty()) summary_.warnings.push_back(relation_.no_snapshot);
        added_ = TRY(added_columns(*wanted_, relation_));
        TRY(check_rules(wanted_->quality, relation_, added_));
        plan_ = plan_document(*job_, database_->identity(), relation_);
        return {};
    }

    Status find_earlier_run() {
        const std::string path = ledger_path(job_->config->file);
        auto ledger = TRY(Ledger::open(path));
        ledger_.emplace(std::move(ledger));
        drift_ = TRY(look_for_drift(*ledger_, *job_, relation_));
        if (drift_ && wanted_->on_schema_drift == OnSchemaDrift::Warn) warn({drift_->sentence});
        TRY(read_runs());
        if (!unfinished_ || options_->is_fresh) return {};
        if (unfinished_->plan_hash == plan_.hash) return {};
        return fail(
            ErrorClass::Config,
            fmt::format("run {} of export {} is not finished, and the plan changed since: {}",
                        unfinished_->run_id, wanted_->name,
                        plan_difference(unfinished_->plan_json, plan_.json)),
            "undo the change to finish that run, or give it up with --fresh");
    }

    void warn(const std::vector<std::string>& sentences) {
        summary_.warnings.insert(summary_.warnings.end(), sentences.begin(), sentences.end());
    }

    Status read_runs() {
        unfinished_.reset();
        last_done_.reset();
        LedgerFilter filter;
        filter.export_name = wanted_->name;
        filter.limit = 1000;
        for (const RunRecord& run : TRY(ledger_->runs(filter))) {
            const bool is_unfinished =
                run.status == RunStatus::Running || run.status == RunStatus::Failed;
            // Under {run_id} or {date} the unfinished run stands elsewhere than a new one would.
            if (is_unfinished && !unfinished_) unfinished_ = run;
            if (run.status == RunStatus::Done && !last_done_) last_done_ = run;
        }
        return {};
    }

    /// The runs were read before the lease was held: whoever held it then may have ended the run
    /// that is to be resumed, or left one that is not known here. Nothing was changed yet.
    Status check_still_so() {
        const std::string before = unfinished_ ? unfinished_->run_id : "";
        TRY(read_runs());
        if ((unfinished_ ? unfinished_->run_id : "") == before) return {};
        return fail(ErrorClass::Retryable,
                    fmt::format("another process worked on {} meanwhile", run_.prefix),
                    "run again");
    }

    Result<bool> is_unchanged() {
        if (options_->is_fresh || unfinished_ || !last_done_ || state_.source_state.empty()) {
            return false;
        }
        if (last_done_->plan_hash != plan_.hash) return false;
        const auto recorded = parse_run_state(last_done_->source_state, last_done_->run_id);
        if (!recorded || recorded->source_state != state_.source_state) return false;
        const auto manifest = TRY(standing_copy(*last_done_));
        if (!manifest) return false;
        // The rules may be newer than the copy. One that breaks them is made again, and refused.
        summary_.quality =
            TRY(judge_quality(*job_, copy_place(*ledger_, last_done_->prefix), *manifest));
        if (!refuse_broken(summary_.quality, wanted_->name)) return false;
        const ManifestTotals totals = manifest->totals();
        summary_.run_id = last_done_->run_id;
        summary_.prefix = last_done_->prefix;
        summary_.rows = totals.rows;
        summary_.parts = totals.parts;
        summary_.bytes = totals.bytes;
        return true;
    }

    /// Decides what will be read, as a value.
    Status plan() {
        if (unfinished_ && !options_->is_fresh) return plan_resume();
        const UnixMicros now = job_->clock->now();
        run_.run_id = fmt::format("{}-{}-{}", run_id_stem(*wanted_), compact_time(now),
                                  random_hex(*job_->random, 4));
        run_.export_name = wanted_->name;
        run_.prefix = prefix_of(*wanted_, run_.run_id, now);
        run_.plan_hash = plan_.hash;
        run_.plan_json = plan_.json;
        run_.started_at = now;
        job_->progress->begin_phase({.name = "planning " + wanted_->name});
        ChunkPlan chunks = TRY(plan_chunks(*sessions_[0], relation_, *wanted_));
        warn(chunks.warnings);
        key_ = chunks.key;
        state_.is_whole = !key_.has_value();
        if (key_) state_.key = key_->columns;
        const bool may_cut = key_ && key_->is_ordered && chunks.kind != ChunkKind::Count &&
                             chunks.kind != ChunkKind::Days && chunks.kind != ChunkKind::Dense;
        state_.rows_target = may_cut ? chunks.rows_target : 0;
        run_.source_state = to_json(state_);
        for (const PlannedChunk& chunk : chunks.chunks) {
            new_chunks_.push_back({std::string(name_of(chunks.kind)),
                                   json::write(to_json(chunk.bounds)),
                                   chunk.rows_estimate.value_or(0)});
        }
        rows_expected_ = chunks.rows_estimate.value_or(0);
        return {};
    }

    Status plan_resume() {
        run_ = *unfinished_;
        const std::string now_state = state_.source_state;
        state_ = TRY(parse_run_state(run_.source_state, run_.run_id));
        is_mixed_ = state_.source_state != now_state || now_state.empty();
        if (!state_.is_whole) key_ = TRY(sessions_[0]->key_of(relation_, state_.key));
        summary_.is_resumed = true;
        if (is_mixed_ && job_->config->source.consistency == Consistency::Snapshot) {
            summary_.warnings.push_back(
                fmt::format("{}: the source changed, or may have, since run {} began; its chunks "
                            "come from more than one state of the source (--fresh reads all of "
                            "them again)",
                            wanted_->name, run_.run_id));
        }
        return {};
    }

    /// Nobody else works on the prefix, nobody takes it for complete, and the ledger knows the
    /// plan, before the first byte changes.
    Status protect() {
        summary_.run_id = run_.run_id;
        summary_.prefix = run_.prefix;
        auto hold = TRY(Hold::take(*ledger_, *job_, {run_.prefix, "run " + run_.run_id}));
        hold_.emplace(std::move(hold));
        TRY(check_still_so());
        auto destination = TRY(Destination::open_local(run_.prefix));
        TRY(hold_->enter(std::move(destination)));
        if (unfinished_ && options_->is_fresh) {
            TRY(ledger_->abandon_run(unfinished_->run_id, job_->clock->now()));
            TRY(event("run_abandoned", {{"run", unfinished_->run_id}}));
        }
        TRY(remove_success(run_.prefix));
        if (unfinished_ && !options_->is_fresh) return protect_resume();
        TRY(ledger_->begin_run(run_, new_chunks_));
        if (drift_) TRY(event("schema_changed", {{"changes", drift_->changes}}));
        return event("run_started", {{"prefix", run_.prefix}, {"chunks", new_chunks_.size()}});
    }

    Status protect_resume() {
        const std::vector<std::string> ours = {run_.run_id};
        TRY(hold_->destination().sweep_temporaries(ours));
        TRY(ledger_->rearm(run_.run_id));
        for (const PartRecord& part :
             TRY(parts_gone(*ledger_, run_.run_id, hold_->destination()))) {
            TRY(ledger_->reopen_chunk(run_.run_id, part.chunk_id,
                                      fmt::format("{} is missing or has another size", part.path)));
        }
        return event("run_resumed", {});
    }

    Status apply_verify_record() {
        TRY(apply());
        TRY(verify());
        TRY(hold_->stop().check());
        return record();
    }

    Status apply() {
        const auto chunks = TRY(ledger_->chunks(run_.run_id));
        const auto pending = std::ranges::count_if(
            chunks, [](const ChunkRecord& chunk) { return chunk.status != ChunkStatus::Done; });
        job_->progress->begin_phase(
            {.name = (summary_.is_resumed ? "resuming " : "extracting ") + wanted_->name,
             .units_total = static_cast<std::uint64_t>(pending),
             .rows_expected = static_cast<std::uint64_t>(rows_expected_)});
        ChunkWriting writing = chunk_writing(*job_, relation_, added_, key_);
        writing.added.exported_at = run_.started_at;
        writing.run_id = run_.run_id;
        writing.plan_hash = plan_.hash;
        writing.stop = &hold_->stop();
        reads_rows_ = pending > 0;
        // One chunk that cannot be cut needs one worker.
        if (pending <= 1 && state_.rows_target == 0) sessions_.resize(1);
        const Engines engines = TRY(open_engines(wanted_->tuning, sessions_.size()));
        const auto governor = govern();
        WorkerPool pool(*job_, {.ledger = &*ledger_,
                                .hold = &*hold_,
                                .writing = &writing,
                                .rows_target = state_.rows_target,
                                .skips_empty = wanted_->output.skips_empty,
                                .attempts_max = std::max(wanted_->chunking.attempts_max, 1),
                                .governor = governor.get()});
        const auto outcome = TRY(pool.run(sessions_, engines.sessions));
        if (governor) {
            summary_.governed = governor->rest();
            warn(summary_.governed->warnings);
        }
        summary_.retries = outcome.retries;
        summary_.values_nulled = outcome.values_nulled;
        for (const auto& session : sessions_) summary_.load.add(session->load());
        return {};
    }

    /// Watches the source while the workers work; null when that is not wanted.
    std::unique_ptr<Governor> govern() {
        const int workers = static_cast<int>(sessions_.size());
        const int workers_min = wanted_->tuning.workers_min;
        if (!is_governed(wanted_->tuning) || workers <= workers_min) return nullptr;
        auto governor = std::make_unique<Governor>(
            wanted_->name, [this, workers] { return database_->open_gauge(workers); },
            WorkerLimit::Range{workers_min, workers}, *job_->clock);
        governor->watch(job_->governor_interval, [this](const WorkerLimit::Change& change) {
            discard(event("workers_changed",
                          {{"from", change.from}, {"to", change.to}, {"why", change.why}}),
                    "the workers meet the same failure of the ledger");
        });
        return governor;
    }

    /// The parts the ledger claims are the files that stand there.
    Status verify() {
        for (const ChunkRecord& chunk : TRY(ledger_->chunks(run_.run_id))) {
            CHECK(chunk.status == ChunkStatus::Done);
            ++summary_.chunks;
        }
        const std::vector<PartRecord> gone =
            TRY(parts_gone(*ledger_, run_.run_id, hold_->destination()));
        if (gone.empty()) return {};
        return fail(ErrorClass::Integrity,
                    fmt::format("{} changed while the run was at work",
                                hold_->destination().path_of(gone.front().path)),
                    "run again: the chunk of that part is read again");
    }

    Status record() {
        ManifestOrigin origin{source_identity(*wanted_, database_->identity(), relation_),
                              &relation_, &added_, state_.key};
        origin.source.snapshot_id = state_.source_state;
        origin.source.consistency = consistency_name(
            relation_, is_mixed_ ? Consistency::Chunk : job_->config->source.consistency);
        const Manifest manifest = TRY(manifest_of_run(*job_, *ledger_, run_, origin));
        is_stale_ = is_mixed_ && !reads_rows_;
        summary_.quality = TRY(require_quality(*job_, *ledger_, run_.prefix, manifest));
        is_stale_ = false;
        warn(skipped_rules(summary_.quality, wanted_->name));
        TRY(hold_->stop().check());
        TRY(write_manifest(run_.prefix, manifest));
        FAULT_POINT("run: after the manifest");
        const RunRecord ended =
            TRY(ledger_->finish_run(run_.run_id, {RunStatus::Done, job_->clock->now(), "", {}}));
        FAULT_POINT("run: after the ledger");
        summary_.rows = ended.rows;
        summary_.parts = ended.parts;
        summary_.bytes = ended.bytes;
        TRY(ledger_->set_schema_baseline(
            {wanted_->name, schema_json(relation_), run_.run_id, job_->clock->now()}));
        TRY(ledger_->record_metric(
            metric_of(ended, summary_, std::ssize(sessions_), job_->clock->now())));
        return event("run_done",
                     {{"rows", ended.rows}, {"parts", ended.parts}, {"bytes", ended.bytes}});
    }

    /// The run stays resumable; the error goes on. A run that may be somebody else's by now is left
    /// as it is.
    Status record_failure(Error error) {
        if (!hold_->is_lost()) {
            discard(ledger_->finish_run(run_.run_id,
                                        {RunStatus::Failed, job_->clock->now(), error.message, {}}),
                    "the error that led here is the one to tell");
            discard(event("run_failed", {{"error", error.message}}), "as above");
        }
        if (error.hint.empty()) error.hint = "run again: it goes on where it stopped";
        return std::unexpected(std::move(error));
    }

    Status event(std::string kind, const json::Value& detail) {
        return record_event(*ledger_, *job_, run_.run_id, std::move(kind), detail);
    }

    const JobContext* job_;
    const Export* wanted_;
    const RunOptions* options_;
    std::unique_ptr<SourceDatabase> database_;
    std::vector<std::unique_ptr<SourceSession>> sessions_;
    Relation relation_;
    AddedColumns added_;
    std::optional<SchemaDrift> drift_;
    PlanDocument plan_;
    std::optional<Ledger> ledger_;
    std::optional<Hold> hold_;  // After the ledger: it gives its lease back to it.
    std::optional<RunRecord> unfinished_;
    std::optional<RunRecord> last_done_;
    RunRecord run_;
    RunState state_;
    std::optional<ChunkKey> key_;
    std::vector<NewChunk> new_chunks_;
    std::int64_t rows_expected_ = 0;
    bool is_mixed_ = false;  // Chunks come from more than one state of the source.
    bool reads_rows_ = true;
    bool is_stale_ = false;
    RunSummary summary_;
};

}  // namespace

std::string_view name_of(RunOutcome outcome) {
    switch (outcome) {
        case RunOutcome::Done: return "done";
        case RunOutcome::Unchanged: return "unchanged";
        case RunOutcome::Written: return "written";
    }
    std::unreachable();
}

Result<RunSummary> run_export(const JobContext& job, const RunOptions& options) {
    if (job.wanted->destination.type == DestinationType::Stdout) return run_to_stdout(job);
    {
        ExportRun run(job, options);
        auto done = run.run();
        // A disk that is full or a signal says nothing of the rules; those rows are good to resume.
        const bool is_broken = !done && done.error().kind == ErrorClass::Integrity;
        if (!is_broken || !run.is_stale()) return done;
    }
    // The source may have been mended since, and nobody need be there to say --fresh.
    return ExportRun(job, {.is_fresh = true}).run();
}

}  // namespace trueup::extract
