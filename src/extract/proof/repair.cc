#include "extract/proof/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/fault.h"
#include "extract/proof/copy.h"
#include "extract/proof/workers.h"
#include "extract/run/chunk_writer.h"
#include "extract/run/engines.h"
#include "extract/run/hold.h"
#include "extract/run/journal.h"
#include "extract/run/quality.h"
#include "extract/run/retry.h"
#include "extract/run/run_manifest.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

class Repair {
  public:
    Repair(const JobContext& job, const RepairPlan& plan, const RepairOptions& options)
        : job_(&job), wanted_(job.wanted), plan_(&plan), options_(&options) {}

    Result<RepairResult> run() {
        auto ledger = TRY(open_ledger_of(*job_));
        ledger_.emplace(std::move(ledger));
        TRY(protect());
        if (!plan_->actions.empty()) TRY(apply());
        TRY(swap_manifest());
        if (options_->purges) TRY(purge());
        TRY(event("repair_done", {{"generation", result_.generation},
                                  {"rows", result_.rows_written},
                                  {"parts", result_.parts_written}}));
        hold_.reset();
        TRY(verify());
        return std::move(result_);
    }

  private:
    /// Nobody else works under the prefix, the copy is the one the plan was made for, and nobody
    /// takes it for complete, before the first byte changes.
    Status protect() {
        auto hold = TRY(Hold::take(*ledger_, *job_, {plan_->prefix, "repair of " + plan_->run_id}));
        hold_.emplace(std::move(hold));
        auto destination = TRY(Destination::open_existing(plan_->prefix));
        TRY(hold_->enter(std::move(destination)));
        copy_ = TRY(open_copy(*job_, *ledger_, plan_->run_id));
        if (!copy_.is_current || !copy_.unfinished_run.empty() ||
            copy_.run.generation != plan_->generation || copy_.run.plan_hash != plan_->plan_hash) {
            return fail(ErrorClass::Integrity,
                        fmt::format("the copy of run {} changed since the repair was planned",
                                    plan_->run_id),
                        "reconcile again, and repair by that");
        }
        TRY(with_retries(*job_, [this] { return inspect_source(); }));
        TRY(event("repair_started",
                  {{"chunks", plan_->actions.size()}, {"generation", plan_->generation}}));
        TRY(hold_->stop().check());
        TRY(remove_success(plan_->prefix));
        const std::vector<std::string> ours = {plan_->run_id};
        TRY(hold_->destination().sweep_temporaries(ours));
        return {};
    }

    Status inspect_source() {
        sessions_.clear();
        database_ = TRY(open_database(job_->config->source, limits_of(wanted_->tuning)));
        const int workers =
            options_->compare.workers > 0 ? options_->compare.workers : wanted_->tuning.workers;
        sessions_ = TRY(database_->open_sessions(
            std::clamp(workers, 1, std::max(1, static_cast<int>(plan_->actions.size()))),
            job_->config->source.consistency));
        relation_ = TRY(sessions_[0]->describe(*wanted_));
        const PlanDocument plan = plan_document(*job_, database_->identity(), relation_);
        if (plan.hash != plan_->plan_hash) {
            return fail(ErrorClass::Config,
                        fmt::format("run {} was made under another plan; what differs: {}",
                                    plan_->run_id, plan_difference(copy_.run.plan_json, plan.json)),
                        "undo the change, or make a new copy with trueup extract run");
        }
        added_ = TRY(added_columns(*wanted_, relation_));
        TRY(check_rules(wanted_->quality, relation_, added_));
        // The time of the run, not of the repair: the copy stays one that can be proven.
        added_.exported_at = copy_.run.started_at;
        if (!copy_.is_whole) key_ = TRY(sessions_[0]->key_of(relation_, copy_.key_columns));
        return {};
    }

    Status apply() {
        ChunkWriting writing = chunk_writing(*job_, relation_, added_, key_);
        writing.run_id = plan_->run_id;
        writing.plan_hash = plan_->plan_hash;
        writing.stop = &hold_->stop();
        const Engines engines = TRY(open_engines(wanted_->tuning, sessions_.size()));
        if (job_->progress != nullptr) {
            job_->progress->begin_phase(
                {.name = "repairing " + wanted_->name, .units_total = plan_->actions.size()});
        }
        std::vector<ChunkReplacement> replacements(plan_->actions.size());
        const auto write_one = [&](std::size_t worker, std::size_t item) -> Status {
            replacements[item] = TRY(write_again(*sessions_[worker], *engines.sessions[worker],
                                                 writing, plan_->actions[item].chunk_id));
            if (job_->progress != nullptr) job_->progress->add_units(1);
            return {};
        };
        TRY(for_each_item(sessions_.size(), plan_->actions.size(), write_one, hold_->stop()));
        for (const ChunkReplacement& replacement : replacements) {
            for (const PartRecord& part : replacement.parts) {
                result_.rows_written += part.rows;
                result_.parts_written.push_back(part.path);
            }
        }
        TRY(hold_->stop().check());
        FAULT_POINT("repair: before the ledger");
        TRY(ledger_->supersede(plan_->run_id, replacements, plan_->generation + 1));
        FAULT_POINT("repair: after the ledger");
        return {};
    }

    Result<ChunkReplacement> write_again(SourceSession& source, columnar::Session& engine,
                                         const ChunkWriting& writing, std::int64_t chunk_id) {
        const auto chunk = std::ranges::find(copy_.chunks, chunk_id, &CopyChunk::chunk_id);
        if (chunk == copy_.chunks.end()) {
            return fail(ErrorClass::Integrity,
                        fmt::format("run {} has no chunk {}", plan_->run_id, chunk_id));
        }
        const ChunkTask task{.chunk_id = chunk_id,
                             .kind = chunk->kind,
                             .bounds = chunk->bounds,
                             .rows_soft_max = 0,
                             .generation = plan_->generation + 1,
                             // As the run does: an export is never without a file by accident.
                             .keeps_empty = chunk_id == 1 && !wanted_->output.skips_empty};
        WrittenChunk written =
            TRY(write_chunk(source, engine, hold_->destination(), writing, task));
        return ChunkReplacement{chunk_id, std::move(written.parts)};
    }

    /// Where the rows came from: what the manifest that stood there says, else what is there now.
    SourceIdentity source_of_copy() {
        if (copy_.manifest && copy_.manifest->run_id == plan_->run_id)
            return copy_.manifest->source;
        const auto history = read_history(plan_->prefix, plan_->run_id);
        if (history && *history) return (**history).source;
        SourceIdentity source = source_identity(*wanted_, database_->identity(), relation_);
        source.consistency = consistency_name(relation_, Consistency::Chunk);
        return source;
    }

    /// Also when the plan only asks for this: a repair that died between ledger and manifest left
    /// them apart.
    Status swap_manifest() {
        TRY(hold_->stop().check());
        const auto run = TRY(ledger_->find_run(plan_->run_id));
        if (!run) return fail(ErrorClass::Bug, "the ledger lost run " + plan_->run_id);
        ManifestOrigin origin{source_of_copy(), &relation_, &added_, copy_.key_columns};
        if (run->generation > 1) {
            origin.source.consistency = consistency_name(relation_, Consistency::Chunk);
        }
        const Manifest manifest = TRY(manifest_of_run(*job_, *ledger_, *run, origin));
        // What the run promised of its rows holds for those that were read again.
        auto kept = require_quality(*job_, *ledger_, plan_->prefix, manifest);
        if (!kept) {
            kept.error().hint = "mend the source or change the rule, and repair again";
            return std::unexpected(std::move(kept).error());
        }
        TRY(hold_->stop().check());
        TRY(write_manifest(plan_->prefix, manifest));
        result_.generation = run->generation;
        FAULT_POINT("repair: after the manifest");
        return {};
    }

    /// All superseded files of the run, also those of a repair that died before its purge.
    Status purge() {
        for (const PartRecord& part : TRY(ledger_->parts(plan_->run_id))) {
            if (part.status != PartStatus::Superseded) continue;
            const auto info = TRY(file_info(hold_->destination().path_of(part.path)));
            if (!info) continue;
            TRY(hold_->stop().check());
            FAULT_POINT("repair: before a purge");
            TRY(hold_->destination().remove(part.path));
            result_.purged.push_back(part.path);
        }
        return {};
    }

    Status verify() {
        ReconcileOptions options = options_->compare;
        options.run_id = plan_->run_id;
        options.command = "repair";
        // What the evidence of the first look may not have seen must not pass the second.
        options.evidence.reset();
        options.copy_side = CopySide::Parts;
        options.rows_out.clear();
        options.only_chunks.emplace();
        for (const RepairAction& action : plan_->actions) {
            options.only_chunks->push_back(action.chunk_id);
        }
        sessions_.clear();
        result_.after = TRY(reconcile(*job_, options));
        result_.is_clean =
            result_.after.verdict() == core::Verdict::Clean && plan_->skipped.empty();
        return {};
    }

    Status event(std::string kind, const json::Value& detail) {
        return record_event(*ledger_, *job_, plan_->run_id, std::move(kind), detail);
    }

    const JobContext* job_;
    const Export* wanted_;
    const RepairPlan* plan_;
    const RepairOptions* options_;
    std::optional<Ledger> ledger_;
    std::optional<Hold> hold_;  // After the ledger: it gives its lease back to it.
    Copy copy_;
    std::unique_ptr<SourceDatabase> database_;
    std::vector<std::unique_ptr<SourceSession>> sessions_;
    Relation relation_;
    AddedColumns added_;
    std::optional<ChunkKey> key_;
    RepairResult result_;
};

}  // namespace

Result<RepairResult> execute_repair(const JobContext& job, const RepairPlan& plan,
                                    const RepairOptions& options) {
    return Repair(job, plan, options).run();
}

}  // namespace trueup::extract
