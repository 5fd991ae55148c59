#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "codex/inspect/inventory.h"
#include "codex/plan/plan.h"

namespace trueup::codex {

/// `path` is `folder` or lies below it, by whole components as they are spelled; a path with a ".."
/// in it lies nowhere.
bool is_within(std::string_view path, std::string_view folder);

/// Answers for one thread after the other. Borrows both arguments.
class Selector {
  public:
    Selector(const Inventory& inventory, const Selection& selection);

    bool takes(const Thread& thread) const;

  private:
    bool is_from(const Thread& thread) const;
    bool is_below_cwd(const Thread& thread) const;
    bool is_recent(const Thread& thread) const;
    bool is_archived_as_asked(const Thread& thread) const;

    const Inventory* inventory_;
    const Selection* selection_;
    std::unordered_set<std::string_view> ids_;
    std::unordered_set<std::string_view> from_;
};

/// The row, or null when its store could not be read.
const ThreadRow* row_at(const Inventory& inventory, RowRef ref);

}  // namespace trueup::codex
