#include "extract/run/stdout_run.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/file.h"
#include "extract/run/chunk_writer.h"
#include "extract/run/retry.h"
#include "extract/run/run_manifest.h"

namespace trueup::extract {
namespace {

/// A folder of its own under the system's temporary one, removed with everything in it.
class TemporaryFolder {
  public:
    static Result<std::unique_ptr<TemporaryFolder>> make() {
        std::error_code error;
        const auto base = std::filesystem::temp_directory_path(error);
        std::string path = (base / "trueup-XXXXXX").string();
        if (error || ::mkdtemp(path.data()) == nullptr) {
            return fail(ErrorClass::Failed, "cannot create a temporary folder in " + base.string());
        }
        return std::make_unique<TemporaryFolder>(path);
    }
    explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    TemporaryFolder(TemporaryFolder&&) = delete;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// A reader that went away is no error: it has what it wanted.
Status pass_on(const std::string& path) {
    const File file = TRY(File::open_read(path));
    std::vector<std::byte> block(std::size_t{1} << 20);
    std::uint64_t offset = 0;
    while (true) {
        const std::size_t got = TRY(file.read_at(offset, block));
        if (got == 0) return {};
        offset += got;
        std::size_t done = 0;
        while (done < got) {
            const ssize_t put = ::write(STDOUT_FILENO, block.data() + done, got - done);
            if (put < 0 && errno == EINTR) continue;
            if (put < 0 && errno == EPIPE) return {};
            if (put < 0) return fail(ErrorClass::Failed, "cannot write to standard output");
            done += static_cast<std::size_t>(put);
        }
    }
}

struct WrittenWhole {
    WrittenChunk chunk;
    Manifest manifest;  // Its columns and parts.
    SourceLoad load;
    std::string no_snapshot;  // As in Relation.
};

/// The rows go nowhere when they break a rule.
Result<std::vector<QualityCheck>> judge_whole(const JobContext& job, const std::string& folder,
                                              const Manifest& manifest) {
    auto checks = TRY(judge_quality(job, {folder, join_path(folder, "spill")}, manifest));
    auto kept = refuse_broken(checks, job.wanted->name);
    if (kept) return checks;
    // No part stays.
    kept.error().hint = "mend the source or change the rule, and run again";
    return std::unexpected(std::move(kept).error());
}

/// Nothing was passed on before this returns: it may be done again.
Result<WrittenWhole> write_whole(const JobContext& job, const Destination& destination,
                                 UnixMicros started_at) {
    const Export& wanted = *job.wanted;
    const auto database = TRY(open_database(job.config->source, limits_of(wanted.tuning)));
    const auto sessions = TRY(database->open_sessions(1, job.config->source.consistency));
    const Relation relation = TRY(sessions[0]->describe(wanted));
    AddedColumns added = TRY(added_columns(wanted, relation));
    added.exported_at = started_at;
    TRY(check_rules(wanted.quality, relation, added));
    const auto engine = TRY(columnar::Engine::open({}));
    const auto session = TRY(engine->connect());
    const ChunkWriting writing{.relation = &relation,
                               .added = added,
                               .tuning = &wanted.tuning,
                               .format = part_format(wanted),
                               .run_id = wanted.name,
                               .progress = job.progress};
    WrittenChunk chunk = TRY(
        write_chunk(*sessions[0], *session, destination, writing,
                    {.chunk_id = 1, .kind = "whole", .keeps_empty = !wanted.output.skips_empty}));
    Manifest manifest;
    manifest.columns = manifest_columns(relation, added);
    manifest.parts =
        TRY(manifest_parts(chunk.parts, {ChunkRecord{.chunk_id = 1, .kind = "whole"}}));
    return WrittenWhole{std::move(chunk), std::move(manifest), sessions[0]->load(),
                        relation.no_snapshot};
}

}  // namespace

Result<RunSummary> run_to_stdout(const JobContext& job) {
    const Export& wanted = *job.wanted;
    const auto started = job.clock->monotonic();
    const auto folder = TRY(TemporaryFolder::make());
    Destination destination = TRY(Destination::open_local(folder->path()));
    job.progress->begin_phase({.name = "extracting " + wanted.name, .units_total = 1});
    const UnixMicros started_at = job.clock->now();
    auto [written, manifest, load, no_snapshot] =
        TRY(with_retries(job, [&] { return write_whole(job, destination, started_at); }));
    RunSummary summary;
    summary.export_name = wanted.name;
    summary.outcome = RunOutcome::Written;
    summary.rows = written.rows;
    summary.chunks = 1;
    summary.values_nulled = written.values_nulled;
    summary.load = load;
    summary.quality = TRY(judge_whole(job, folder->path(), manifest));
    summary.warnings = skipped_rules(summary.quality, wanted.name);
    if (!no_snapshot.empty()) summary.warnings.push_back(no_snapshot);
    for (const PartRecord& part : written.parts) {
        TRY(pass_on(destination.path_of(part.path)));
        summary.bytes += part.bytes;
        ++summary.parts;
    }
    summary.seconds = std::chrono::duration<double>(job.clock->monotonic() - started).count();
    return summary;
}

}  // namespace trueup::extract
