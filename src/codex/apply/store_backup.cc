#include "codex/apply/store_backup.h"

#include <fmt/format.h>

#include "base/fault.h"
#include "base/file.h"
#include "sqlite/connection.h"

namespace trueup::codex {
namespace {

constexpr std::chrono::milliseconds kBusyWait{5000};

Status remove_interrupted_copies(const std::string& folder) {
    const auto entries = TRY(list_directory(folder));
    for (const Entry& entry : entries) {
        const bool is_copy =
            entry.name.starts_with("state_5.sqlite.") && entry.name.ends_with(".tmp");
        if (is_copy && !entry.is_directory) TRY(remove_file(join_path(folder, entry.name)));
    }
    return {};
}

}  // namespace

void name_backups(const Clock& clock, std::vector<StoreRecord>& stores) {
    for (StoreRecord& record : stores) {
        record.backup = join_path(parent_path(record.path),
                                  fmt::format("backups/{}/state_5.sqlite.{}.bak",
                                              name_of(record.kind), clock.now() / 1000));
    }
}

Status back_up(const std::vector<StoreRecord>& stores) {
    for (const StoreRecord& record : stores) {
        if (!record.backup) continue;
        const std::string folder = parent_path(*record.backup);
        TRY(make_directories(folder, 0700));
        TRY(remove_interrupted_copies(folder));
        const Store store{.kind = record.kind, .path = record.path};
        sqlite::Connection connection = TRY(open_store(store, StoreAccess::Write, kBusyWait));
        FAULT_POINT("store before backup");
        TRY(connection.backup_to(*record.backup));
        FAULT_POINT("store after backup");
    }
    return {};
}

}  // namespace trueup::codex
