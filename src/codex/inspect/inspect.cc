#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <thread>
#include <unordered_set>

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

/// Finds the places of a list by what stands there, without a second copy of it.
template <typename TextAt>
class IndexByText {
  public:
    IndexByText(TextAt text_at, std::size_t expected)
        : places_(expected, Hash{text_at}, Equal{text_at}) {}

    /// The place of the same text, which is `place` when there was none.
    std::uint32_t place_of(std::uint32_t place) { return *places_.insert(place).first; }
    std::optional<std::uint32_t> find(std::string_view text) const {
        const auto found = places_.find(text);
        return found == places_.end() ? std::nullopt : std::optional(*found);
    }

  private:
    struct Hash {
        using is_transparent = void;
        TextAt text_at;
        std::size_t operator()(std::uint32_t place) const { return (*this)(text_at(place)); }
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    struct Equal {
        using is_transparent = void;
        TextAt text_at;
        bool operator()(std::uint32_t one, std::uint32_t other) const {
            return text_at(one) == text_at(other);
        }
        bool operator()(std::string_view text, std::uint32_t place) const {
            return text == text_at(place);
        }
        bool operator()(std::uint32_t place, std::string_view text) const {
            return text == text_at(place);
        }
    };
    std::unordered_set<std::uint32_t, Hash, Equal> places_;
};

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
        PathIndex index(PathAt{&inventory_.rollouts}, inventory_.rollouts.size());
        for (std::uint32_t i = 0; i < inventory_.rollouts.size(); ++i) index.place_of(i);
        {
            // What is remembered of the files is read while the rows are: neither needs the other.
            std::jthread recaller;
            if (has_cache()) recaller = std::jthread([this] { recall(); });
            TRY(look_at_stores(index));
        }
        if (options_->has_rollouts) {
            add_files_of_rows(index);
            TRY(look_at_files());
            join_files();
        }
        make_threads();
        return std::move(inventory_);
    }

  private:
    struct PathAt {
        const std::vector<Rollout>* rollouts;
        std::string_view operator()(std::uint32_t i) const { return (*rollouts)[i].path; }
    };
    using PathIndex = IndexByText<PathAt>;

    struct RowFile {
        RowRef row;
        std::uint32_t rollout;
    };

    Status look_at_stores(const PathIndex& index) {
        const auto stores =
            TRY(discover_stores(inventory_.home, inventory_.settings, options_->stores));
        const auto until = clock_->monotonic() + options_->wait;
        for (const Store& store : stores) {
            TRY(check_interrupt());
            const auto left = std::chrono::duration_cast<milliseconds>(until - clock_->monotonic());
            StoreView view{.store = store, .problem = {}, .backfill = {}, .rows = {}};
            const auto read = read_store(view, {.detail = options_->rows,
                                                .wait = std::max(left, milliseconds(0)),
                                                .now = clock_->now(),
                                                .path_text = [&](std::string_view stored) {
                                                    const auto known = index.find(stored);
                                                    return known ? inventory_.rollouts[*known].path
                                                                 : SharedText(stored);
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
        RolloutFiles found = list_rollouts(inventory_.home.path);
        refused_ = std::move(found.refused);
        inventory_.leftovers = std::move(found.leftovers);
        inventory_.rollouts.reserve(found.rollouts.size());
        for (SharedText& path : found.rollouts) add_file(std::move(path));
    }

    bool has_cache() const {
        return options_->has_rollouts && options_->scan == MetaScan::WholeFile &&
               !options_->cache_path.empty();
    }

    void recall() {
        recall_stamps(options_->cache_path, inventory_.home.path, inventory_.rollouts);
    }

    void add_file(SharedText path) {
        const RolloutFormat format = format_of(path);
        inventory_.rollouts.push_back({.path = std::move(path), .format = format});
    }

    /// Files from the walk come first, then those that only rows name.
    void add_files_of_rows(PathIndex& index) {
        for (std::uint32_t store = 0; store < inventory_.stores.size(); ++store) {
            const auto& rows = inventory_.stores[store].rows;
            for (std::uint32_t row = 0; row < rows.size(); ++row) {
                const auto& stored = rows[row].rollout_path;
                if (!stored) continue;
                row_files_.push_back({{store, row}, rollout_at(*stored, index)});
            }
        }
    }

    /// The place of the rollout that a row names, which is added when the walk did not find it.
    std::uint32_t rollout_at(std::string_view stored, PathIndex& index) {
        if (const auto known = index.find(stored)) return *known;
        const std::string path = absolute(inventory_.home, stored);
        if (const auto known = index.find(path)) return *known;
        add_file(path);
        return index.place_of(next_place(inventory_.rollouts) - 1);
    }

    Status look_at_files() {
        std::vector<Rollout>& rollouts = inventory_.rollouts;
        progress_->begin_phase({.name = "reading rollouts", .units_total = rollouts.size()});
        const auto workers = static_cast<std::size_t>(std::max(options_->workers, 1));
        std::vector<RolloutReader> readers(workers);
        std::vector<std::uint64_t> read_by(workers);
        parallel_for(
            rollouts.size(), options_->workers, [&](std::size_t index, std::size_t worker) {
                if (stop_signal() != 0) return;
                if (!still_is_as_recalled(rollouts[index], readers[worker])) {
                    const std::int64_t now = clock_->now() * kNanosPerMicro;
                    rollouts[index] = readers[worker].read(rollouts[index].path, options_->scan);
                    rollouts[index].looked_at_ns = now;
                    ++read_by[worker];
                }
                progress_->add_units(1);
            });
        for (const std::uint64_t count : read_by) inventory_.rollouts_read += count;
        return check_interrupt();
    }

    static bool still_is_as_recalled(Rollout& rollout, RolloutReader& reader) {
        if (rollout.looked_at_ns == 0) return false;
        const auto info = reader.look_at(rollout.path);
        if (!info || !*info || !is_unchanged(rollout, **info)) return false;
        rollout.info = **info;
        return true;
    }

    /// Two names of one file become one rollout: the first.
    void join_files() {
        struct Identity {
            std::uint64_t device;
            std::uint64_t inode;
            bool operator==(const Identity&) const = default;
        };
        std::vector<Rollout>& rollouts = inventory_.rollouts;
        const auto identity_at = [&rollouts](std::uint32_t i) {
            return Identity{rollouts[i].info.device, rollouts[i].info.inode};
        };
        const auto hash = [identity_at](std::uint32_t i) {
            const Identity one = identity_at(i);
            return std::hash<std::uint64_t>{}(one.inode * 0x9e3779b97f4a7c15U + one.device);
        };
        const auto is_same = [identity_at](std::uint32_t one, std::uint32_t other) {
            return identity_at(one) == identity_at(other);
        };
        std::unordered_set<std::uint32_t, decltype(hash), decltype(is_same)> seen(rollouts.size(),
                                                                                  hash, is_same);
        std::vector<std::uint32_t> place_of(rollouts.size());
        std::uint32_t kept = 0;
        for (std::uint32_t i = 0; i < rollouts.size(); ++i) {
            if (i != kept) rollouts[kept] = std::move(rollouts[i]);
            place_of[i] = kept;
            if (rollouts[kept].info.inode != 0) {
                const auto [first, is_new] = seen.insert(kept);
                place_of[i] = *first;
                if (!is_new) continue;
            }
            ++kept;
        }
        rollouts.resize(kept);
        for (RowFile& one : row_files_) one.rollout = place_of[one.rollout];
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
        IndexByText index([&threads](std::uint32_t i) { return threads[i].id.view(); }, expected);
        const auto thread_of = [&](SharedText& id) -> Thread& {
            if (const auto known = index.find(id)) {
                id = threads[*known].id;
                return threads[*known];
            }
            threads.push_back({.id = id, .rows = {}, .rollouts = {}});
            return threads[index.place_of(next_place(threads) - 1)];
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
            if (std::ranges::find(thread.rollouts, one.rollout) == thread.rollouts.end()) {
                thread.unusable = one.rollout;
            }
        }
    }

    const InspectOptions* options_;
    const Clock* clock_;
    core::Progress* progress_;
    Inventory inventory_;
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
