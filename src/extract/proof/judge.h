#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columnar/engine.h"
#include "core/report.h"
#include "extract/proof/copy.h"
#include "extract/proof/part_look.h"
#include "extract/proof/reconcile.h"
#include "extract/run/meta_columns.h"
#include "extract/source/source.h"

namespace trueup::extract {

/// What the judgements of one reconciliation have in common.
struct Judging {
    const JobContext* job = nullptr;
    const Relation* relation = nullptr;
    const ChunkKey* key = nullptr;  // Null: the relation is one chunk.
    AddedColumns added;             // With the time of the run that is judged.
    Evidence evidence = Evidence::Count;
    CopySide copy_side = CopySide::Parts;
    PartFiles files;
    Wait wait;
};

/// Two connections of one worker: to the truth, and to the files.
struct Bench {
    SourceSession* source = nullptr;
    columnar::Session* engine = nullptr;
};

/// One chunk, both sides. What goes wrong with one of them makes the partition Unknown; the only
/// error is Interrupted.
Result<core::Partition> judge_chunk(const Bench& bench, const Judging& judging,
                                    const CopyChunk& chunk);

/// Rows that no chunk holds: any is one too many.
Result<core::Partition> judge_gap(const Bench& bench, const Judging& judging, const CopyGap& gap);

}  // namespace trueup::extract
