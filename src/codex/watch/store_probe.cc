#include "codex/watch/store_probe.h"

#include <fmt/format.h>

#include "base/file.h"
#include "sqlite/statement.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;

/// Readers of a database in WAL mode never wait; those of others for one commit.
constexpr milliseconds kLookWait{100};

Result<std::vector<std::string>> find_news(sqlite::Connection& connection, std::string_view target,
                                           const ThreadIds& known) {
    auto rows = TRY(sqlite::Statement::prepare(connection, kRowsOffTarget));
    TRY(rows.bind_text(1, target));
    std::vector<std::string> news;
    while (news.size() < std::size_t{kNewsMax} && TRY(rows.step())) {
        if (rows.is_null(0)) continue;
        std::string id(rows.column_text(0));
        if (!known.contains(id)) news.push_back(std::move(id));
    }
    return news;
}

}  // namespace

/// The connection to the file that stands at the path now.
Status StoreProbe::open_current() {
    const auto info = TRY(file_info(path_));
    if (!info) return fail(ErrorClass::Failed, fmt::format("{} is gone", path_));
    if (connection_ && info->inode == inode_ && info->device == device_) return {};
    version_.reset();
    connection_.reset();
    connection_ = TRY(sqlite::Connection::open(
        path_, {.mode = sqlite::OpenMode::ReadOnly, .busy_timeout = kLookWait}));
    inode_ = info->inode;
    device_ = info->device;
    return {};
}

Result<StoreLook> StoreProbe::read(std::string_view target, const ThreadIds& known,
                                   UnixMicros now) {
    TRY(open_current());
    // The version before the rows: a commit between the two is seen again the next time.
    const std::int64_t version = TRY(connection_->data_version());
    if (version_ == version && target_ == target) return StoreLook{};
    StoreLook look{.is_moved = true};
    look.is_ready = TRY(read_backfill(*connection_, now)).state != BackfillState::Running;
    look.news = TRY(find_news(*connection_, target, known));
    version_ = version;
    target_ = target;
    return look;
}

StoreLook StoreProbe::look(std::string_view target, const ThreadIds& known, UnixMicros now) {
    auto look = read(target, known, now);
    if (look) return *std::move(look);
    connection_.reset();
    return StoreLook{.problem = std::move(look).error()};
}

}  // namespace trueup::codex
