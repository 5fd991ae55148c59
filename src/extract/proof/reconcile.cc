#include "extract/proof/reconcile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "base/signal.h"
#include "base/text.h"
#include "extract/proof/copy.h"
#include "extract/proof/judge.h"
#include "extract/proof/rows.h"
#include "extract/proof/rows_file.h"
#include "extract/proof/workers.h"
#include "extract/run/engines.h"
#include "extract/run/journal.h"
#include "extract/run/retry.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

using core::Partition;
using core::PartitionVerdict;

constexpr std::chrono::milliseconds kSettlePause{1000};
constexpr std::chrono::milliseconds kSettlePauseMax{60'000};

/// The truth's side: connections that see one state of the source, or one state each.
struct Truth {
    std::unique_ptr<SourceDatabase> database;
    std::vector<std::unique_ptr<SourceSession>> sessions;
    Relation relation;
    std::optional<ChunkKey> key;
};

class Reconciliation {
  public:
    Reconciliation(const JobContext& job, const ReconcileOptions& options)
        : job_(&job), wanted_(job.wanted), options_(&options) {
        judging_.wait = options.wait ? options.wait : real_wait();
    }

    Result<core::Report> run() {
        report_.started_at = job_->clock->now();
        if (!options_->stable_after.empty()) {
            return fail(ErrorClass::Config, "--stable-after is not available yet");
        }
        auto ledger = TRY(open_ledger_of(*job_));
        ledger_.emplace(std::move(ledger));
        copy_ = TRY(open_copy(*job_, *ledger_, options_->run_id));
        TRY(open_truth());
        TRY(refuse_other_plan());
        TRY(prepare());
        TRY(look_at_all());
        TRY(settle());
        if (evidence_ == Evidence::Rows) TRY(find_rows());
        make_report();
        TRY(record());
        return std::move(report_);
    }

  private:
    Status open_truth() {
        const int wanted = options_->workers > 0 ? options_->workers : wanted_->tuning.workers;
        workers_ = std::clamp(wanted, 1, std::max(1, static_cast<int>(copy_.chunks.size())));
        return with_retries(
            *job_, [this] { return describe_truth(); }, judging_.wait);
    }

    Status describe_truth() {
        truth_.sessions.clear();
        truth_.database = TRY(open_database(job_->config->source, limits_of(wanted_->tuning)));
        TRY(open_sessions());
        truth_.relation = TRY(truth_.sessions[0]->describe(*wanted_));
        if (!copy_.is_whole) {
            truth_.key = TRY(truth_.sessions[0]->key_of(truth_.relation, copy_.key_columns));
        }
        return {};
    }

    Status open_sessions() {
        truth_.sessions.clear();  // First: a source may allow only so many.
        truth_.sessions =
            TRY(truth_.database->open_sessions(workers_, job_->config->source.consistency));
        return {};
    }

    Status refuse_other_plan() {
        const PlanDocument plan =
            plan_document(*job_, truth_.database->identity(), truth_.relation);
        if (plan.hash == copy_.run.plan_hash) return {};
        return fail(ErrorClass::Config,
                    fmt::format("run {} of export {} was made under another plan, so the two "
                                "cannot be compared; what differs: {}",
                                copy_.run.run_id, wanted_->name,
                                plan_difference(copy_.run.plan_json, plan.json)),
                    "undo the change, or make a new copy with trueup extract run");
    }

    Status prepare() {
        evidence_ =
            options_->evidence.value_or(copy_.has_digests() ? Evidence::Digest : Evidence::Count);
        judging_.added = TRY(added_columns(*wanted_, truth_.relation));
        judging_.added.exported_at = copy_.run.started_at;
        columns_ = extract::part_columns(truth_.relation, judging_.added);
        format_ = part_format(*wanted_);
        judging_.job = job_;
        judging_.relation = &truth_.relation;
        judging_.key = truth_.key ? &*truth_.key : nullptr;
        judging_.evidence = evidence_;
        judging_.copy_side = options_->copy_side;
        judging_.files = {copy_.run.prefix, &columns_, &format_};
        engines_ = TRY(open_engines(wanted_->tuning, static_cast<std::size_t>(workers_),
                                    join_path(parent_path(ledger_->path()), "spill")));
        for (std::size_t i = 0; i < copy_.chunks.size(); ++i) {
            const auto& only = options_->only_chunks;
            const bool is_wanted =
                !only || std::ranges::find(*only, copy_.chunks[i].chunk_id) != only->end();
            if (is_wanted) wanted_chunks_.push_back(i);
        }
        if (!options_->only_chunks) {
            gaps_ = gaps_of(copy_, truth_.key && truth_.key->may_be_null);
        }
        return {};
    }

    /// The chunks and gaps numbered by `items`; the same numbers as in `partitions_`.
    Status look_at(const std::vector<std::size_t>& items) {
        const Status looked = for_each_item(
            truth_.sessions.size(), items.size(),
            [&](std::size_t worker, std::size_t item) -> Status {
                const Bench bench{truth_.sessions[worker].get(), engines_.sessions[worker].get()};
                const std::size_t at = items[item];
                const std::size_t chunks = wanted_chunks_.size();
                auto judged = at < chunks
                                  ? judge_chunk(bench, judging_, copy_.chunks[wanted_chunks_[at]])
                                  : judge_gap(bench, judging_, gaps_[at - chunks]);
                partitions_[at] = TRY(std::move(judged));
                if (job_->progress != nullptr) job_->progress->add_units(1);
                return {};
            });
        TRY(looked);
        return look_again_without_lost_sessions(items);
    }

    /// What a worker could not see any more, the others may.
    Status look_again_without_lost_sessions(const std::vector<std::size_t>& items) {
        const auto is_gone = [](const auto& session) { return session->is_gone(); };
        const auto gone = std::ranges::count_if(truth_.sessions, is_gone);
        if (gone == 0 || gone == std::ssize(truth_.sessions)) return {};
        std::erase_if(truth_.sessions, is_gone);
        std::vector<std::size_t> left;
        std::ranges::copy_if(items, std::back_inserter(left), [&](std::size_t item) {
            return partitions_[item].verdict == PartitionVerdict::Unknown;
        });
        if (left.empty()) return {};
        begin_phase(fmt::format("looking again at {}", wanted_->name), left.size());
        return look_at(left);
    }

    void begin_phase(std::string name, std::size_t units) {
        if (job_->progress == nullptr) return;
        const bool is_streamed = evidence_ != Evidence::Count && copy_.run.rows > 0;
        job_->progress->begin_phase(
            {.name = std::move(name),
             .units_total = units,
             .rows_expected = is_streamed ? static_cast<std::uint64_t>(copy_.run.rows) : 0});
    }

    Status look_at_all() {
        partitions_.resize(wanted_chunks_.size() + gaps_.size());
        std::vector<std::size_t> items(partitions_.size());
        for (std::size_t i = 0; i < items.size(); ++i) items[i] = i;
        begin_phase("reconciling " + wanted_->name, items.size());
        return look_at(items);
    }

    /// A live source may have been caught in the middle: what still differs after a while counts.
    Status settle() {
        auto pause = kSettlePause;
        for (int look = 1; look <= options_->settle; ++look) {
            std::vector<std::size_t> items;
            for (std::size_t i = 0; i < partitions_.size(); ++i) {
                if (partitions_[i].verdict == PartitionVerdict::Mismatch) items.push_back(i);
            }
            if (items.empty()) return {};
            // A snapshot that is kept open while nobody reads holds writers up.
            truth_.sessions.clear();
            TRY(judging_.wait(pause));
            pause = std::min(pause * 2, kSettlePauseMax);
            TRY(open_sessions());
            begin_phase(fmt::format("looking again at {}", wanted_->name), items.size());
            TRY(look_at(items));
            for (const std::size_t item : items) tell_of_look(partitions_[item], look + 1);
        }
        return {};
    }

    static void tell_of_look(Partition& partition, int look) {
        partition.fields.emplace_back("looks", std::int64_t{look});
        if (partition.verdict != PartitionVerdict::Match) return;
        partition.note = fmt::format("settled at look {}", look);
    }

    /// The columns that name a row: the chunk key when it does, else the best key that does.
    std::vector<std::string> row_key() const {
        const auto names_rows = [&](const ChunkKey& key) {
            return key.is_unique && !key.is_physical;
        };
        if (truth_.key && names_rows(*truth_.key)) return truth_.key->columns;
        for (const ChunkKey& key : truth_.relation.keys) {
            if (names_rows(key)) return key.columns;
        }
        return {};
    }

    Status find_rows() {
        RowsFile file(options_->rows_out);
        TRY(file.open());
        begin_phase("comparing rows of " + wanted_->name, 0);
        for (std::size_t i = 0; i < wanted_chunks_.size(); ++i) {
            if (partitions_[i].verdict != PartitionVerdict::Mismatch) continue;
            TRY(check_interrupt());
            auto found = rows_of(copy_.chunks[wanted_chunks_[i]], file);
            const bool is_interrupted = !found && found.error().kind == ErrorClass::Interrupted;
            if (is_interrupted) return std::unexpected(std::move(found).error());
            tell(partitions_[i], found);
        }
        return file.close();
    }

    Result<RowDifferences> rows_of(const CopyChunk& chunk, RowsFile& file) {
        RowComparison comparison;
        comparison.engine = engines_.engine.get();
        comparison.source = truth_.sessions[0].get();
        comparison.request = {.relation = &truth_.relation,
                              .key = judging_.key,
                              .bounds = chunk.bounds,
                              .value_bytes_max = wanted_->tuning.value_bytes_max};
        comparison.chunk_id = chunk.chunk_id;
        comparison.format = format_;
        comparison.part_columns = columns_;
        comparison.key = row_key();
        for (const CopyPart& part : chunk.parts) {
            comparison.parts.push_back(join_path(copy_.run.prefix, part.path));
        }
        return compare_rows(comparison, [&](std::string_view line) { return file.add(line); });
    }

    static void tell(Partition& partition, const Result<RowDifferences>& compared) {
        if (!compared) {
            partition.note += "; its rows could not be compared: " + compared.error().message;
            return;
        }
        const RowDifferences& found = *compared;
        partition.fields.emplace_back("missing", found.missing);
        partition.fields.emplace_back("extra", found.extra);
        partition.fields.emplace_back("changed", found.changed);
        if (!found.first.empty()) partition.fields.emplace_back("rows", found.first);
        partition.note +=
            fmt::format("{}{} missing, {} extra, {} changed", partition.note.empty() ? "" : "; ",
                        grouped(found.missing), grouped(found.extra), grouped(found.changed));
    }

    Partition manifest_partition() const {
        Partition partition{.kind = std::string(kManifestKind), .id = copy_.manifest_file};
        partition.verdict =
            copy_.disagreements.empty() ? PartitionVerdict::Match : PartitionVerdict::Mismatch;
        constexpr std::size_t kShownMax = 5;
        const auto& all = copy_.disagreements;
        const std::span shown(all.data(), std::min(all.size(), kShownMax));
        partition.note = fmt::format("{}", fmt::join(shown, "; "));
        if (all.size() > kShownMax) {
            partition.note += fmt::format("; and {} more", all.size() - kShownMax);
        }
        partition.fields.emplace_back("plan_hash", copy_.run.plan_hash);
        partition.fields.emplace_back("generation", copy_.run.generation);
        if (!copy_.manifest_sha256.empty()) {
            partition.fields.emplace_back("sha256", copy_.manifest_sha256);
        }
        return partition;
    }

    void make_report() {
        const DatabaseIdentity& database = truth_.database->identity();
        report_.command = "extract " + options_->command;
        report_.subject = wanted_->name;
        report_.run_id = copy_.run.run_id;
        report_.evidence = std::string(name_of(evidence_));
        report_.truth =
            fmt::format("{} {} {}", database.engine, database.database, truth_.relation.name);
        report_.copy = fmt::format(
            "{}:{}", options_->copy_side == CopySide::Parts ? "file" : "ledger", copy_.run.prefix);
        report_.partitions = std::move(partitions_);
        report_.partitions.push_back(manifest_partition());
        report_.finished_at = job_->clock->now();
    }

    Status record() {
        const core::Summary summary = report_.summary();
        const json::Value numbers = {
            {"partitions", summary.partitions},   {"match", summary.match},
            {"mismatch", summary.mismatch},       {"unknown", summary.unknown},
            {"truth_total", summary.truth_total}, {"copy_total", summary.copy_total}};
        VerificationRecord verification;
        verification.at = report_.finished_at;
        verification.export_name = wanted_->name;
        verification.run_id = copy_.run.run_id;
        verification.prefix = copy_.run.prefix;
        verification.generation = copy_.run.generation;
        verification.command = options_->command;
        verification.evidence = report_.evidence;
        verification.verdict = std::string(core::name_of(report_.verdict()));
        verification.summary_json = json::write(numbers);
        // The ledger's own figures verify nothing.
        if (report_.verdict() == core::Verdict::Clean && options_->copy_side == CopySide::Parts) {
            for (std::size_t i = 0; i < wanted_chunks_.size(); ++i) {
                const CopyChunk& chunk = copy_.chunks[wanted_chunks_[i]];
                verification.ranges.push_back(
                    {chunk.chunk_id, chunk.bounds_json, report_.partitions[i].truth.value_or(0)});
            }
        }
        TRY(ledger_->record_verification(verification));
        json::Value detail = numbers;
        detail["verdict"] = verification.verdict;
        detail["evidence"] = verification.evidence;
        return record_event(*ledger_, *job_, copy_.run.run_id, options_->command + "_compared",
                            detail);
    }

    const JobContext* job_;
    const Export* wanted_;
    const ReconcileOptions* options_;
    Evidence evidence_ = Evidence::Count;
    int workers_ = 1;
    std::optional<Ledger> ledger_;
    Copy copy_;
    Truth truth_;
    Judging judging_;
    std::vector<columnar::NamedType> columns_;
    columnar::PartFormat format_;
    Engines engines_;
    std::vector<std::size_t> wanted_chunks_;  // Places in copy_.chunks.
    std::vector<CopyGap> gaps_;
    std::vector<Partition> partitions_;  // Of the wanted chunks, then of the gaps.
    core::Report report_;
};

}  // namespace

std::string_view name_of(Evidence evidence) {
    switch (evidence) {
        case Evidence::Count: return "count";
        case Evidence::Digest: return "digest";
        case Evidence::Rows: return "rows";
    }
    std::unreachable();
}

Wait real_wait() { return wait_unless_interrupted; }

Result<core::Report> reconcile(const JobContext& job, const ReconcileOptions& options) {
    return Reconciliation(job, options).run();
}

}  // namespace trueup::extract
