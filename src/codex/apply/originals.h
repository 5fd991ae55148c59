#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/shared_text.h"

namespace trueup::codex {

/// Which provider each thread carried before trueup changed it for the first time. A log that only
/// grows: docs/formats/codex.md.
class Originals {
  public:
    /// A missing file is an empty one. Integrity when the file is none of ours.
    static Result<Originals> load(std::string path);

    std::optional<SharedText> find(std::string_view thread_id) const;
    /// Keeps those that were not known when it was loaded, each thread once in the list; they are
    /// on the disk when it returns.
    Status remember(const std::vector<std::pair<SharedText, SharedText>>& thread_providers) const;

  private:
    explicit Originals(std::string path) : path_(std::move(path)) {}

    std::string path_;
    std::unordered_map<SharedText, SharedText, TextHash, TextEqual> providers_;
};

}  // namespace trueup::codex
