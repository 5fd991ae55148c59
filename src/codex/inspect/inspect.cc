#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "base/file.h"
#include "base/parallel.h"
#include "base/signal.h"
#include "codex/inspect/inventory.h"
#include "codex/inspect/stamp_cache.h"
#include "sqlite/connection.h"

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kNanosPerMicro = 1000;

Status read_store(StoreView& view, const InspectOptions& options, milliseconds wait,
                  UnixMicros now) {
    if (view.store.is_missing) {
        return fail(ErrorClass::Failed,
                    fmt::format("the configured store {} does not exist", view.store.path));
    }
    sqlite::Connection connection = TRY(open_store(view.store, StoreAccess::Read, wait));
    view.backfill = TRY(read_backfill(connection, now));
    view.rows = TRY(read_threads(connection, options.rows));
    return {};
}

/// Where the rollout of a row is, spelled as the walk spells it: below home.path.
std::string absolute(const CodexHome& home, std::string_view stored) {
    std::string path = absolute_path(join_path(home.path, stored));
    const bool is_canonical =
        path.starts_with(home.canonical) && path.substr(home.canonical.size()).starts_with('/');
    if (is_canonical) path = home.path + path.substr(home.canonical.size());
    return path;
}

/// One look at a home, room by room.
class Inspection {
  public:
    Inspection(const CodexHome& home, const Settings& settings, const InspectOptions& options,
               const Clock& clock, core::Progress& progress)
        : options_(options), clock_(clock), progress_(progress) {
        inventory_.home = home;
        inventory_.settings = settings;
    }

    Result<Inventory> run() {
        TRY(look_at_stores());
        if (options_.has_rollouts) {
            TRY(list_files());
            TRY(look_at_files());
            join_files();
        }
        make_threads();
        return std::move(inventory_);
    }

  private:
    struct RowPath {
        RowRef row;
        std::uint32_t file;  // Index into files_.
    };

    Status look_at_stores() {
        const auto stores =
            TRY(discover_stores(inventory_.home, inventory_.settings, options_.stores));
        const auto until = clock_.monotonic() + options_.wait;
        for (const Store& store : stores) {
            TRY(check_interrupt());
            const auto left = std::chrono::duration_cast<milliseconds>(until - clock_.monotonic());
            StoreView view{.store = store, .problem = {}, .backfill = {}, .rows = {}};
            const auto read =
                read_store(view, options_, std::max(left, milliseconds(0)), clock_.now());
            if (!read) {
                view.problem = read.error();
                view.rows.clear();
            }
            inventory_.stores.push_back(std::move(view));
        }
        return {};
    }

    /// Files from the walk first, then those that only rows name.
    Status list_files() {
        RolloutFiles found = list_rollouts(inventory_.home.path);
        refused_ = std::move(found.refused);
        files_ = std::move(found.rollouts);
        inventory_.leftovers = std::move(found.leftovers);
        std::unordered_map<std::string, std::uint32_t> index;
        index.reserve(files_.size());
        for (std::uint32_t i = 0; i < files_.size(); ++i) index.emplace(files_[i], i);
        for (std::uint32_t store = 0; store < inventory_.stores.size(); ++store) {
            const auto& rows = inventory_.stores[store].rows;
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                if (!rows[row].rollout_path) continue;
                std::string path = absolute(inventory_.home, *rows[row].rollout_path);
                const auto [place, is_new] =
                    index.try_emplace(path, static_cast<std::uint32_t>(files_.size()));
                if (is_new) files_.push_back(std::move(path));
                row_paths_.push_back({{store, row}, place->second});
            }
        }
        return {};
    }

    Status look_at_files() {
        progress_.begin_phase({.name = "reading rollouts", .units_total = files_.size()});
        const StampCache cache = StampCache::load(options_.cache_path);
        const bool has_cache = cache.size() > 0 && options_.scan == MetaScan::WholeFile;
        const auto workers = static_cast<std::size_t>(std::max(options_.workers, 1));
        std::vector<RolloutReader> readers(workers);
        std::vector<std::uint64_t> read_by(workers);
        inventory_.rollouts.resize(files_.size());
        parallel_for(files_.size(), options_.workers, [&](std::size_t index, std::size_t worker) {
            if (stop_signal() != 0) return;
            Rollout& rollout = inventory_.rollouts[index];
            const std::string& path = files_[index];
            std::optional<Rollout> known;
            if (has_cache) {
                const auto info = file_info(path);
                if (info && *info) known = cache.find(path, **info);
            }
            if (known) {
                rollout = std::move(*known);
            } else {
                const std::int64_t now = clock_.now() * kNanosPerMicro;
                rollout = readers[worker].read(path, options_.scan);
                rollout.looked_at_ns = now;
                ++read_by[worker];
            }
            progress_.add_units(1);
        });
        for (const std::uint64_t count : read_by) inventory_.rollouts_read += count;
        return check_interrupt();
    }

    /// Two names of one file become one rollout: the first.
    void join_files() {
        struct Identity {
            std::uint64_t device;
            std::uint64_t inode;
            bool operator==(const Identity&) const = default;
        };
        const auto hash = [](const Identity& one) {
            return std::hash<std::uint64_t>{}(one.inode * 0x9e3779b97f4a7c15U + one.device);
        };
        std::unordered_map<Identity, std::uint32_t, decltype(hash)> seen(files_.size(), hash);
        std::vector<Rollout> joined;
        joined.reserve(files_.size());
        rollout_of_file_.resize(files_.size());
        for (std::size_t file = 0; file < files_.size(); ++file) {
            Rollout& rollout = inventory_.rollouts[file];
            const auto next = static_cast<std::uint32_t>(joined.size());
            rollout_of_file_[file] = next;
            if (rollout.info.inode != 0) {
                const Identity identity{rollout.info.device, rollout.info.inode};
                const auto [place, is_new] = seen.try_emplace(identity, next);
                rollout_of_file_[file] = place->second;
                if (!is_new) continue;
            }
            joined.push_back(std::move(rollout));
        }
        // A folder that cannot be listed may hold any number of them: one that cannot be read.
        for (RolloutFiles::Refused& folder : refused_) {
            joined.push_back({.path = std::move(folder.path),
                              .problem = RolloutProblem::Unreadable,
                              .detail = std::move(folder.detail)});
        }
        inventory_.rollouts = std::move(joined);
        files_.clear();
    }

    void make_threads() {
        for (std::uint32_t store = 0; store < inventory_.stores.size(); ++store) {
            const auto& rows = inventory_.stores[store].rows;
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                thread_of(rows[row].id).rows.push_back({store, row});
            }
        }
        for (std::uint32_t i = 0; i < inventory_.rollouts.size(); ++i) {
            const Rollout& rollout = inventory_.rollouts[i];
            if (rollout.problem == RolloutProblem::None) {
                thread_of(rollout.thread_id).rollouts.push_back(i);
            }
        }
        for (const RowPath& one : row_paths_) {
            const std::uint32_t rollout = rollout_of_file_[one.file];
            const ThreadRow& row = inventory_.stores[one.row.store].rows[one.row.row];
            Thread& thread = thread_of(row.id);
            if (std::ranges::find(thread.rollouts, rollout) == thread.rollouts.end()) {
                thread.unusable = rollout;
            }
        }
    }

    Thread& thread_of(const std::string& id) {
        const auto next = static_cast<std::uint32_t>(inventory_.threads.size());
        const auto [place, is_new] = by_id_.try_emplace(id, next);
        if (is_new) inventory_.threads.push_back({.id = id, .rows = {}, .rollouts = {}});
        return inventory_.threads[place->second];
    }

    const InspectOptions& options_;
    const Clock& clock_;
    core::Progress& progress_;
    Inventory inventory_;
    std::vector<std::string> files_;
    std::vector<RolloutFiles::Refused> refused_;
    std::vector<RowPath> row_paths_;
    std::vector<std::uint32_t> rollout_of_file_;
    std::unordered_map<std::string, std::uint32_t> by_id_;
};

}  // namespace

Result<Inventory> inspect(const CodexHome& home, const Settings& settings,
                          const InspectOptions& options, const Clock& clock,
                          core::Progress& progress) {
    return Inspection(home, settings, options, clock, progress).run();
}

Status write_cache(const Inventory& inventory, const std::string& cache_path) {
    TRY(make_directories(parent_path(cache_path), 0700));
    return replace_file(cache_path, encode_stamps(inventory.rollouts), "stamps");
}

}  // namespace trueup::codex
