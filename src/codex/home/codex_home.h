#pragma once

#include <optional>
#include <string>

#include "base/environment.h"
#include "base/result.h"

namespace trueup::codex {

/// The folder in which Codex keeps its configuration, its stores and its rollouts.
struct CodexHome {
    std::string path;       // Absolute, links as the person spelled them.
    std::string canonical;  // Links resolved.
};

/// `option`, else CODEX_HOME (not empty; must be a folder), else .codex in the user's home (HOME,
/// else the passwd entry; never the current folder). Failed, naming the path, when it is no folder.
Result<CodexHome> find_codex_home(const std::optional<std::string>& option,
                                  const Environment& environment);

}  // namespace trueup::codex
