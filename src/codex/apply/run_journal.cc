#include "codex/apply/run_journal.h"

#include <fmt/format.h>

#include "core/wire.h"

namespace trueup::codex {
namespace {

std::unexpected<Error> damaged(std::string_view what) {
    return fail(ErrorClass::Integrity,
                fmt::format("a {} record in the undo journal is damaged", what));
}

/// Puts records where they belong, and refuses those that contradict what came before.
class Collector {
  public:
    explicit Collector(RunJournal& journal) : journal_(&journal) {}

    Status take(const core::JournalRecord& record) {
        const auto type = static_cast<RecordType>(record.type);
        if (has_begun_ == (type == RecordType::Begin)) return damaged("begin");
        // Behind the end of the undo data only the end of the run may stand.
        const bool is_closed = journal_->finished || journal_->is_protected;
        if (is_closed && (journal_->finished || type != RecordType::Finished)) {
            return damaged("late");
        }
        switch (type) {
            case RecordType::Begin: return take_begin(record.payload);
            case RecordType::Store: return take_store(record.payload);
            case RecordType::Thread: return take_thread(record.payload);
            case RecordType::File: return take_file(record);
            case RecordType::Row: return take_row(record.payload);
            case RecordType::Protected: journal_->is_protected = true; return {};
            case RecordType::Finished: return take_finished(record.payload);
        }
        return damaged("foreign");
    }

  private:
    Status take_begin(std::string_view bytes) {
        journal_->begin = TRY(decode_begin(bytes));
        has_begun_ = true;
        return {};
    }
    Status take_store(std::string_view bytes) {
        journal_->stores.push_back(TRY(decode_store(bytes)));
        return {};
    }
    Status take_thread(std::string_view bytes) {
        journal_->threads.emplace_back(bytes);
        return {};
    }
    Status take_file(const core::JournalRecord& record) {
        const FileEdit edit = TRY(decode_file_edit(record.payload));
        if (edit.thread >= journal_->threads.size()) return damaged("file");
        journal_->files.push_back({record.offset, edit.thread, edit.mode});
        return {};
    }
    Status take_row(std::string_view bytes) {
        RowEdit row = TRY(decode_row(bytes));
        const bool is_known =
            row.thread < journal_->threads.size() && row.store < journal_->stores.size();
        if (!is_known) return damaged("row");
        journal_->rows.push_back(std::move(row));
        return {};
    }
    Status take_finished(std::string_view bytes) {
        FinishedRecord finished = TRY(decode_finished(bytes));
        for (const std::uint32_t thread : finished.untouched) {
            if (thread >= journal_->threads.size()) return damaged("finished");
        }
        journal_->finished = std::move(finished);
        return {};
    }

    RunJournal* journal_;
    bool has_begun_ = false;
};

Result<std::uint64_t> file_size(const std::string& path) {
    const auto info = TRY(file_info(path));
    return info ? info->bytes : 0;
}

}  // namespace

std::string encode(const BeginRecord& record) {
    core::WireWriter wire;
    wire.text(record.run_id);
    wire.u8(static_cast<std::uint8_t>(record.kind));
    wire.text(record.target);
    wire.i64(record.started_at);
    wire.optional_text(record.undoes);
    return wire.take();
}

Result<BeginRecord> decode_begin(std::string_view bytes) {
    core::WireReader wire(bytes);
    BeginRecord record;
    record.run_id = wire.text();
    const std::uint8_t kind = wire.u8();
    record.target = wire.text();
    record.started_at = wire.i64();
    record.undoes = wire.optional_text();
    if (!wire.is_whole() || kind > static_cast<std::uint8_t>(RunKind::RestoreOriginal)) {
        return damaged("begin");
    }
    record.kind = static_cast<RunKind>(kind);
    return record;
}

std::string encode(const StoreRecord& record) {
    core::WireWriter wire;
    wire.u8(static_cast<std::uint8_t>(record.kind));
    wire.text(record.path);
    wire.optional_text(record.backup);
    return wire.take();
}

Result<StoreRecord> decode_store(std::string_view bytes) {
    core::WireReader wire(bytes);
    StoreRecord record;
    const std::uint8_t kind = wire.u8();
    record.path = wire.text();
    record.backup = wire.optional_text();
    const bool is_right = wire.is_whole() && record.path.starts_with('/') &&
                          kind <= static_cast<std::uint8_t>(StoreKind::Cli);
    if (!is_right) return damaged("store");
    record.kind = static_cast<StoreKind>(kind);
    return record;
}

std::string encode(const RowEdit& record) {
    core::WireWriter wire;
    wire.u32(record.thread);
    wire.u32(record.store);
    wire.optional_text(record.before);
    wire.optional_text(record.after);
    return wire.take();
}

Result<RowEdit> decode_row(std::string_view bytes) {
    core::WireReader wire(bytes);
    RowEdit record;
    record.thread = wire.u32();
    record.store = wire.u32();
    record.before = wire.optional_text();
    record.after = wire.optional_text();
    if (!wire.is_whole()) return damaged("row");
    return record;
}

std::string encode(const FinishedRecord& record) {
    core::WireWriter wire;
    wire.u8(static_cast<std::uint8_t>(record.end));
    wire.i64(record.finished_at);
    wire.i64(record.rollouts);
    wire.i64(record.rows);
    wire.i64(record.left);
    wire.u32(static_cast<std::uint32_t>(record.untouched.size()));
    for (const std::uint32_t thread : record.untouched) wire.u32(thread);
    return wire.take();
}

Result<FinishedRecord> decode_finished(std::string_view bytes) {
    core::WireReader wire(bytes);
    FinishedRecord record;
    const std::uint8_t end = wire.u8();
    record.finished_at = wire.i64();
    record.rollouts = wire.i64();
    record.rows = wire.i64();
    record.left = wire.i64();
    const std::uint32_t untouched = wire.u32();
    for (std::uint32_t i = 0; i < untouched && !wire.is_lost(); ++i) {
        record.untouched.push_back(wire.u32());
    }
    if (!wire.is_whole() || end > static_cast<std::uint8_t>(RunEnd::RolledBack)) {
        return damaged("finished");
    }
    record.end = static_cast<RunEnd>(end);
    return record;
}

Result<RunJournal> read_run_journal(const std::string& path) {
    core::JournalReader reader = TRY(core::JournalReader::open(path));
    RunJournal journal;
    Collector collector(journal);
    bool is_empty = true;
    while (const auto record = TRY(reader.next())) {
        const auto taken = collector.take(*record);
        if (!taken) return in_context(taken.error(), path);
        is_empty = false;
    }
    // A tail that was torn while it was written ends the file; whole records behind damaged ones
    // mean that the damage came later, and what is missing may be what undo needs.
    const bool has_more = TRY(reader.last()) && reader.position() != TRY(file_size(path));
    if (has_more) {
        return fail(ErrorClass::Integrity,
                    fmt::format("{} is damaged at byte {}", path, reader.position()));
    }
    if (is_empty) return fail(ErrorClass::Integrity, fmt::format("{} holds no record", path));
    return journal;
}

}  // namespace trueup::codex
