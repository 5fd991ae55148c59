#include "extract/proof/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "extract/destination/destination.h"
#include "extract/proof/copy.h"
#include "extract/proof/workers.h"
#include "extract/run/engines.h"

namespace trueup::extract {
namespace {

using core::Partition;
using core::PartitionVerdict;

/// A part to be looked at, with what its manifest says of all parts.
struct Listed {
    CopyPart part;
    std::string run_id;
    std::size_t shape = 0;  // Place in `shapes_`.
};

struct Shape {
    std::vector<columnar::NamedType> columns;
    columnar::PartFormat format;
};

class Validator {
  public:
    Validator(const JobContext& job, const ValidateOptions& options)
        : job_(&job), wanted_(job.wanted), options_(&options) {}

    Result<Validation> run() {
        out_.depth = options_->depth;
        out_.report.started_at = job_->clock->now();
        TRY(find_prefix());
        const auto info = TRY(file_info(out_.prefix));
        if (!info || !info->is_directory) {
            return fail(
                ErrorClass::Failed,
                fmt::format("there is no copy of {}: {} is no folder", wanted_->name, out_.prefix),
                "make a copy first: trueup extract run");
        }
        TRY(read_current());
        look_at_marker();
        read_histories();
        if (options_->depth != ValidateDepth::Light) {
            TRY(look_at_parts());
            find_untracked();
        }
        make_report();
        record();
        return std::move(out_);
    }

  private:
    Status find_prefix() {
        out_.prefix = options_->prefix;
        const std::string path = ledger_path(job_->config->file);
        auto opened = Ledger::open_read_only(path);
        if (opened && *opened) ledger_.emplace(std::move(**opened));
        if (!out_.prefix.empty()) {
            out_.prefix = absolute_path(out_.prefix);
            return {};
        }
        const auto run = TRY(wanted_run());
        if (!run && !options_->run_id.empty()) {
            return fail(ErrorClass::Failed, fmt::format("export {} has no run {} that is done",
                                                        wanted_->name, options_->run_id));
        }
        out_.prefix = run ? run->prefix : prefix_of(*wanted_, "", job_->clock->now());
        return {};
    }

    /// The one that was asked for, else the last one; nothing unless it is done.
    Result<std::optional<RunRecord>> wanted_run() {
        if (!ledger_) return std::nullopt;
        if (options_->run_id.empty()) return ledger_->latest_done(wanted_->name);
        auto run = TRY(ledger_->find_run(options_->run_id));
        const bool is_it =
            run && run->export_name == wanted_->name && run->status == RunStatus::Done;
        if (!is_it) return std::nullopt;
        return run;
    }

    void add(Partition partition, Flaw flaw, std::string sentence) {
        partition.note = sentence;
        if (flaw != Flaw::None) {
            partition.fields.emplace_back("code", std::string(code_of(flaw)));
            out_.findings.push_back({flaw, partition.id, std::move(sentence)});
        }
        out_.report.partitions.push_back(std::move(partition));
    }

    void add_flawed(std::string_view kind, std::string file, Flaw flaw, std::string sentence) {
        add({.kind = std::string(kind),
             .id = std::move(file),
             .verdict = PartitionVerdict::Mismatch},
            flaw, std::move(sentence));
    }

    /// One manifest that could not be had: damaged, or not to be read.
    void add_unreadable(std::string file, const Error& error) {
        const bool is_damaged = error.kind == ErrorClass::Integrity;
        add({.kind = "manifest",
             .id = std::move(file),
             .verdict = is_damaged ? PartitionVerdict::Mismatch : PartitionVerdict::Unknown},
            is_damaged ? Flaw::ManifestInconsistent : Flaw::ManifestReadError, error.message);
    }

    Status read_current() {
        const std::string name(kManifestName);
        const auto manifest = read_manifest(out_.prefix);
        if (!manifest) {
            add_unreadable(name, manifest.error());
            return {};
        }
        if (!*manifest) {
            add_flawed("manifest", name, Flaw::ManifestMissing, name + " is missing");
            return {};
        }
        current_run_ = (**manifest).run_id;
        const FileDigest digest = TRY(digest_file(join_path(out_.prefix, name)));
        current_sha256_ = digest.sha256;
        take(name, **manifest);
        return {};
    }

    void look_at_marker() {
        const std::string name(kMarkerName);
        const auto marker = check_marker(out_.prefix);
        Partition partition{.kind = "marker", .id = name};
        if (!marker) {
            add(std::move(partition), Flaw::ManifestReadError, marker.error().message);
            return;
        }
        partition.verdict =
            *marker == Marker::Valid ? PartitionVerdict::Match : PartitionVerdict::Mismatch;
        switch (*marker) {
            case Marker::Valid: add(std::move(partition), Flaw::None, ""); return;
            case Marker::Missing:
                add(std::move(partition), Flaw::SuccessMissing,
                    name + " is missing: the copy is not complete, or is being changed");
                return;
            case Marker::Malformed:
                add(std::move(partition), Flaw::SuccessMalformed,
                    name + " is not one line with the SHA-256 of a manifest");
                return;
            case Marker::Stale:
                add(std::move(partition), Flaw::SuccessStale,
                    fmt::format("{} belongs to another manifest than {}", name, kManifestName));
                return;
        }
    }

    void read_histories() {
        const auto run_ids = list_history(out_.prefix);
        if (!run_ids) {
            add({.kind = "manifest", .id = std::string(kHistoryFolder)}, Flaw::ListError,
                run_ids.error().message);
            return;
        }
        for (const std::string& run_id : *run_ids) read_one_history(run_id);
        const bool has_twin = std::ranges::find(*run_ids, current_run_) != run_ids->end();
        if (current_run_.empty() || has_twin) return;
        const std::string name = fmt::format("{}/{}.json", kHistoryFolder, current_run_);
        add_flawed("manifest", name, Flaw::ManifestMissing, name + " is missing");
    }

    void read_one_history(const std::string& run_id) {
        const std::string name = fmt::format("{}/{}.json", kHistoryFolder, run_id);
        tracked_.insert(name);
        const auto manifest = read_history(out_.prefix, run_id);
        if (!manifest || !*manifest) {
            if (!manifest) add_unreadable(name, manifest.error());
            return;
        }
        if (run_id != current_run_) {
            take(name, **manifest);
            return;
        }
        // The history of the current run lists the same parts: these were taken already.
        const auto digest = digest_file(join_path(out_.prefix, name));
        if (digest && digest->sha256 == current_sha256_) {
            add({.kind = "manifest", .id = name, .verdict = PartitionVerdict::Match}, Flaw::None,
                "");
        } else {
            add_flawed("manifest", name, Flaw::ManifestInconsistent,
                       fmt::format("{} is not what {} is", name, kManifestName));
        }
    }

    /// A manifest that was read: what it lists is to be looked at.
    void take(const std::string& file, const Manifest& manifest) {
        const auto columns = extract::part_columns(manifest);
        const auto format = parse_format(manifest.format, file);
        if (!columns || !format) {
            add_unreadable(file, columns ? format.error() : columns.error());
            return;
        }
        shapes_.push_back({*columns, *format});
        std::vector<Listed> listed;
        for (const ManifestPart& part : manifest.parts) {
            tracked_.insert(part.path);
            if (!part.is_committed) continue;
            CopyPart made{part.path, part.rows, part.bytes, part.sha256, {}};
            const auto digest = digest_of(part);
            if (!digest) {
                add_unreadable(file, digest.error());
                return;
            }
            made.digest = *digest;
            listed.push_back({std::move(made), manifest.run_id, shapes_.size() - 1});
        }
        std::ranges::move(listed, std::back_inserter(parts_));
        add({.kind = "manifest", .id = file, .verdict = PartitionVerdict::Match}, Flaw::None, "");
    }

    Status look_at_parts() {
        const int wanted = options_->workers > 0 ? options_->workers : wanted_->tuning.workers;
        const auto workers = static_cast<std::size_t>(
            std::clamp(wanted, 1, std::max(1, static_cast<int>(parts_.size()))));
        const Engines engines = TRY(open_engines(wanted_->tuning, workers));
        if (job_->progress != nullptr) {
            job_->progress->begin_phase(
                {.name = "validating " + wanted_->name, .units_total = parts_.size()});
        }
        const PartDepth depth =
            options_->depth == ValidateDepth::Full ? PartDepth::Content : PartDepth::Size;
        std::vector<Result<PartLook>> looks(parts_.size(), PartLook{});
        const auto look = [&](std::size_t worker, std::size_t item) -> Status {
            const Listed& listed = parts_[item];
            const Shape& shape = shapes_[listed.shape];
            looks[item] =
                look_at_part(*engines.sessions[worker],
                             {out_.prefix, &shape.columns, &shape.format}, listed.part, depth);
            if (job_->progress == nullptr) return {};
            job_->progress->add_units(1);
            job_->progress->add_bytes(static_cast<std::uint64_t>(listed.part.bytes));
            return {};
        };
        TRY(for_each_item(workers, parts_.size(), look));
        for (std::size_t i = 0; i < parts_.size(); ++i) add_part(parts_[i], looks[i]);
        return {};
    }

    void add_part(const Listed& listed, const Result<PartLook>& look) {
        Partition partition{.kind = "part", .id = listed.part.path, .truth = listed.part.rows};
        partition.fields.emplace_back("run_id", listed.run_id);
        if (!look) {
            partition.verdict = PartitionVerdict::Unknown;
            add(std::move(partition), Flaw::None, look.error().message);
            return;
        }
        // Nobody counted the rows of a file of which only the size was looked at.
        const bool is_counted =
            options_->depth == ValidateDepth::Full || look->flaw == Flaw::PartMissing;
        if (is_counted) partition.copy = look->rows;
        partition.verdict =
            look->flaw == Flaw::None ? PartitionVerdict::Match : PartitionVerdict::Mismatch;
        add(std::move(partition), look->flaw, look->sentence);
    }

    void find_untracked() {
        auto destination = Destination::open_existing(out_.prefix);
        auto files =
            destination
                ? destination->list()
                : Result<std::vector<DestinationFile>>(std::unexpected(destination.error()));
        if (!files) {
            add({.kind = "folder", .id = "."}, Flaw::ListError, files.error().message);
            return;
        }
        for (const DestinationFile& file : *files) {
            if (file.name == kManifestName || file.name == kMarkerName) continue;
            if (tracked_.contains(file.name)) continue;
            out_.findings.push_back({Flaw::UntrackedObject, file.name,
                                     file.name + " belongs to no manifest; see trueup extract gc"});
        }
    }

    void make_report() {
        core::Report& report = out_.report;
        report.command = "extract validate";
        report.subject = wanted_->name;
        report.run_id = current_run_;
        report.evidence = options_->depth == ValidateDepth::Full ? "digest" : "count";
        report.truth = "manifests";
        report.copy = "file:" + out_.prefix;
        report.finished_at = job_->clock->now();
    }

    /// For `status`, when there is a ledger that takes it; a validation needs none.
    void record() {
        if (!ledger_) return;
        auto ledger = Ledger::open(ledger_path(job_->config->file));
        if (!ledger) return;
        const auto run = ledger->find_run(current_run_);
        if (!run || !*run) return;
        const core::Summary summary = out_.report.summary();
        VerificationRecord record;
        record.at = out_.report.finished_at;
        record.export_name = wanted_->name;
        record.run_id = current_run_;
        record.prefix = out_.prefix;
        record.generation = (**run).generation;
        record.command = "validate";
        record.evidence = std::string(name_of(options_->depth));
        record.verdict = std::string(core::name_of(out_.report.verdict()));
        record.summary_json =
            fmt::format(R"({{"partitions":{},"match":{},"mismatch":{},"unknown":{}}})",
                        summary.partitions, summary.match, summary.mismatch, summary.unknown);
        discard(ledger->record_verification(record), "the answer does not depend on it");
    }

    const JobContext* job_;
    const Export* wanted_;
    const ValidateOptions* options_;
    std::optional<Ledger> ledger_;
    std::string current_run_;
    std::string current_sha256_;
    std::vector<Shape> shapes_;
    std::vector<Listed> parts_;
    std::set<std::string> tracked_;
    Validation out_;
};

}  // namespace

std::string_view name_of(ValidateDepth depth) {
    switch (depth) {
        case ValidateDepth::Light: return "light";
        case ValidateDepth::Sample: return "sample";
        case ValidateDepth::Full: return "full";
    }
    std::unreachable();
}

Result<Validation> validate(const JobContext& job, const ValidateOptions& options) {
    return Validator(job, options).run();
}

}  // namespace trueup::extract
