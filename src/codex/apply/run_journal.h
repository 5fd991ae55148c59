#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "codex/apply/file_edit.h"
#include "codex/apply/reconcile.h"
#include "core/undo_journal.h"

/// What the records of a run's undo journal mean: docs/formats/codex.md. In the order of the file:
/// begin, then stores, threads, files and rows in any order, protected, and once it is over,
/// finished.
namespace trueup::codex {

// NOLINTNEXTLINE(performance-enum-size): as wide as in the file, for a cast to lose nothing.
enum class RecordType : std::uint32_t {
    Begin = 1,
    Store = 2,
    Thread = 3,
    File = 4,
    Row = 5,
    Protected = 6,  // The undo is complete: from here on data may have changed.
    Finished = 7,
};

struct BeginRecord {
    std::string run_id;
    RunKind kind = RunKind::Sync;
    std::string target;
    UnixMicros started_at = 0;
    std::optional<std::string> undoes;  // The run that an undo takes back.
};

/// A store about to change; rows name it by its place among the store records.
struct StoreRecord {
    StoreKind kind = StoreKind::Cli;
    std::string path;
    std::optional<std::string> backup;
};

/// A thread about to change; files and rows name it by its place among the thread records.
struct ThreadRecord {
    std::string id;
};

/// One row of a store, before and after.
struct RowEdit {
    std::uint32_t thread = 0;
    std::uint32_t store = 0;
    std::optional<SharedText> before;
    std::optional<SharedText> after;

    RowEdit reversed() const { return {thread, store, after, before}; }
    bool operator==(const RowEdit&) const = default;
};

/// How a run ended.
enum class RunEnd : std::uint8_t {
    Done,        // All that could be done is done, and can be undone.
    RolledBack,  // Nothing of it is left: it failed, or it was interrupted and recovered.
};

struct FinishedRecord {
    RunEnd end = RunEnd::Done;
    UnixMicros finished_at = 0;
    std::int64_t rollouts = 0;
    std::int64_t rows = 0;
    std::int64_t left = 0;
    /// Threads, by number, that were not changed after all: their records do not count.
    std::vector<std::uint32_t> untouched;
};

std::string encode(const BeginRecord& record);
std::string encode(const StoreRecord& record);
std::string encode(const RowEdit& record);
std::string encode(const FinishedRecord& record);
Result<BeginRecord> decode_begin(std::string_view bytes);
Result<StoreRecord> decode_store(std::string_view bytes);
Result<RowEdit> decode_row(std::string_view bytes);
Result<FinishedRecord> decode_finished(std::string_view bytes);

/// Where the edit of one file stands.
struct FileAt {
    std::uint64_t offset = 0;
    std::uint32_t thread = 0;
    EditMode mode = EditMode::Patch;
};

/// A journal read whole, but for the bytes of the files: those stay on the disk.
struct RunJournal {
    BeginRecord begin;
    std::vector<StoreRecord> stores;
    std::vector<SharedText> threads;  // Ids.
    std::vector<FileAt> files;
    std::vector<RowEdit> rows;
    bool is_protected = false;
    std::optional<FinishedRecord> finished;
};

/// Integrity when a whole record contradicts the others: a number beyond its list, a record out of
/// its place. A torn tail is no error.
Result<RunJournal> read_run_journal(const std::string& path);

}  // namespace trueup::codex
