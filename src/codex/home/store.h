#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/shared_text.h"
#include "codex/home/codex_home.h"
#include "codex/home/settings.h"

namespace trueup::sqlite {
class Connection;
}

/// Who uses a connection includes sqlite/connection.h; who only knows stores does not see SQLite.
namespace trueup::codex {

enum class StoreKind : std::uint8_t { Configured, App, Cli };
/// "configured", "app", "cli".
std::string_view name_of(StoreKind kind);

/// One state_5.sqlite.
struct Store {
    StoreKind kind = StoreKind::Cli;  // The first kind that found it: configured, app, cli.
    std::string path;                 // Links resolved when it exists.
    bool is_missing = false;          // Only a configured store is kept when it does not exist.
};

enum class StoreFilter : std::uint8_t { All, Cli, App, Configured };

/// The stores of a home: candidates configured, app, cli in that order, links resolved, each file
/// once. A filter is applied before files that are one are joined, so that "cli" finds the
/// top-level file even when sqlite_home names it too. No store at all, or none that passes the
/// filter: Failed, naming the filter.
Result<std::vector<Store>> discover_stores(const CodexHome& home, const Settings& settings,
                                           StoreFilter filter);

/// How a store may be opened.
enum class StoreAccess : std::uint8_t {
    Read,    // Once and now: what Codex writes later need not be seen. Makes no file beside it.
    Follow,  // For a connection that lives on and sees what others write: data_version().
    Write,
};

/// Opens the store. A lock that outlasts `wait` is Retryable and says that the database is locked;
/// a missing store, and a folder in its place, are Failed and named.
///
/// For reading, a WAL database that nobody has open is read without locks, so that neither its -wal
/// nor its -shm file comes into being; so is one whose folder forbids them.
Result<sqlite::Connection> open_store(const Store& store, StoreAccess access,
                                      std::chrono::milliseconds wait);

/// One row of table threads. Columns that the table lacks are nothing.
struct ThreadRow {
    SharedText id;  // As text, whatever its storage class; rows with a NULL id are left out.
    std::optional<SharedText> provider;
    std::optional<SharedText> rollout_path;  // As stored; nothing also when it is empty.
    std::optional<std::int64_t> updated_at;  // Unix seconds.
    bool is_archived = false;
    // Only with RowDetail::Full.
    SharedText title;
    SharedText cwd;
};

enum class RowDetail : std::uint8_t { Brief, Full };

/// Many more than a person can have; what holds more is not read.
inline constexpr std::int64_t kThreadsMax = 5'000'000;

/// All rows, in the order of the table. A store without table threads, id, rollout_path or
/// model_provider is Failed, naming what is missing. `path_text`, when given, makes the text of a
/// rollout_path: for callers that have it already.
using PathText = std::function<SharedText(std::string_view stored)>;
Result<std::vector<ThreadRow>> read_threads(sqlite::Connection& connection, RowDetail detail,
                                            const PathText& path_text = {});

/// What became of a row.
enum class RowUpdate : std::uint8_t {
    Changed,
    AlreadyRight,  // Or gone: there is nothing left to be wrong.
    Foreign,       // It says neither what it said nor what it is to say.
};

/// Changes providers of one store, row by row, within the caller's transaction.
class RowUpdater {
  public:
    /// The connection must outlive it. Failed as read_threads().
    static Result<RowUpdater> prepare(sqlite::Connection& connection);
    /// Changes the row `id` from `before` to `after` when it still says `before`. Nothing is NULL.
    Result<RowUpdate> update(std::string_view id, std::optional<std::string_view> before,
                             std::optional<std::string_view> after);

    RowUpdater(RowUpdater&&) noexcept;
    RowUpdater& operator=(RowUpdater&&) noexcept;
    RowUpdater(const RowUpdater&) = delete;
    RowUpdater& operator=(const RowUpdater&) = delete;
    ~RowUpdater();

  private:
    struct Statements;
    explicit RowUpdater(std::unique_ptr<Statements> statements);
    std::unique_ptr<Statements> statements_;
};

struct ProviderCount {
    std::optional<std::string> provider;  // Nothing: rows without one.
    std::int64_t rows = 0;
};
/// Rows by provider, most first, then by name.
Result<std::vector<ProviderCount>> count_providers(sqlite::Connection& connection);

enum class BackfillState : std::uint8_t {
    Ready,    // No table, no row, or status "complete".
    Running,  // Codex is rebuilding the store, or has yet to.
    Stale,    // Says running, but its worker's lease of 900 s has run out.
};

struct Backfill {
    BackfillState state = BackfillState::Ready;
    std::optional<std::string> status;       // As stored; nothing without table or row.
    std::optional<std::int64_t> updated_at;  // Unix seconds of the worker's last sign of life.
};

/// A worker of Codex's backfill that gave no sign of life for longer is dead (openai/codex
/// sources).
inline constexpr std::chrono::seconds kBackfillLease{900};

/// `now` decides whether a running worker is still alive; one from the future is.
Result<Backfill> read_backfill(sqlite::Connection& connection, UnixMicros now);

}  // namespace trueup::codex
