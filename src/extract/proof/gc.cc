#include "extract/proof/gc.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "extract/destination/destination.h"
#include "extract/proof/copy.h"
#include "extract/run/hold.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

/// "<run id>-<6 digits or more>[-g<generation>][-<number>].<extension>": what part_name() makes.
struct PartFile {
    std::string run_id;
    std::int64_t chunk_id = 0;
};

bool are_digits(std::string_view text, std::size_t digits_min) {
    return text.size() >= digits_min &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<PartFile> parse_part_name(std::string_view name) {
    const auto slash = name.rfind('/');
    if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
    std::vector<std::string_view> pieces = split(name.substr(0, name.find('.')), '-');
    constexpr std::size_t kChunkDigits = 6;
    const auto is_suffix = [](std::string_view piece) {
        if (piece.starts_with('g')) piece.remove_prefix(1);
        return are_digits(piece, 1) && piece.size() < kChunkDigits;
    };
    while (pieces.size() > 2 && is_suffix(pieces.back())) pieces.pop_back();
    // What is left: export, time, chance, chunk. A run id ends in "<time>Z-<4 hexadecimal>".
    if (pieces.size() < 4 || !are_digits(pieces.back(), kChunkDigits)) return std::nullopt;
    if (!pieces[pieces.size() - 3].ends_with('Z')) return std::nullopt;
    const auto chunk = parse_int64(pieces.back());
    if (!chunk) return std::nullopt;
    PartFile part{{}, *chunk};
    pieces.pop_back();
    for (const std::string_view piece : pieces) {
        part.run_id += fmt::format("{}{}", part.run_id.empty() ? "" : "-", piece);
    }
    return part;
}

/// ".<name>.tmp-<run id>": what begin_part() makes.
std::string run_of_temporary(std::string_view name) {
    constexpr std::string_view kMark = ".tmp-";
    const auto at = name.rfind(kMark);
    return at == std::string_view::npos ? "" : std::string(name.substr(at + kMark.size()));
}

class Gc {
  public:
    Gc(const JobContext& job, const Ledger& ledger, const GcOptions& options)
        : job_(&job), wanted_(job.wanted), ledger_(&ledger), options_(&options) {}

    Result<GcPlan> plan() {
        TRY(find_prefix());
        TRY(read_owners());
        const auto destination = TRY(Destination::open_existing(plan_.prefix));
        for (const DestinationFile& file : TRY(destination.list())) {
            if (file.name == kManifestName || file.name == kMarkerName) continue;
            if (owned_.contains(file.name)) continue;
            GcItem item = explain(file);
            if (item.is_moved) {
                ++plan_.files_moved;
                plan_.bytes_moved += item.bytes;
            }
            plan_.items.push_back(std::move(item));
        }
        return std::move(plan_);
    }

  private:
    Status find_prefix() {
        LedgerFilter filter;
        filter.export_name = wanted_->name;
        filter.limit = 10'000;
        for (RunRecord& run : TRY(ledger_->runs(filter))) runs_.emplace(run.run_id, std::move(run));
        if (!options_->prefix.empty()) {
            plan_.prefix = absolute_path(options_->prefix);
            return {};
        }
        const auto latest = TRY(ledger_->latest_done(wanted_->name));
        plan_.prefix = latest ? latest->prefix : prefix_of(*wanted_, "", job_->clock->now());
        return {};
    }

    /// The manifest's files, and the ledger's: a repair that was cut off leaves parts that only the
    /// ledger owns so far.
    Status read_owners() {
        const auto manifest = TRY(read_manifest(plan_.prefix));
        const auto done = TRY(ledger_->latest_done(wanted_->name, plan_.prefix));
        if (!manifest && done) {
            return fail(ErrorClass::Integrity,
                        fmt::format("{} is missing, so nobody can tell what is garbage there",
                                    join_path(plan_.prefix, kManifestName)),
                        "repair first: trueup extract repair");
        }
        if (manifest) {
            current_run_ = manifest->run_id;
            owned_.insert(fmt::format("{}/{}.json", kHistoryFolder, current_run_));
            for (const ManifestPart& part : manifest->parts) {
                (part.is_committed ? owned_ : superseded_).insert(part.path);
            }
        }
        if (!done) return {};
        owned_.insert(fmt::format("{}/{}.json", kHistoryFolder, done->run_id));
        for (const PartRecord& part : TRY(ledger_->parts(done->run_id))) {
            if (part.status == PartStatus::Committed) {
                owned_.insert(part.path);
            } else if (!owned_.contains(part.path)) {
                superseded_.insert(part.path);
            }
        }
        return {};
    }

    GcItem explain(const DestinationFile& file) {
        GcItem item{.file = file.name, .bytes = file.bytes};
        if (file.is_temporary) {
            item.run_id = run_of_temporary(file.name);
            return explain_temporary(std::move(item));
        }
        const std::string history = fmt::format("{}/", kHistoryFolder);
        if (is_manifest_aside(file.name)) {
            return moved(std::move(item), Leftover::Temporary, "a manifest that was not finished");
        }
        if (file.name.starts_with(history) && file.name.ends_with(".json")) {
            item.run_id = file.name.substr(history.size(), file.name.size() - history.size() - 5);
            return explain_manifest(std::move(item));
        }
        const auto part = parse_part_name(file.name);
        if (!part) {
            item.sentence = "no file of an export: it is left alone";
            return item;
        }
        item.run_id = part->run_id;
        item.chunk_id = part->chunk_id;
        return explain_part(std::move(item));
    }

    /// What a killed process leaves of a manifest or marker: base/file.h replaces "manifest.json"
    /// by way of "manifest.json.tmp-<pid>".
    static bool is_manifest_aside(std::string_view name) {
        constexpr std::string_view kMark = ".tmp-";
        const auto at = name.rfind(kMark);
        if (at == std::string_view::npos || !parse_int64(name.substr(at + kMark.size()))) {
            return false;
        }
        const std::string_view target = name.substr(0, at);
        const bool is_history =
            target.starts_with(fmt::format("{}/", kHistoryFolder)) && target.ends_with(".json");
        return target == kManifestName || target == kMarkerName || is_history;
    }

    const RunRecord* find(const std::string& run_id) const {
        const auto run = runs_.find(run_id);
        return run == runs_.end() ? nullptr : &run->second;
    }

    static bool is_unfinished(const RunRecord& run) {
        return run.status == RunStatus::Running || run.status == RunStatus::Failed;
    }

    /// Not in this ledger: it may be another configuration's, unless it bears our export's name.
    bool is_ours(const std::string& run_id) const {
        return find(run_id) != nullptr || run_id.starts_with(run_id_stem(*wanted_) + "-");
    }

    GcItem left_alone(GcItem item, Leftover kind, std::string sentence) const {
        item.kind = kind;
        item.sentence = std::move(sentence);
        return item;
    }

    GcItem moved(GcItem item, Leftover kind, std::string sentence) const {
        const bool is_asked_for = kind == Leftover::Temporary || kind == Leftover::Orphan;
        item.kind = kind;
        item.is_moved = is_asked_for || options_->superseded;
        item.sentence = std::move(sentence);
        return item;
    }

    GcItem explain_temporary(GcItem item) const {
        const RunRecord* run = find(item.run_id);
        const std::string id = item.run_id;
        if (!is_ours(id)) {
            return left_alone(std::move(item), Leftover::Foreign,
                              fmt::format("run {} is not of this export: it is left alone", id));
        }
        if (run != nullptr && is_unfinished(*run)) {
            return left_alone(
                std::move(item), Leftover::Unfinished,
                fmt::format("run {} is {} and can be resumed", id, name_of(run->status)));
        }
        return moved(std::move(item), Leftover::Temporary,
                     fmt::format("a part that run {} did not finish", id));
    }

    GcItem explain_manifest(GcItem item) const {
        const RunRecord* run = find(item.run_id);
        const std::string id = item.run_id;
        if (run != nullptr && is_unfinished(*run)) {
            return left_alone(
                std::move(item), Leftover::Unfinished,
                fmt::format("run {} is {} and can be resumed", id, name_of(run->status)));
        }
        if (!is_ours(id)) {
            return left_alone(std::move(item), Leftover::Foreign,
                              fmt::format("run {} is not of this export: it is left alone", id));
        }
        return moved(std::move(item), Leftover::EarlierRunManifest,
                     fmt::format("the manifest of the earlier run {}", id));
    }

    GcItem explain_part(GcItem item) const {
        const RunRecord* run = find(item.run_id);
        const std::string id = item.run_id;
        const std::int64_t chunk = item.chunk_id;
        if (superseded_.contains(item.file)) {
            return moved(std::move(item), Leftover::Superseded,
                         fmt::format("chunk {} of run {} has other parts now", chunk, id));
        }
        if (run != nullptr && is_unfinished(*run)) {
            return left_alone(std::move(item), Leftover::Unfinished,
                              fmt::format("chunk {} of run {}, which is {} and can be resumed",
                                          chunk, id, name_of(run->status)));
        }
        if (!is_ours(id)) {
            return left_alone(std::move(item), Leftover::Foreign,
                              fmt::format("run {} is not of this export: it is left alone", id));
        }
        if (run == nullptr) {
            const auto history = read_history(plan_.prefix, id);
            if (history && *history) {
                return moved(std::move(item), Leftover::EarlierRun,
                             fmt::format("chunk {} of the earlier run {}", chunk, id));
            }
            return moved(std::move(item), Leftover::Orphan,
                         fmt::format("chunk {} of run {}, which nobody knows", chunk, id));
        }
        if (run->status == RunStatus::Done && id != current_run_) {
            return moved(std::move(item), Leftover::EarlierRun,
                         fmt::format("chunk {} of the earlier run {}", chunk, id));
        }
        return moved(std::move(item), Leftover::Orphan,
                     fmt::format("chunk {} of run {} ({}), which does not own it", chunk, id,
                                 name_of(run->status)));
    }

    const JobContext* job_;
    const Export* wanted_;
    const Ledger* ledger_;
    const GcOptions* options_;
    std::map<std::string, RunRecord> runs_;
    std::set<std::string> owned_;
    std::set<std::string> superseded_;
    std::string current_run_;
    GcPlan plan_;
};

}  // namespace

std::string_view name_of(Leftover kind) {
    switch (kind) {
        case Leftover::Temporary: return "temporary";
        case Leftover::Orphan: return "orphan";
        case Leftover::Superseded: return "superseded";
        case Leftover::EarlierRun: return "earlier_run";
        case Leftover::EarlierRunManifest: return "earlier_run_manifest";
        case Leftover::Unfinished: return "unfinished";
        case Leftover::Foreign: return "foreign";
    }
    std::unreachable();
}

Result<GcPlan> plan_gc(const JobContext& job, const GcOptions& options) {
    const Ledger ledger = TRY(open_ledger_of(job));
    return Gc(job, ledger, options).plan();
}

Result<GcResult> execute_gc(const JobContext& job, const GcOptions& options) {
    Ledger ledger = TRY(open_ledger_of(job));
    const GcPlan seen = TRY(Gc(job, ledger, options).plan());
    GcOptions same = options;
    same.prefix = seen.prefix;
    Hold hold = TRY(Hold::take(ledger, job, {seen.prefix, "gc"}));
    auto destination = TRY(Destination::open_existing(seen.prefix));
    TRY(hold.enter(std::move(destination)));
    // Planned again under the lease: somebody may have been at work until a moment ago.
    GcResult result{.plan = TRY(Gc(job, ledger, same).plan())};
    std::vector<std::string> manifests;
    std::vector<std::string> files;
    for (const GcItem& item : result.plan.items) {
        if (!item.is_moved) continue;
        (item.kind == Leftover::EarlierRunManifest ? manifests : files).push_back(item.file);
    }
    if (manifests.empty() && files.empty()) return result;
    const std::string stamp = compact_time(job.clock->now());
    // A manifest must not outlive its parts: validate would call them missing.
    TRY(hold.stop().check());
    result.moved = TRY(hold.destination().quarantine(manifests, stamp));
    TRY(hold.stop().check());
    const auto parts = TRY(hold.destination().quarantine(files, stamp));
    result.moved.insert(result.moved.end(), parts.begin(), parts.end());
    result.quarantine = fmt::format("_quarantine/{}", stamp);
    const json::Value detail = {{"quarantine", result.quarantine}, {"files", result.moved}};
    TRY(ledger.record_event({.at = job.clock->now(),
                             .export_name = job.wanted->name,
                             .kind = "gc_done",
                             .detail_json = json::write(detail)}));
    return result;
}

std::string to_json(const GcPlan& plan) {
    json::Value items = json::Value::array();
    for (const GcItem& item : plan.items) {
        items.push_back({{"file", item.file},
                         {"bytes", item.bytes},
                         {"kind", name_of(item.kind)},
                         {"run_id", item.run_id},
                         {"chunk", item.chunk_id},
                         {"moves", item.is_moved},
                         {"why", item.sentence}});
    }
    return json::write({{"prefix", plan.prefix},
                        {"items", items},
                        {"files", plan.files_moved},
                        {"bytes", plan.bytes_moved}});
}

}  // namespace trueup::extract
