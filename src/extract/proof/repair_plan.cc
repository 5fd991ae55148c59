#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "extract/proof/copy.h"
#include "extract/proof/repair.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

using core::Partition;
using core::PartitionVerdict;

template <class T>
const T* field_of(const Partition& partition, std::string_view name) {
    for (const auto& [key, value] : partition.fields) {
        if (key == name) return std::get_if<T>(&value);
    }
    return nullptr;
}

std::unexpected<Error> refuse(std::string message) {
    return fail(ErrorClass::Integrity, std::move(message), "reconcile again, and repair by that");
}

/// The report must be about the very copy that stands there.
Status check_report(const core::Report& report, const Copy& copy) {
    const RunRecord& run = copy.run;
    if (report.subject != run.export_name) {
        return refuse(fmt::format("the report is about export {}, not {}",
                                  printable(report.subject), run.export_name));
    }
    if (report.run_id != run.run_id) {
        return refuse(fmt::format("the report is about run {}, but the copy is of run {}",
                                  printable(report.run_id), run.run_id));
    }
    const auto manifest = std::ranges::find(report.partitions, kManifestKind, &Partition::kind);
    const auto* plan = manifest == report.partitions.end()
                           ? nullptr
                           : field_of<std::string>(*manifest, "plan_hash");
    const auto* generation = manifest == report.partitions.end()
                                 ? nullptr
                                 : field_of<std::int64_t>(*manifest, "generation");
    if (plan == nullptr || generation == nullptr) {
        return refuse("the report does not say which plan and generation it is about");
    }
    if (*plan != run.plan_hash) return refuse("the report was made under another plan");
    if (*generation != run.generation) {
        return refuse(fmt::format("the report is about generation {}, but the copy is at {}",
                                  *generation, run.generation));
    }
    return {};
}

Status add_chunk(const Partition& partition, const Copy& copy, RepairPlan& plan) {
    const auto id = parse_int64(partition.id);
    const auto chunk =
        id ? std::ranges::find(copy.chunks, *id, &CopyChunk::chunk_id) : copy.chunks.end();
    if (chunk == copy.chunks.end()) {
        return refuse(fmt::format("the report names chunk {}, which run {} does not have",
                                  printable(partition.id), copy.run.run_id));
    }
    const auto* bounds = field_of<std::string>(partition, "bounds");
    const auto parsed =
        bounds == nullptr ? fail(ErrorClass::Failed, "") : json::parse(*bounds, "bounds");
    const auto same = parsed ? parse_bounds(*parsed) : Result<Bounds>(fail(ErrorClass::Failed, ""));
    if (!same || *same != chunk->bounds) {
        return refuse(fmt::format("the report gives chunk {} other bounds than run {}",
                                  printable(partition.id), copy.run.run_id));
    }
    RepairAction action{*id, text_of(chunk->bounds), partition.note, {}};
    for (const CopyPart& part : chunk->parts) action.replaces.push_back(part.path);
    plan.actions.push_back(std::move(action));
    return {};
}

Status add_partition(const Partition& partition, const Copy& copy, RepairPlan& plan) {
    const std::string name = fmt::format("{} {}", partition.kind, partition.id);
    if (partition.verdict == PartitionVerdict::Match) return {};
    if (partition.kind == kManifestKind) return {};  // Judged anew: see plan_repair().
    if (partition.verdict == PartitionVerdict::Unknown) {
        plan.skipped.push_back({name, "it could not be looked at: " + partition.note});
        return {};
    }
    if (partition.kind == kChunkKind) return add_chunk(partition, copy, plan);
    plan.skipped.push_back({name, partition.note + "; only a new run can take these rows in"});
    return {};
}

}  // namespace

Result<RepairPlan> plan_repair(const JobContext& job, const core::Report& report) {
    const Ledger ledger = TRY(open_ledger_of(job));
    const Copy copy = TRY(open_copy(job, ledger, report.run_id));
    TRY(check_report(report, copy));
    if (!copy.unfinished_run.empty()) {
        return fail(ErrorClass::Failed,
                    fmt::format("run {} is not finished and works under the same prefix {}",
                                copy.unfinished_run, copy.run.prefix),
                    "finish it with trueup extract run, or give it up with --fresh");
    }
    if (!copy.is_current) {
        return fail(ErrorClass::Failed,
                    fmt::format("run {} is not the last one under {}: only that can be repaired",
                                copy.run.run_id, copy.run.prefix));
    }
    RepairPlan plan;
    plan.export_name = copy.run.export_name;
    plan.run_id = copy.run.run_id;
    plan.plan_hash = copy.run.plan_hash;
    plan.prefix = copy.run.prefix;
    plan.generation = copy.run.generation;
    for (const Partition& partition : report.partitions) {
        TRY(add_partition(partition, copy, plan));
    }
    if (copy.manifest && copy.manifest->run_id == copy.run.run_id &&
        copy.manifest->generation > copy.run.generation) {
        return fail(ErrorClass::Integrity,
                    fmt::format("{} is at generation {}, but the ledger {} at {}: it is an older "
                                "one, or another one's",
                                copy.manifest_file, copy.manifest->generation, ledger.path(),
                                copy.run.generation),
                    "bring the newer ledger back, or make a new copy with --fresh");
    }
    if (!copy.disagreements.empty()) plan.manifest_reason = copy.disagreements.front();
    return plan;
}

std::string to_text(const RepairPlan& plan) {
    std::string text = fmt::format("repair of {}, run {}, generation {}\n", plan.export_name,
                                   plan.run_id, plan.generation);
    for (const RepairAction& action : plan.actions) {
        text += fmt::format("  read chunk {} again, {}: {}\n", action.chunk_id, action.bounds,
                            action.reason);
        for (const std::string& file : action.replaces) {
            text += fmt::format("    replaces {}\n", file);
        }
    }
    if (!plan.manifest_reason.empty()) {
        text += fmt::format("  write the manifest again: {}\n", plan.manifest_reason);
    }
    for (const RepairSkip& skip : plan.skipped) {
        text += fmt::format("  cannot mend {}: {}\n", skip.partition, skip.reason);
    }
    if (plan.is_empty()) text += "  nothing to do\n";
    return text;
}

std::string to_json(const RepairPlan& plan) {
    json::Value actions = json::Value::array();
    for (const RepairAction& action : plan.actions) {
        actions.push_back({{"chunk", action.chunk_id},
                           {"bounds", action.bounds},
                           {"reason", action.reason},
                           {"replaces", action.replaces}});
    }
    json::Value skipped = json::Value::array();
    for (const RepairSkip& skip : plan.skipped) {
        skipped.push_back({{"partition", skip.partition}, {"reason", skip.reason}});
    }
    return json::write({{"export", plan.export_name},
                        {"run_id", plan.run_id},
                        {"plan_hash", plan.plan_hash},
                        {"prefix", plan.prefix},
                        {"generation", plan.generation},
                        {"actions", actions},
                        {"manifest", plan.manifest_reason},
                        {"skipped", skipped}});
}

}  // namespace trueup::extract
