#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "base/parallel.h"
#include "base/signal.h"
#include "codex/inspect/inventory.h"
#include "codex/inspect/place_index.h"
#include "codex/inspect/stamp_cache.h"
#include "sqlite/connection.h"

namespace {

struct FileIdentity {
    std::uint64_t device;
    std::uint64_t inode;
    bool operator==(const FileIdentity&) const = default;
};

}  // namespace

template <>
struct std::hash<FileIdentity> {
    std::size_t operator()(const FileIdentity& file) const noexcept {
        // Inodes follow each other: spread over all bits, by the golden ratio.
        return (file.inode + file.device * 31) * 0x9e3779b97f4a7c15U;
    }
};

namespace trueup::codex {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kNanosPerMicro = 1000;

struct ReadAs {
    RowDetail detail;
    milliseconds wait;
    UnixMicros now;
    PathText path_text;
};

Status read_store(StoreView& view, const ReadAs& how) {
    if (view.store.is_missing) {
        return fail(ErrorClass::Failed,
                    fmt::format("the configured store {} does not exist", view.store.path));
    }
    sqlite::Connection connection = TRY(open_store(view.store, StoreAccess::Read, how.wait));
    view.backfill = TRY(read_backfill(connection, how.now));
    view.rows = TRY(read_threads(connection, how.detail, how.path_text));
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

std::uint32_t next_place(const auto& list) { return static_cast<std::uint32_t>(list.size()); }

/// One look at a home, room by room.
class Inspection {
  public:
    Inspection(const CodexHome& home, const Settings& settings, const InspectOptions& options,
               const Clock& clock, core::Progress& progress)
        : options_(&options), clock_(&clock), progress_(&progress) {
        inventory_.home = home;
        inventory_.settings = settings;
    }

    Result<Inventory> run() {
        if (options_->has_rollouts) list_files();
        TRY(look_at_all());
        if (options_->has_rollouts) join_files();
        make_threads();
        return std::move(inventory_);
    }

  private:
    struct PathAt {
        const std::vector<SharedText>* paths;
        std::string_view operator()(std::uint32_t i) const { return (*paths)[i]; }
    };
    using PathIndex = PlaceIndex<PathAt>;

    struct RowFile {
        RowRef row;
        std::optional<std::uint32_t> rollout;
    };

    Status look_at_all() {
        const auto stores =
            TRY(discover_stores(inventory_.home, inventory_.settings, options_->stores));
        const std::size_t listed = paths_.size();
        PathIndex index(PathAt{&paths_}, listed);
        {
            const std::jthread finder(
                [this] { remembered_ = cache_.places_of(paths_, inventory_.home.path); });
            for (std::uint32_t i = 0; i < listed; ++i) index.add(i);
        }
        if (options_->has_rollouts) {
            progress_->begin_phase({.name = "reading rollouts", .units_total = listed});
        }
        {
            // The rows are read meanwhile: neither needs the other.
            const std::jthread looker([&] { look_at_files(0, listed); });
            TRY(look_at_stores(stores, index));
            if (options_->has_rollouts) find_files_of_rows(index);
        }
        add_files_of_rows(index);
        progress_->set_units_total(paths_.size());
        look_at_files(listed, paths_.size());
        cache_ = {};
        return check_interrupt();
    }

    Status look_at_stores(const std::vector<Store>& stores, const PathIndex& index) {
        const auto until = clock_->monotonic() + options_->wait;
        for (const Store& store : stores) {
            TRY(check_interrupt());
            const auto left = std::chrono::duration_cast<milliseconds>(until - clock_->monotonic());
            StoreView view{.store = store, .problem = {}, .backfill = {}, .rows = {}};
            const auto read =
                read_store(view, {.detail = options_->rows,
                                  .wait = std::max(left, milliseconds(0)),
                                  .now = clock_->now(),
                                  .path_text = [&](std::string_view stored) {
                                      const auto known = index.find(stored);
                                      return known ? paths_[*known] : SharedText(stored);
                                  }});
            if (!read) {
                view.problem = read.error();
                view.rows.clear();
            }
            inventory_.stores.push_back(std::move(view));
        }
        return {};
    }

    void list_files() {
        RolloutFiles found;
        {
            const std::jthread recaller([this] { read_cache(); });
            found = list_rollouts(inventory_.home.path, options_->workers);
        }
        refused_ = std::move(found.refused);
        inventory_.leftovers = std::move(found.leftovers);
        paths_.reserve(found.rollouts.size());
        inventory_.rollouts.reserve(found.rollouts.size());
        for (SharedText& path : found.rollouts) add_file(std::move(path));
    }

    void read_cache() {
        const bool is_wanted =
            options_->scan == MetaScan::WholeFile && !options_->cache_path.empty();
        if (is_wanted) cache_ = StampCache::read(options_->cache_path);
    }

    void add_file(SharedText path) {
        inventory_.rollouts.emplace_back();
        paths_.push_back(std::move(path));
    }

    /// The place of the rollout that a row names; nothing when the walk did not find it.
    std::optional<std::uint32_t> known_file(const SharedText& stored,
                                            const PathIndex& index) const {
        const auto known = index.find(stored);
        return known ? known : index.find(absolute(inventory_.home, stored));
    }

    void find_files_of_rows(const PathIndex& index) {
        for (std::uint32_t store = 0; store < inventory_.stores.size(); ++store) {
            const auto& rows = inventory_.stores[store].rows;
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                const auto& stored = rows[row].rollout_path;
                if (!stored) continue;
                row_files_.push_back({{store, row}, known_file(*stored, index)});
            }
        }
    }

    /// Files that only rows name come behind those from the walk.
    void add_files_of_rows(PathIndex& index) {
        for (RowFile& one : row_files_) {
            if (one.rollout) continue;
            const SharedText& stored = *row_at(one.row).rollout_path;
            one.rollout = known_file(stored, index);  // An earlier row may have added it.
            if (one.rollout) continue;
            add_file(absolute(inventory_.home, stored));
            one.rollout = index.add(next_place(paths_) - 1);
        }
    }

    const ThreadRow& row_at(RowRef at) const { return inventory_.stores[at.store].rows[at.row]; }

    struct Looker {
        RolloutReader reader;
        TextPool pool;
        std::uint64_t files_read = 0;
    };

    /// Those from `begin` to `end`; stopped early by a signal.
    void look_at_files(std::size_t begin, std::size_t end) {
        std::vector<Looker> lookers(static_cast<std::size_t>(std::max(options_->workers, 1)));
        parallel_for(end - begin, options_->workers, [&](std::size_t index, std::size_t worker) {
            if (stop_signal() != 0) return;
            inventory_.rollouts[begin + index] = look_at_file(begin + index, lookers[worker]);
            progress_->add_units(1);
        });
        for (const Looker& looker : lookers) inventory_.rollouts_read += looker.files_read;
    }

    Rollout look_at_file(std::size_t index, Looker& looker) const {
        const SharedText& path = paths_[index];
        const std::uint32_t place = index < remembered_.size() ? remembered_[index] : 0;
        if (place != 0) {
            const auto info = looker.reader.look_at(path);
            if (info && *info) {
                auto known = cache_.recall(place, path, **info, looker.pool);
                if (known) return std::move(*known);
            }
        }
        const std::int64_t now = clock_->now() * kNanosPerMicro;
        Rollout rollout = looker.reader.read(path, options_->scan);
        rollout.looked_at_ns = now;
        ++looker.files_read;
        return rollout;
    }

    /// Two names of one file become one rollout: the first.
    void join_files() {
        std::vector<Rollout>& rollouts = inventory_.rollouts;
        PlaceIndex seen(
            [&rollouts](std::uint32_t i) {
                return FileIdentity{rollouts[i].info.device, rollouts[i].info.inode};
            },
            rollouts.size());
        std::vector<std::uint32_t> place_of(rollouts.size());
        std::uint32_t kept = 0;
        for (std::uint32_t i = 0; i < rollouts.size(); ++i) {
            if (i != kept) rollouts[kept] = std::move(rollouts[i]);
            place_of[i] = kept;
            if (rollouts[kept].info.inode != 0) {
                place_of[i] = seen.add(kept);
                if (place_of[i] != kept) continue;
            }
            ++kept;
        }
        rollouts.resize(kept);
        for (RowFile& one : row_files_) one.rollout = place_of[*one.rollout];
        // A folder that cannot be listed may hold any number of them: one that cannot be read.
        for (const RolloutFiles::Refused& folder : refused_) {
            rollouts.push_back({.path = folder.path,
                                .problem = RolloutProblem::Unreadable,
                                .detail = folder.detail});
        }
    }

    void make_threads() {
        std::vector<Thread>& threads = inventory_.threads;
        std::size_t expected = inventory_.rollouts.size();
        for (const StoreView& view : inventory_.stores) {
            expected = std::max(expected, view.rows.size());
        }
        threads.reserve(expected);
        PlaceIndex index([&threads](std::uint32_t i) { return threads[i].id.view(); }, expected);
        const auto thread_of = [&](SharedText& id) -> Thread& {
            if (const auto known = index.find(id)) {
                id = threads[*known].id;
                return threads[*known];
            }
            threads.push_back({.id = id, .rows = {}, .rollouts = {}});
            return threads[index.add(next_place(threads) - 1)];
        };
        for (std::uint32_t store = 0; store < inventory_.stores.size(); ++store) {
            auto& rows = inventory_.stores[store].rows;
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                thread_of(rows[row].id).rows.push_back({store, row});
            }
        }
        for (std::uint32_t i = 0; i < inventory_.rollouts.size(); ++i) {
            Rollout& rollout = inventory_.rollouts[i];
            if (rollout.problem != RolloutProblem::None) continue;
            thread_of(rollout.thread_id).rollouts.push_back(i);
            for (MetaAt& at : rollout.metas) at.meta.thread_id = rollout.thread_id;
        }
        for (const RowFile& one : row_files_) {
            ThreadRow& row = inventory_.stores[one.row.store].rows[one.row.row];
            Thread& thread = thread_of(row.id);
            if (std::ranges::find(thread.rollouts, *one.rollout) == thread.rollouts.end()) {
                thread.unusable = one.rollout;
            }
        }
    }

    const InspectOptions* options_;
    const Clock* clock_;
    core::Progress* progress_;
    Inventory inventory_;
    /// Of inventory_.rollouts, as they were named; one may be found under its sibling's name.
    std::vector<SharedText> paths_;
    StampCache cache_;
    std::vector<std::uint32_t> remembered_;  // By the files that were listed: their places there.
    std::vector<RolloutFiles::Refused> refused_;
    std::vector<RowFile> row_files_;
};

}  // namespace

Result<Inventory> inspect(const CodexHome& home, const Settings& settings,
                          const InspectOptions& options, const Clock& clock,
                          core::Progress& progress) {
    return Inspection(home, settings, options, clock, progress).run();
}

Status write_cache(const Inventory& inventory, const std::string& cache_path) {
    return keep_stamps(inventory.rollouts, inventory.home.path, cache_path);
}

}  // namespace trueup::codex
