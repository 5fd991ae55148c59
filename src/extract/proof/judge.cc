#include "extract/proof/judge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/signal.h"
#include "base/text.h"
#include "extract/run/chunk_writer.h"
#include "extract/run/retry.h"
#include "json/json.h"

namespace trueup::extract {
namespace {

using core::Partition;
using core::PartitionVerdict;

/// One side of a chunk.
struct Side {
    std::int64_t rows = 0;
    std::optional<core::Digest> digest;
    std::vector<std::string> damage;  // Of the copy's files, as sentences.
    std::vector<std::string> damaged_files;
};

std::optional<std::string> key_text(const std::optional<Key>& key) {
    if (!key) return std::nullopt;
    if (key->size() == 1) {
        const auto* text = std::get_if<std::string>(&key->front());
        if (text != nullptr && !invalid_utf8_at(*text)) return *text;
    }
    return text_of(*key);
}

/// Where the partition lies, for people and for programs.
void place(Partition& partition, const ChunkKey* key, const Bounds& bounds) {
    if (key != nullptr && !bounds.is_null_keys) {
        partition.range =
            core::KeyRange{text_of(*key), key_text(bounds.lower), key_text(bounds.upper), "[)"};
    }
    partition.fields.emplace_back("bounds", json::write(to_json(bounds)));
}

/// Streams the chunk out of the source.
Result<core::Digest> digest_source(SourceSession& source, const Judging& judging,
                                   const Bounds& bounds) {
    const Tuning& tuning = judging.job->wanted->tuning;
    const ReadRequest request{.relation = judging.relation,
                              .key = judging.key,
                              .bounds = bounds,
                              .value_bytes_max = tuning.value_bytes_max};
    const auto reader = TRY(read_rows(source, request, judging.added));
    const auto types = columnar::types_of(*judging.files.columns);
    columnar::Batch batch(types);
    core::Digester digester(types);
    std::int64_t rows_since_pause = 0;
    while (true) {
        TRY(check_interrupt());
        batch.clear();
        TRY(reader->next(batch));
        if (batch.rows() == 0) return digester.take();
        digester.add(batch);
        if (judging.job->progress != nullptr) judging.job->progress->add_rows(batch.rows());
        rows_since_pause += static_cast<std::int64_t>(batch.rows());
        if (tuning.throttle_ms == 0 || rows_since_pause < tuning.batch_rows) continue;
        rows_since_pause = 0;
        TRY(judging.wait(std::chrono::milliseconds(tuning.throttle_ms)));
    }
}

Result<Side> look_at_truth(SourceSession& source, const Judging& judging, const Bounds& bounds) {
    Side side;
    if (judging.evidence == Evidence::Count) {
        side.rows = TRY(source.count(*judging.relation, judging.key, bounds));
        return side;
    }
    side.digest = TRY(digest_source(source, judging, bounds));
    side.rows = side.digest->rows;
    return side;
}

/// The digest of the part's values. One whose file has the recorded SHA-256 was verified when it
/// was written; without a record it is taken now.
Result<core::Digest> digest_of_part(columnar::Session& engine, const Judging& judging,
                                    const CopyPart& part) {
    if (part.digest) return *part.digest;
    if (judging.copy_side == CopySide::Ledger) {
        return fail(ErrorClass::Failed, fmt::format("the ledger has no digests of {}", part.path));
    }
    return digest_part(engine, *judging.files.columns, *judging.files.format,
                       join_path(judging.files.prefix, part.path));
}

/// What the part's file says or, on the ledger's side, what the ledger says of it.
Result<PartLook> look_at_copy_of(columnar::Session& engine, const Judging& judging,
                                 const CopyPart& part) {
    if (judging.copy_side == CopySide::Ledger) return PartLook{Flaw::None, part.rows, {}};
    const bool wants_digest = judging.evidence != Evidence::Count;
    return look_at_part(engine, judging.files, part,
                        wants_digest ? PartDepth::Checksum : PartDepth::Rows);
}

Status add_digest(columnar::Session& engine, const Judging& judging, const CopyPart& part,
                  core::Digest& sum) {
    const core::Digest digest = TRY(digest_of_part(engine, judging, part));
    if (digest.columns.size() != sum.columns.size()) {
        return fail(ErrorClass::Integrity,
                    fmt::format("{} has digests of {} columns, not of {}", part.path,
                                digest.columns.size(), sum.columns.size()));
    }
    sum.add(digest);
    return {};
}

Result<Side> look_at_copy(columnar::Session& engine, const Judging& judging,
                          const CopyChunk& chunk) {
    Side side;
    if (judging.evidence != Evidence::Count) {
        side.digest.emplace();
        side.digest->columns.resize(judging.files.columns->size());
    }
    for (const CopyPart& part : chunk.parts) {
        const PartLook look = TRY(look_at_copy_of(engine, judging, part));
        side.rows += look.rows;
        if (look.flaw != Flaw::None) {
            side.damage.push_back(look.sentence);
            side.damaged_files.push_back(part.path);
            continue;
        }
        if (side.digest) TRY(add_digest(engine, judging, part, *side.digest));
    }
    return side;
}

std::string difference_in_rows(std::int64_t truth, std::int64_t copy) {
    const std::int64_t difference = copy - truth;
    return fmt::format("{} {} {} in the copy", grouped(std::abs(difference)),
                       std::abs(difference) == 1 ? "row" : "rows",
                       difference < 0 ? "fewer" : "more");
}

std::vector<std::string> differing_columns(const Judging& judging, const core::Digest& truth,
                                           const core::Digest& copy) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < truth.columns.size(); ++i) {
        // Where values differ, what was computed from them does: that is no finding of its own.
        const bool is_read = i < judging.relation->columns.size();
        if (!is_read && !names.empty()) break;
        if (truth.columns[i] != copy.columns[i]) names.push_back(judging.files.columns->at(i).name);
    }
    return names;
}

void compare(Partition& partition, const Judging& judging, const Side& truth, const Side& copy) {
    partition.truth = truth.rows;
    partition.copy = copy.rows;
    std::vector<std::string> notes = copy.damage;
    if (truth.rows != copy.rows) notes.push_back(difference_in_rows(truth.rows, copy.rows));
    // The digest of a chunk with a damaged file says only that it is damaged.
    if (truth.digest && copy.damage.empty() && *truth.digest != *copy.digest) {
        const auto columns = differing_columns(judging, *truth.digest, *copy.digest);
        if (!columns.empty()) {
            notes.push_back(fmt::format("the values of {} differ", fmt::join(columns, ", ")));
            partition.fields.emplace_back("columns", columns);
        } else if (truth.rows == copy.rows) {
            notes.emplace_back("the same values stand in other rows");
        }
    }
    if (!copy.damaged_files.empty()) partition.fields.emplace_back("damaged", copy.damaged_files);
    partition.verdict = notes.empty() ? PartitionVerdict::Match : PartitionVerdict::Mismatch;
    partition.note = fmt::format("{}", fmt::join(notes, "; "));
}

void make_unknown(Partition& partition, std::string_view side, const Error& error) {
    partition.verdict = PartitionVerdict::Unknown;
    partition.note += fmt::format("{}the {} could not be looked at: {}",
                                  partition.note.empty() ? "" : "; ", side, error.message);
}

template <class Question>
auto ask_source(const Bench& bench, const Judging& judging, const Question& question)
    -> decltype(question()) {
    return with_retries(*judging.job, question, judging.wait,
                        [&] { return bench.source->is_gone(); });
}

}  // namespace

Result<Partition> judge_chunk(const Bench& bench, const Judging& judging, const CopyChunk& chunk) {
    Partition partition{.kind = std::string(kChunkKind), .id = fmt::format("{}", chunk.chunk_id)};
    place(partition, judging.key, chunk.bounds);
    const auto copy = look_at_copy(*bench.engine, judging, chunk);
    const auto truth = ask_source(
        bench, judging, [&] { return look_at_truth(*bench.source, judging, chunk.bounds); });
    if (!truth && truth.error().kind == ErrorClass::Interrupted) {
        return std::unexpected(truth.error());
    }
    if (truth && copy) {
        compare(partition, judging, *truth, *copy);
        return partition;
    }
    if (truth) partition.truth = truth->rows;
    if (copy) partition.copy = copy->rows;
    if (!truth) make_unknown(partition, "source", truth.error());
    if (!copy) make_unknown(partition, "copy", copy.error());
    // Damage of the copy is seen without the source.
    if (copy && !copy->damage.empty()) {
        partition.verdict = PartitionVerdict::Mismatch;
        partition.note = fmt::format("{}; {}", fmt::join(copy->damage, "; "), partition.note);
        partition.fields.emplace_back("damaged", copy->damaged_files);
    }
    return partition;
}

Result<Partition> judge_gap(const Bench& bench, const Judging& judging, const CopyGap& gap) {
    Partition partition{.kind = std::string(kOutsideKind), .id = gap.id, .copy = 0};
    place(partition, judging.key, gap.bounds);
    const Bounds& bounds = gap.bounds;
    if (bounds.lower && bounds.upper) {
        const auto is_overlap = bench.source->sorts_before(*judging.relation, *judging.key,
                                                           *bounds.upper, *bounds.lower);
        if (is_overlap && *is_overlap) {
            partition.verdict = PartitionVerdict::Mismatch;
            partition.note = "two chunks of the ledger overlap here";
            return partition;
        }
    }
    const auto truth = ask_source(bench, judging, [&] {
        return bench.source->count(*judging.relation, judging.key, gap.bounds);
    });
    if (!truth) {
        if (truth.error().kind == ErrorClass::Interrupted) return std::unexpected(truth.error());
        make_unknown(partition, "source", truth.error());
        return partition;
    }
    partition.truth = *truth;
    partition.verdict = *truth == 0 ? PartitionVerdict::Match : PartitionVerdict::Mismatch;
    if (*truth > 0) {
        partition.note = fmt::format("{} rows that no chunk of the run holds", grouped(*truth));
    }
    return partition;
}

}  // namespace trueup::extract
