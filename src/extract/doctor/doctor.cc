#include "extract/doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/signal.h"
#include "base/text.h"
#include "extract/doctor/destination_look.h"
#include "extract/ledger/ledger.h"
#include "extract/manifest/manifest_store.h"

namespace trueup::extract {
namespace {

std::string plural(std::int64_t count, std::string_view one) {
    return fmt::format("{} {}{}", grouped(count), one, count == 1 ? "" : "s");
}

std::optional<std::uint64_t> bytes_of(const Relation& relation) {
    if (!relation.rows_estimate || !relation.row_bytes_estimate) return std::nullopt;
    return static_cast<std::uint64_t>(*relation.rows_estimate) * *relation.row_bytes_estimate;
}

class Doctor {
  public:
    Doctor(const JobContext& job, const std::vector<const Export*>& exports)
        : job_(&job), exports_(&exports), look_(*job.random) {}

    Result<Diagnosis> run() {
        diagnosis_.started_at = job_->clock->now();
        examine_configuration();
        TRY(examine_source());
        examine_ledger();
        for (const Export* wanted : *exports_) TRY(examine_export(*wanted));
        diagnosis_.finished_at = job_->clock->now();
        return std::move(diagnosis_);
    }

  private:
    void begin(const std::string& what) const { job_->progress->begin_phase({.name = what}); }

    void examine_configuration() {
        const Config& config = *job_->config;
        Examined& examined = add("configuration", config.file);
        examined.observations.push_back(
            fine("file", "valid, with " + plural(std::ssize(config.exports), "export")));
        for (const std::string& sentence : config.warnings) {
            const std::size_t number = examined.observations.size();
            examined.observations.push_back(warning(fmt::format("warning {}", number), sentence));
        }
    }

    Status examine_source() {
        begin("looking at the source");
        Examined& examined = add("source", name_of_source());
        const auto started = job_->clock->monotonic();
        auto opened = open_database(job_->config->source, limits_of(exports_->front()->tuning));
        if (!opened) return give_up(examined, "reach", opened.error());
        const std::chrono::duration<double> took = job_->clock->monotonic() - started;
        database_ = *std::move(opened);
        examined.subject = name_of_source();
        examined.observations.push_back(
            fine("reach", fmt::format("answered in {}", human_seconds(took.count()))));
        auto observations = database_->examine(needs());
        if (!observations) return give_up(examined, "state", observations.error());
        std::ranges::move(*observations, std::back_inserter(examined.observations));
        diagnosis_.source = examined.subject;
        return {};
    }

    SourceNeeds needs() const {
        SourceNeeds needs{.consistency = job_->config->source.consistency};
        for (const Export* wanted : *exports_) {
            needs.sessions = std::max(needs.sessions, wanted->tuning.workers);
            needs.is_governed = needs.is_governed || is_governed(wanted->tuning);
        }
        return needs;
    }

    std::string name_of_source() const {
        const Source& source = job_->config->source;
        if (database_) {
            return fmt::format("{} {}", database_->identity().engine,
                               database_->identity().database);
        }
        const std::string place = source.path.empty()
                                      ? fmt::format("{}:{}/{}", source.server.host,
                                                    source.server.port, source.server.database)
                                      : source.path;
        return fmt::format("{} {}", name_of(source.engine), place);
    }

    void examine_ledger() {
        const std::string path = ledger_path(job_->config->file);
        Examined& examined = add("ledger", path);
        auto opened = Ledger::open_read_only(path);
        if (!opened) {
            examined.observations.push_back(failure("ledger", opened.error()));
            return;
        }
        const auto folder = nearest_folder(parent_path(path));
        const Status tried =
            folder ? look_.try_out(*folder) : Status(std::unexpected(folder.error()));
        if (!tried) {
            examined.observations.push_back(failure("ledger", tried.error()));
            return;
        }
        const bool is_there = opened->has_value();
        if (is_there) ledger_.emplace(**std::move(opened));
        examined.observations.push_back(
            fine("ledger", is_there ? "it can be read and written"
                                    : "there is none yet, and it can be made"));
    }

    Status examine_export(const Export& wanted) {
        TRY(check_interrupt());
        begin("looking at " + wanted.name);
        Examined examined{.kind = "export", .subject = wanted.name, .observations = {}};
        const auto relation = TRY(examine_relation(wanted, examined.observations));
        if (wanted.destination.type == DestinationType::Stdout) {
            examined.observations.push_back(fine("destination", "standard output"));
        } else {
            examine_destination(wanted, relation, examined.observations);
        }
        diagnosis_.examined.push_back(std::move(examined));
        return {};
    }

    Result<std::optional<Relation>> examine_relation(const Export& wanted,
                                                     Observations& observations) {
        if (!database_) {
            observations.push_back(
                unknown("relation", "not looked at: the source was not reached"));
            return std::optional<Relation>();
        }
        auto relation = look_at_relation(wanted, observations);
        if (relation) return std::optional(*std::move(relation));
        if (relation.error().kind == ErrorClass::Interrupted) {
            return std::unexpected(std::move(relation).error());
        }
        observations.push_back(failure("relation", std::move(relation).error()));
        return std::optional<Relation>();
    }

    Result<Relation> look_at_relation(const Export& wanted, Observations& observations) {
        const auto sessions = TRY(database_->open_sessions(1, Consistency::Chunk));
        Relation relation = TRY(sessions.front()->describe(wanted));
        Observations access = TRY(sessions.front()->examine(relation));
        std::string size = plural(std::ssize(relation.columns), "column");
        if (relation.rows_estimate) size += ", about " + plural(*relation.rows_estimate, "row");
        observations.push_back(fine("relation", fmt::format("{}: {}", relation.name, size)));
        std::ranges::move(access, std::back_inserter(observations));
        return relation;
    }

    void examine_destination(const Export& wanted, const std::optional<Relation>& relation,
                             Observations& observations) {
        const UnixMicros now = job_->clock->now();
        const std::string prefix = prefix_of(wanted, run_id_stem(wanted), now);
        const auto bytes = relation ? bytes_of(*relation) : std::nullopt;
        std::ranges::move(look_.examine(prefix, bytes), std::back_inserter(observations));
        observations.push_back(earlier_run(wanted, prefix, relation));
    }

    /// What a run would find that an earlier one left.
    Observation earlier_run(const Export& wanted, const std::string& prefix,
                            const std::optional<Relation>& relation) const {
        constexpr const char* kTopic = "earlier run";
        if (ledger_) {
            // Under {run_id} or {date} it stands elsewhere than the next one would.
            const auto runs = ledger_->runs({.export_name = wanted.name, .limit = 1000});
            if (!runs) return unknown(kTopic, runs.error().message);
            const auto run = std::ranges::find_if(*runs, [](const RunRecord& one) {
                return one.status == RunStatus::Running || one.status == RunStatus::Failed;
            });
            if (run != runs->end()) return unfinished_run(wanted, *run, relation);
        }
        const auto manifest = read_manifest(prefix);
        if (!manifest) {
            return warning(kTopic, manifest.error().message,
                           "trueup extract validate says what is damaged");
        }
        if (!*manifest) return fine(kTopic, "none");
        const std::string& run_id = (*manifest)->run_id;
        const auto known = ledger_ ? ledger_->find_run(run_id) : Result<std::optional<RunRecord>>();
        if (!known) return unknown(kTopic, known.error().message);
        if (*known) return fine(kTopic, fmt::format("{} is complete", run_id));
        return warning(kTopic,
                       fmt::format("{} holds {}, a run of another configuration", prefix, run_id),
                       "a run would take its place: choose another destination to keep it");
    }

    Observation unfinished_run(const Export& wanted, const RunRecord& run,
                               const std::optional<Relation>& relation) const {
        constexpr const char* kTopic = "earlier run";
        if (!relation) return fine(kTopic, run.run_id + " is not finished");
        JobContext job = *job_;
        job.wanted = &wanted;
        const PlanDocument plan = plan_document(job, database_->identity(), *relation);
        if (plan.hash == run.plan_hash) {
            return fine(kTopic, run.run_id + " is not finished: the next one goes on with it");
        }
        return failure(kTopic, {ErrorClass::Config,
                                fmt::format("{} is not finished, and the plan changed since: {}",
                                            run.run_id, plan_difference(run.plan_json, plan.json)),
                                "undo the change to finish that run, or give it up with --fresh"});
    }

    Examined& add(std::string kind, std::string subject) {
        diagnosis_.examined.push_back({std::move(kind), std::move(subject), {}});
        return diagnosis_.examined.back();
    }
    static Status give_up(Examined& examined, std::string topic, const Error& error) {
        if (error.kind == ErrorClass::Interrupted) return std::unexpected(error);
        examined.observations.push_back(failure(std::move(topic), error));
        return {};
    }

    const JobContext* job_;
    const std::vector<const Export*>* exports_;
    DestinationLook look_;
    Diagnosis diagnosis_;
    std::unique_ptr<SourceDatabase> database_;
    std::optional<Ledger> ledger_;
};

core::PartitionVerdict verdict_of(Health health) {
    switch (health) {
        case Health::Ok:
        case Health::Warning: return core::PartitionVerdict::Match;
        case Health::Failure: return core::PartitionVerdict::Mismatch;
        case Health::Unknown: return core::PartitionVerdict::Unknown;
    }
    std::unreachable();
}

}  // namespace

Result<Diagnosis> diagnose(const JobContext& job, const std::vector<const Export*>& exports) {
    return Doctor(job, exports).run();
}

core::Report to_report(const Diagnosis& diagnosis, const std::string& config_file) {
    core::Report report;
    report.command = "extract doctor";
    report.subject = config_file;
    report.evidence = "probe";
    report.started_at = diagnosis.started_at;
    report.finished_at = diagnosis.finished_at;
    report.truth = diagnosis.source;
    for (const Examined& examined : diagnosis.examined) {
        const bool is_export = examined.kind == "export";
        for (const Observation& observation : examined.observations) {
            core::Partition partition;
            partition.kind = examined.kind;
            partition.id = is_export ? fmt::format("{}: {}", examined.subject, observation.topic)
                                     : observation.topic;
            partition.verdict = verdict_of(observation.health);
            partition.note = observation.sentence;
            partition.fields.emplace_back("health", std::string(name_of(observation.health)));
            if (!observation.hint.empty()) partition.fields.emplace_back("hint", observation.hint);
            report.partitions.push_back(std::move(partition));
        }
    }
    return report;
}

}  // namespace trueup::extract
