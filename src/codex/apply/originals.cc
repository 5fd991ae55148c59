#include "codex/apply/originals.h"

#include "base/fault.h"
#include "base/file.h"
#include "core/undo_journal.h"
#include "core/wire.h"

namespace trueup::codex {
namespace {

constexpr std::uint32_t kOriginal = 1;

Result<core::JournalWriter> open_log(const std::string& path) {
    if (TRY(core::is_begun_journal(path))) return core::JournalWriter::reopen(path);
    TRY(remove_file(path));  // What an interrupted run began.
    return core::JournalWriter::create(path);
}

}  // namespace

Result<Originals> Originals::load(std::string path) {
    Originals originals(std::move(path));
    if (!TRY(core::is_begun_journal(originals.path_))) return originals;
    core::JournalReader reader = TRY(core::JournalReader::open(originals.path_));
    TextPool pool;
    while (const auto record = TRY(reader.next())) {
        core::WireReader wire(record->payload);
        const std::string_view id = wire.text();
        const std::string_view provider = wire.text();
        if (record->type != kOriginal || !wire.is_whole()) continue;  // Of a newer trueup.
        originals.providers_.try_emplace(id, pool.of(provider));
    }
    return originals;
}

std::optional<SharedText> Originals::find(std::string_view thread_id) const {
    const auto found = providers_.find(thread_id);
    if (found == providers_.end()) return std::nullopt;
    return found->second;
}

Status Originals::remember(
    const std::vector<std::pair<SharedText, SharedText>>& thread_providers) const {
    std::optional<core::JournalWriter> writer;
    for (const auto& [id, provider] : thread_providers) {
        if (providers_.contains(id)) continue;
        if (!writer) writer = TRY(open_log(path_));
        core::WireWriter wire;
        wire.text(id);
        wire.text(provider);
        TRY(writer->append(kOriginal, wire.take()));
    }
    if (!writer) return {};
    FAULT_POINT("originals before sync");
    TRY(writer->sync());
    FAULT_POINT("originals after sync");
    return sync_directory(parent_path(path_));
}

}  // namespace trueup::codex
