#include "codex/plan/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace trueup::codex {
namespace {

constexpr std::int64_t kMicrosPerSecond = std::micro::den;
constexpr std::int64_t kNanosPerMicro = std::nano::den / std::micro::den;

std::string_view without_slashes(std::string_view folder) {
    while (folder.ends_with('/')) folder.remove_suffix(1);
    return folder;
}

bool climbs(std::string_view path) {
    for (std::size_t at = path.find(".."); at != std::string_view::npos;
         at = path.find("..", at + 2)) {
        const bool begins = at == 0 || path[at - 1] == '/';
        const bool ends = at + 2 == path.size() || path[at + 2] == '/';
        if (begins && ends) return true;
    }
    return false;
}

/// The second in which `time` lies, also before 1970.
std::int64_t second_of(UnixMicros time) {
    return time / kMicrosPerSecond - (time % kMicrosPerSecond < 0 ? 1 : 0);
}

}  // namespace

bool is_within(std::string_view path, std::string_view folder) {
    folder = without_slashes(folder);
    if (!path.starts_with(folder) || climbs(path)) return false;
    return path.size() == folder.size() ? !path.empty() : path[folder.size()] == '/';
}

bool Selection::is_all() const {
    return threads.empty() && from.empty() && !cwd && !since && !is_archived;
}

Status require_threads(const Selection& selection, const Inventory& inventory) {
    const bool are_all_read = std::ranges::none_of(
        inventory.stores, [](const StoreView& view) { return view.problem.has_value(); });
    if (!are_all_read) return {};
    for (const std::string& id : selection.threads) {
        if (std::ranges::find(inventory.threads, id, &Thread::id) != inventory.threads.end()) {
            continue;
        }
        return fail(ErrorClass::Usage,
                    fmt::format("there is no thread {} in {}", id, inventory.home.path),
                    "\"trueup codex list\" shows them");
    }
    return {};
}

const ThreadRow* row_at(const Inventory& inventory, RowRef ref) {
    const auto& rows = inventory.stores[ref.store].rows;
    return ref.row < rows.size() ? &rows[ref.row] : nullptr;
}

Selector::Selector(const Inventory& inventory, const Selection& selection)
    : inventory_(&inventory),
      selection_(&selection),
      ids_(selection.threads.begin(), selection.threads.end()),
      from_(selection.from.begin(), selection.from.end()) {}

bool Selector::takes(const Thread& thread) const {
    if (!ids_.empty() && !ids_.contains(thread.id)) return false;
    if (!from_.empty() && !is_from(thread)) return false;
    if (selection_->cwd && !is_below_cwd(thread)) return false;
    if (selection_->since && !is_recent(thread)) return false;
    return !selection_->is_archived || is_archived_as_asked(thread);
}

bool Selector::is_from(const Thread& thread) const {
    for (const RowRef ref : thread.rows) {
        const ThreadRow* row = row_at(*inventory_, ref);
        if (row != nullptr && row->provider && from_.contains(*row->provider)) return true;
    }
    for (const std::uint32_t index : thread.rollouts) {
        for (const MetaAt& at : inventory_->rollouts[index].metas) {
            if (at.meta.provider && from_.contains(*at.meta.provider)) return true;
        }
    }
    return false;
}

bool Selector::is_below_cwd(const Thread& thread) const {
    const std::string& folder = *selection_->cwd;
    for (const RowRef ref : thread.rows) {
        const ThreadRow* row = row_at(*inventory_, ref);
        if (row != nullptr && is_within(row->cwd, folder)) return true;
    }
    for (const std::uint32_t index : thread.rollouts) {
        for (const MetaAt& at : inventory_->rollouts[index].metas) {
            if (is_within(at.meta.cwd, folder)) return true;
        }
    }
    return false;
}

bool Selector::is_recent(const Thread& thread) const {
    std::optional<std::int64_t> updated;  // Nothing is less than any time.
    for (const RowRef ref : thread.rows) {
        const ThreadRow* row = row_at(*inventory_, ref);
        if (row != nullptr) updated = std::max(updated, row->updated_at);
    }
    // Whole seconds on both sides: no multiplication that a hostile row could make overflow.
    if (updated) return *updated >= second_of(*selection_->since);
    return std::ranges::any_of(thread.rollouts, [this](std::uint32_t index) {
        const std::int64_t micros = inventory_->rollouts[index].info.mtime_ns / kNanosPerMicro;
        return second_of(micros) >= second_of(*selection_->since);
    });
}

bool Selector::is_archived_as_asked(const Thread& thread) const {
    const bool wanted = *selection_->is_archived;
    if (!thread.rows.empty()) {
        return std::ranges::any_of(thread.rows, [&](RowRef ref) {
            const ThreadRow* row = row_at(*inventory_, ref);
            return row != nullptr && row->is_archived == wanted;
        });
    }
    const CodexHome& home = inventory_->home;
    const std::string archive = home.path + "/archived_sessions";
    return std::ranges::any_of(thread.rollouts, [&](std::uint32_t index) {
        return is_within(inventory_->rollouts[index].path, archive) == wanted;
    });
}

}  // namespace trueup::codex
