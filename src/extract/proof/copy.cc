#include "extract/proof/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/file.h"
#include "base/hash.h"
#include "extract/run/run_manifest.h"
#include "extract/run/run_state.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

Result<RunRecord> find_done_run(const JobContext& job, const Ledger& ledger,
                                const std::string& run_id) {
    const std::string& name = job.wanted->name;
    if (!run_id.empty()) {
        auto run = TRY(ledger.find_run(run_id));
        if (!run || run->export_name != name) {
            return fail(ErrorClass::Failed,
                        fmt::format("export {} has no run {} in {}", name, run_id, ledger.path()));
        }
        if (run->status == RunStatus::Done) return *std::move(run);
        return fail(
            ErrorClass::Failed,
            fmt::format("run {} is {}, so there is no copy to prove", run_id, name_of(run->status)),
            "finish it with trueup extract run");
    }
    auto latest = TRY(ledger.latest_done(name));
    if (latest) return *std::move(latest);
    return fail(ErrorClass::Failed, fmt::format("export {} has no run that is done", name),
                "make a copy first: trueup extract run");
}

/// What a manifest that agrees with the ledger lists, by path.
Result<std::map<std::string, ManifestPart>> listed_by_ledger(
    const std::vector<PartRecord>& parts, const std::vector<ChunkRecord>& chunks) {
    std::map<std::string, ManifestPart> listed;
    for (ManifestPart& part : TRY(manifest_parts(parts, chunks))) {
        std::string path = part.path;
        listed.emplace(std::move(path), std::move(part));
    }
    return listed;
}

Status read_chunks(Copy& copy, const std::vector<ChunkRecord>& chunks,
                   const std::map<std::string, ManifestPart>& listed) {
    for (const ChunkRecord& chunk : chunks) {
        const std::string what = fmt::format("chunk {} of the ledger", chunk.chunk_id);
        const json::Value value = TRY(json::parse(chunk.bounds_json, what));
        CopyChunk made{chunk.chunk_id, chunk.kind, chunk.bounds_json, {}, {}};
        made.bounds = TRY(parse_bounds(value));
        copy.chunks.push_back(std::move(made));
    }
    for (const auto& [path, part] : listed) {
        if (!part.is_committed) continue;
        const auto chunk = std::ranges::find(copy.chunks, part.chunk_id, &CopyChunk::chunk_id);
        CopyPart made{path, part.rows, part.bytes, part.sha256, {}};
        made.digest = TRY(digest_of(part));
        chunk->parts.push_back(std::move(made));
    }
    return {};
}

bool are_same_bounds(const std::string& left, const std::string& right) {
    const auto a = json::parse(left, "bounds");
    const auto b = json::parse(right, "bounds");
    return a && b && *a == *b;
}

/// The first thing that two descriptions of a part do not share, or nothing.
std::string_view difference_of(const ManifestPart& ours, const ManifestPart& theirs) {
    if (ours.is_committed != theirs.is_committed) return "status";
    if (ours.chunk_id != theirs.chunk_id || ours.chunk_kind != theirs.chunk_kind) return "chunk";
    if (!are_same_bounds(ours.bounds_json, theirs.bounds_json)) return "bounds";
    if (ours.rows != theirs.rows) return "rows";
    if (ours.bytes != theirs.bytes) return "bytes";
    if (ours.sha256 != theirs.sha256) return "SHA-256";
    if (ours.column_digests != theirs.column_digests || ours.row_digest != theirs.row_digest) {
        return "digests";
    }
    if (ours.generation != theirs.generation) return "generation";
    if (ours.replaced_by != theirs.replaced_by) return "replacement";
    if (ours.value_errors != theirs.value_errors) return "value errors";
    return "";
}

class Comparison {
  public:
    Comparison(Copy& copy, const std::map<std::string, ManifestPart>& listed)
        : copy_(&copy), listed_(&listed) {}

    void run() {
        const Manifest& manifest = *copy_->manifest;
        if (manifest.run_id != copy_->run.run_id) {
            tell("belongs to run {}, the ledger's last run is {}", manifest.run_id,
                 copy_->run.run_id);
            return;
        }
        if (manifest.generation != copy_->run.generation) {
            tell("is at generation {}, the ledger at {}: {}", manifest.generation,
                 copy_->run.generation,
                 manifest.generation < copy_->run.generation ? "a repair was cut off"
                                                             : "the ledger is an older one");
        }
        if (manifest.plan_hash != copy_->run.plan_hash) tell("names another plan than the ledger");
        if (manifest.export_name != copy_->run.export_name) {
            tell("is of export {}, not {}", manifest.export_name, copy_->run.export_name);
        }
        compare_parts(manifest);
    }

  private:
    void compare_parts(const Manifest& manifest) {
        std::size_t found = 0;
        for (const ManifestPart& part : manifest.parts) {
            const auto ours = listed_->find(part.path);
            if (ours == listed_->end()) {
                tell("lists {}, which the ledger does not know", part.path);
                continue;
            }
            ++found;
            const std::string_view what = difference_of(ours->second, part);
            if (!what.empty()) tell("and the ledger disagree about the {} of {}", what, part.path);
        }
        if (found == listed_->size()) return;
        for (const auto& [path, part] : *listed_) {
            if (std::ranges::find(manifest.parts, path, &ManifestPart::path) ==
                manifest.parts.end()) {
                tell("does not list {}, which the ledger has", path);
            }
        }
    }

    template <class... T>
    void tell(fmt::format_string<T...> text, T&&... values) {
        copy_->disagreements.push_back(fmt::format("{} {}", copy_->manifest_file,
                                                   fmt::format(text, std::forward<T>(values)...)));
    }

    Copy* copy_;
    const std::map<std::string, ManifestPart>* listed_;
};

/// The history is written first, so a manifest without its twin was tampered with.
Status compare_history(Copy& copy) {
    const std::string name = fmt::format("{}/{}.json", kHistoryFolder, copy.run.run_id);
    const std::string path = join_path(copy.run.prefix, name);
    if (!TRY(file_info(path))) {
        copy.disagreements.push_back(name + " is missing");
        return {};
    }
    const FileDigest digest = TRY(digest_file(path));
    if (digest.sha256 == copy.manifest_sha256) return {};
    copy.disagreements.push_back(fmt::format("{} is not what {} is", name, copy.manifest_file));
    return {};
}

Status read_manifest_of(Copy& copy, const std::map<std::string, ManifestPart>& listed) {
    copy.manifest_file = copy.is_current
                             ? std::string(kManifestName)
                             : fmt::format("{}/{}.json", kHistoryFolder, copy.run.run_id);
    const std::string path = join_path(copy.run.prefix, copy.manifest_file);
    const auto manifest = copy.is_current ? read_manifest(copy.run.prefix)
                                          : read_history(copy.run.prefix, copy.run.run_id);
    if (!manifest && manifest.error().kind != ErrorClass::Integrity) {
        return std::unexpected(manifest.error());
    }
    if (!manifest) {
        copy.disagreements.push_back(manifest.error().message);
    } else if (!*manifest) {
        copy.disagreements.push_back(copy.manifest_file + " is missing");
    } else {
        copy.manifest = **manifest;
        const FileDigest digest = TRY(digest_file(path));
        copy.manifest_sha256 = digest.sha256;
        Comparison(copy, listed).run();
        if (copy.is_current) TRY(compare_history(copy));
    }
    if (!copy.is_current) return {};
    copy.marker = TRY(check_marker(copy.run.prefix));
    if (copy.marker != Marker::Valid) {
        copy.disagreements.push_back(fmt::format("{} is {}", kMarkerName, name_of(copy.marker)));
    }
    return {};
}

Status note_unfinished(const Ledger& ledger, Copy& copy) {
    const auto unfinished = TRY(ledger.find_unfinished(copy.run.export_name, copy.run.prefix));
    if (!unfinished) return {};
    copy.unfinished_run = unfinished->run_id;
    copy.disagreements.push_back(
        fmt::format("run {} of the same prefix is not finished", unfinished->run_id));
    return {};
}

}  // namespace

bool Copy::has_digests() const {
    return std::ranges::all_of(chunks, [](const CopyChunk& chunk) {
        return std::ranges::all_of(chunk.parts,
                                   [](const CopyPart& part) { return part.digest.has_value(); });
    });
}

Result<Ledger> open_ledger_of(const JobContext& job) {
    const std::string path = ledger_path(job.config->file);
    if (!TRY(file_info(path))) {
        return fail(ErrorClass::Failed,
                    fmt::format("there is no ledger {}, so no run is known", path),
                    "make a copy first: trueup extract run");
    }
    return Ledger::open(path);
}

Result<Copy> open_copy(const JobContext& job, const Ledger& ledger, const std::string& run_id) {
    Copy copy;
    copy.run = TRY(find_done_run(job, ledger, run_id));
    const auto latest = TRY(ledger.latest_done(copy.run.export_name, copy.run.prefix));
    copy.is_current = latest && latest->run_id == copy.run.run_id;
    const RunState state = TRY(parse_run_state(copy.run.source_state, copy.run.run_id));
    copy.is_whole = state.is_whole;
    copy.key_columns = state.key;
    const auto parts = TRY(ledger.parts(copy.run.run_id));
    const auto chunks = TRY(ledger.chunks(copy.run.run_id));
    const auto listed = TRY(listed_by_ledger(parts, chunks));
    TRY(read_chunks(copy, chunks, listed));
    TRY(read_manifest_of(copy, listed));
    TRY(note_unfinished(ledger, copy));
    return copy;
}

std::vector<CopyGap> gaps_of(const Copy& copy, bool key_may_be_null) {
    std::vector<CopyGap> gaps;
    if (copy.is_whole) return gaps;
    std::optional<Key> end;  // Where the chunks seen so far end; nothing before the first.
    bool is_open = true;     // Something lies behind `end`.
    bool has_null_keys = false;
    std::string last = "before the chunks";
    for (const CopyChunk& chunk : copy.chunks) {
        if (chunk.bounds.is_null_keys) {
            has_null_keys = true;
            continue;
        }
        if (chunk.bounds.lower != end) gaps.push_back({last, {end, chunk.bounds.lower, false}});
        end = chunk.bounds.upper;
        is_open = end.has_value();
        last = fmt::format("after chunk {}", chunk.chunk_id);
    }
    if (is_open) gaps.push_back({last, {end, std::nullopt, false}});
    if (key_may_be_null && !has_null_keys) {
        gaps.push_back({"null-keys", {std::nullopt, std::nullopt, true}});
    }
    return gaps;
}

Result<std::optional<core::Digest>> digest_of(const ManifestPart& part) {
    if (part.row_digest.empty() || part.column_digests.empty()) {
        return std::optional<core::Digest>{};
    }
    core::Digest digest;
    digest.rows = part.rows;
    const auto row = core::parse_row_digest(part.row_digest);
    bool is_whole = row.has_value();
    for (const ColumnDigest& column : part.column_digests) {
        const auto sum = core::parse_column_digest(column.digest);
        is_whole = is_whole && sum.has_value();
        digest.columns.push_back({sum.value_or(0), column.nulls});
    }
    if (!is_whole) {
        return fail(ErrorClass::Integrity, fmt::format("the digests of {} are none", part.path));
    }
    digest.row = *row;
    return std::optional(std::move(digest));
}

}  // namespace trueup::extract
