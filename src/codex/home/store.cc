#include "codex/home/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "sqlite/connection.h"

namespace trueup::codex {
namespace {

constexpr std::string_view kDatabase = "state_5.sqlite";

bool passes(StoreKind kind, StoreFilter filter) {
    switch (filter) {
        case StoreFilter::All: return true;
        case StoreFilter::Cli: return kind == StoreKind::Cli;
        case StoreFilter::App: return kind == StoreKind::App;
        case StoreFilter::Configured: return kind == StoreKind::Configured;
    }
    std::unreachable();
}

std::string_view name_of(StoreFilter filter) {
    switch (filter) {
        case StoreFilter::All: return "all";
        case StoreFilter::Cli: return "cli";
        case StoreFilter::App: return "app";
        case StoreFilter::Configured: return "configured";
    }
    std::unreachable();
}

std::vector<Store> candidates_of(const CodexHome& home, const Settings& settings) {
    std::vector<Store> stores;
    if (settings.sqlite_home) {
        stores.push_back({StoreKind::Configured, join_path(*settings.sqlite_home, kDatabase)});
    }
    stores.push_back({StoreKind::App, join_path(join_path(home.path, "sqlite"), kDatabase)});
    stores.push_back({StoreKind::Cli, join_path(home.path, kDatabase)});
    return stores;
}

/// Follows the links to the store. One that the system does not let us follow counts as existing:
/// opening it will say why not, and the other stores are none the worse.
void settle(Store& store) {
    auto real = canonical_path(store.path);
    store.is_missing = real && !*real;
    if (real && *real) store.path = **std::move(real);
}

std::unexpected<Error> no_store(const CodexHome& home, StoreFilter filter) {
    if (filter == StoreFilter::All) {
        return fail(ErrorClass::Failed,
                    fmt::format("there is no {} in the Codex home {}", kDatabase, home.path),
                    "run Codex once, so that it makes one");
    }
    return fail(
        ErrorClass::Failed,
        fmt::format("no store of the Codex home {} passes --store {}", home.path, name_of(filter)),
        "leave --store out to see all stores");
}

Status require_file(const Store& store) {
    const auto info = TRY(file_info(store.path));
    if (!info) {
        return fail(ErrorClass::Failed,
                    fmt::format("the {} store {} does not exist", name_of(store.kind), store.path),
                    store.kind == StoreKind::Configured
                        ? "check sqlite_home in the configuration, and CODEX_SQLITE_HOME"
                        : "");
    }
    if (info->is_regular) return {};
    return fail(ErrorClass::Failed,
                fmt::format("the {} store {} is {}", name_of(store.kind), store.path,
                            info->is_directory ? "a folder, not a database" : "no regular file"));
}

/// How to read without making a file beside the database, when `log` and `index` are what stands
/// beside it now.
sqlite::OpenMode mode_without_files(const std::optional<FileInfo>& log,
                                    const std::optional<FileInfo>& index) {
    const bool holds_pages = log && log->bytes > 0;
    // Codex has it open, or had when it died: both files are there, and neither will be made.
    if (log && index) return sqlite::OpenMode::ReadOnly;
    return holds_pages ? sqlite::OpenMode::ReadOnlyUnlocked : sqlite::OpenMode::Immutable;
}

Result<sqlite::Connection> open_for_reading(const Store& store, StoreAccess access,
                                            std::chrono::milliseconds wait) {
    sqlite::OpenOptions options{.mode = sqlite::OpenMode::ReadOnly, .busy_timeout = wait};
    const bool has_log_format = TRY(sqlite::Connection::has_log_format(store.path));
    if (!has_log_format) return sqlite::Connection::open(store.path, options);
    const auto log = TRY(file_info(store.path + "-wal"));
    const auto index = TRY(file_info(store.path + "-shm"));
    if (access == StoreAccess::Read) options.mode = mode_without_files(log, index);
    auto connection = sqlite::Connection::open(store.path, options);
    if (connection || options.mode != sqlite::OpenMode::ReadOnly ||
        connection.error().kind != ErrorClass::Failed) {
        return connection;
    }
    // The folder or the files in it may be closed to us; the reading does not need them.
    options.mode = mode_without_files(log, std::nullopt);
    auto unlocked = sqlite::Connection::open(store.path, options);
    return unlocked ? std::move(unlocked) : std::move(connection);
}

}  // namespace

std::string_view name_of(StoreKind kind) {
    switch (kind) {
        case StoreKind::Configured: return "configured";
        case StoreKind::App: return "app";
        case StoreKind::Cli: return "cli";
    }
    std::unreachable();
}

Result<std::vector<Store>> discover_stores(const CodexHome& home, const Settings& settings,
                                           StoreFilter filter) {
    std::vector<Store> stores;
    for (Store& store : candidates_of(home, settings)) {
        if (!passes(store.kind, filter)) continue;
        settle(store);
        if (store.is_missing && store.kind != StoreKind::Configured) continue;
        const bool is_known = std::ranges::find(stores, store.path, &Store::path) != stores.end();
        if (!is_known) stores.push_back(std::move(store));
    }
    if (stores.empty()) return no_store(home, filter);
    return stores;
}

Result<sqlite::Connection> open_store(const Store& store, StoreAccess access,
                                      std::chrono::milliseconds wait) {
    TRY(require_file(store));
    if (access != StoreAccess::Write) return open_for_reading(store, access, wait);
    return sqlite::Connection::open(store.path,
                                    {.mode = sqlite::OpenMode::ReadWrite, .busy_timeout = wait});
}

}  // namespace trueup::codex
