#include "extract/run/chunk_writer.h"

#include <fmt/format.h>

#include <map>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/fault.h"
#include "base/hash.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

using columnar::Batch;

/// Stands between the reader and the file of one part: takes the digest of what passes, and ends
/// the part where it grows too large. The reader goes on in the next part.
class PartFeed final : public columnar::BatchSource {
  public:
    PartFeed(ChunkReader& reader, const ChunkWriting& writing,
             const std::vector<columnar::Type>& types)
        : reader_(&reader), writing_(&writing), digester_(types) {}

    /// From here on rows go to the file at `path`.
    void begin_part(std::string path) {
        path_ = std::move(path);
        rows_since_look_ = 0;
        bytes_before_ = 0;
        is_part_full_ = false;
    }
    bool is_exhausted() const { return is_exhausted_; }
    core::Digest take_digest() { return digester_.take(); }

    Status next(Batch& batch) override {
        if (writing_->stop != nullptr && writing_->stop->is_set()) {
            return fail(ErrorClass::Interrupted, "the work was stopped by another worker");
        }
        if (is_exhausted_ || is_part_full_ || TRY(part_is_full())) return {};
        TRY(reader_->next(batch));
        is_exhausted_ = TRY(reader_->is_at_end());
        if (batch.rows() == 0) return {};
        digester_.add(batch);
        rows_since_look_ += static_cast<std::int64_t>(batch.rows());
        if (writing_->progress != nullptr) writing_->progress->add_rows(batch.rows());
        throttle(static_cast<std::int64_t>(batch.rows()));
        return {};
    }

  private:
    /// The file grows by row groups; another one of the last one's size must still fit.
    Result<bool> part_is_full() {
        if (writing_->file_bytes_max == 0) return false;
        const bool is_parquet = writing_->format.format == columnar::Format::Parquet;
        const std::int64_t step =
            is_parquet ? writing_->format.row_group_rows : std::int64_t{columnar::kBatchRows};
        if (rows_since_look_ < step) return false;
        rows_since_look_ = 0;
        const auto info = TRY(file_info(path_));
        const std::uint64_t bytes = info ? info->bytes : 0;
        const std::uint64_t growth = bytes - std::min(bytes, bytes_before_);
        bytes_before_ = bytes;
        is_part_full_ = bytes + growth > writing_->file_bytes_max;
        return is_part_full_;
    }

    void throttle(std::int64_t rows) {
        const Tuning& tuning = *writing_->tuning;
        if (tuning.throttle_ms == 0) return;
        rows_since_pause_ += rows;
        if (rows_since_pause_ < tuning.batch_rows) return;
        rows_since_pause_ = 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(tuning.throttle_ms));
    }

    ChunkReader* reader_;
    const ChunkWriting* writing_;
    core::Digester digester_;
    std::string path_;
    std::int64_t rows_since_look_ = 0;
    std::int64_t rows_since_pause_ = 0;
    std::uint64_t bytes_before_ = 0;
    bool is_part_full_ = false;
    bool is_exhausted_ = false;
};

/// Writes the parts of one chunk, one after another.
class ChunkWriter {
  public:
    ChunkWriter(columnar::Session& engine, const Destination& destination,
                const ChunkWriting& writing, const ChunkTask& task)
        : engine_(&engine),
          destination_(&destination),
          writing_(&writing),
          task_(&task),
          columns_(extract::part_columns(*writing.relation, writing.added)),
          types_(columnar::types_of(columns_)) {}

    Result<WrittenChunk> run(ChunkReader& reader) {
        PartFeed feed(reader, *writing_, types_);
        WrittenChunk written;
        // Without a row there is no file, unless one without rows is wanted.
        while (task_->keeps_empty ? !feed.is_exhausted() : !TRY(reader.is_at_end())) {
            const PartNumber number{task_->chunk_id, std::ssize(written.parts) + 1,
                                    task_->generation};
            PartRecord part =
                TRY(write_one(feed, part_name(writing_->run_id, number, writing_->format)));
            written.rows += part.rows;
            written.parts.push_back(std::move(part));
        }
        written.stopped_at = reader.stopped_at();
        written.values_nulled = reader.values_nulled();
        if (!written.parts.empty()) written.parts.back().value_errors = written.values_nulled;
        return written;
    }

  private:
    std::map<std::string, std::string> metadata() const {
        return {{"trueup.run", writing_->run_id},
                {"trueup.plan", writing_->plan_hash},
                {"trueup.chunk", fmt::format("{}", task_->chunk_id)},
                {"trueup.chunk_kind", task_->kind},
                {"trueup.bounds", json::write(to_json(task_->bounds))}};
    }

    Result<PartRecord> write_one(PartFeed& feed, const std::string& name) {
        const PartName part{name, writing_->run_id};
        const std::string path = TRY(destination_->begin_part(part));
        auto record = write_aside(feed, path);
        if (!record) {
            discard(destination_->drop_part(part), "the error that led here is the one to tell");
            return record;
        }
        TRY(destination_->commit_part(part));
        record->path = name;
        return record;
    }

    Result<PartRecord> write_aside(PartFeed& feed, const std::string& path) {
        FAULT_POINT("part: before write");
        feed.begin_part(path);
        TRY(columnar::write_part(*engine_, feed, columns_, writing_->format, {path, metadata()}));
        FAULT_POINT("part: before verify");
        const core::Digest digest = feed.take_digest();
        TRY(verify(path, digest));
        FileDigest file = TRY(digest_file(path));
        PartRecord record;
        record.chunk_id = task_->chunk_id;
        record.rows = digest.rows;
        record.bytes = static_cast<std::int64_t>(file.bytes);
        record.sha256 = std::move(file.sha256);
        record.column_digests_json = column_digests_json(columns_, digest);
        record.row_digest = core::hex_of(digest.row);
        record.generation = task_->generation;
        if (writing_->progress != nullptr) writing_->progress->add_bytes(file.bytes);
        return record;
    }

    Status verify(const std::string& path, const core::Digest& digest) {
        const bool has_footer = writing_->format.format == columnar::Format::Parquet;
        if (has_footer || writing_->verifies_content) {
            const std::int64_t rows =
                TRY(columnar::part_rows(*engine_, columns_, writing_->format, path));
            if (rows != digest.rows) {
                return fail(ErrorClass::Integrity, fmt::format("{} holds {} rows, but {} were read",
                                                               path, rows, digest.rows));
            }
        }
        if (!writing_->verifies_content) return {};
        if (TRY(digest_part(*engine_, columns_, writing_->format, path)) == digest) return {};
        return fail(ErrorClass::Integrity,
                    fmt::format("{} does not read back as it was written", path));
    }

    columnar::Session* engine_;
    const Destination* destination_;
    const ChunkWriting* writing_;
    const ChunkTask* task_;
    std::vector<columnar::NamedType> columns_;
    std::vector<columnar::Type> types_;
};

}  // namespace

ChunkWriting chunk_writing(const JobContext& job, const Relation& relation,
                           const AddedColumns& added, const std::optional<ChunkKey>& key) {
    const Export& wanted = *job.wanted;
    return {.relation = &relation,
            .key = key ? &*key : nullptr,
            .added = added,
            .tuning = &wanted.tuning,
            .format = part_format(wanted),
            .file_bytes_max = wanted.output.file_bytes_max,
            .verifies_content = wanted.verify == Verify::Content,
            .progress = job.progress};
}

Result<WrittenChunk> write_chunk(SourceSession& source, columnar::Session& engine,
                                 const Destination& destination, const ChunkWriting& writing,
                                 const ChunkTask& task) {
    CHECK(writing.relation != nullptr);
    CHECK(writing.tuning != nullptr);
    const ReadRequest request{.relation = writing.relation,
                              .key = writing.key,
                              .bounds = task.bounds,
                              .rows_soft_max = task.rows_soft_max,
                              .value_bytes_max = writing.tuning->value_bytes_max};
    const auto reader = TRY(read_rows(source, request, writing.added));
    return ChunkWriter(engine, destination, writing, task).run(*reader);
}

std::string part_name(const std::string& run_id, const PartNumber& number,
                      const columnar::PartFormat& format) {
    std::string name = fmt::format("{}-{:06}", run_id, number.chunk_id);
    if (number.generation > 1) name += fmt::format("-g{}", number.generation);
    if (number.number > 1) name += fmt::format("-{}", number.number);
    return name + "." + columnar::extension_of(format);
}

Result<core::Digest> digest_part(columnar::Session& engine,
                                 const std::vector<columnar::NamedType>& columns,
                                 const columnar::PartFormat& format, const std::string& path) {
    const auto types = columnar::types_of(columns);
    const auto stream = TRY(columnar::read_part(engine, columns, format, path));
    core::Digester digester(types);
    Batch batch(types);
    while (true) {
        batch.clear();
        auto status = stream->next(batch);
        if (!status) {
            Error error = status.error();
            if (error.kind == ErrorClass::Failed) error.kind = ErrorClass::Integrity;
            return in_context(std::move(error), path);
        }
        if (batch.rows() == 0) return digester.take();
        digester.add(batch);
    }
}

std::string column_digests_json(const std::vector<columnar::NamedType>& columns,
                                const core::Digest& digest) {
    CHECK(columns.size() == digest.columns.size());
    json::Value list = json::Value::array();
    for (std::size_t i = 0; i < columns.size(); ++i) {
        list.push_back({{"column", columns[i].name},
                        {"digest", core::hex_of(digest.columns[i])},
                        {"nulls", digest.columns[i].nulls}});
    }
    return json::write(list);
}

}  // namespace trueup::extract
