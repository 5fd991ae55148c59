#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trueup::codex {

/// Which provider each thread carried before trueup changed it for the first time. A log that only
/// grows: docs/formats/codex.md.
class Originals {
  public:
    /// A missing file is an empty one. Integrity when the file is none of ours.
    static Result<Originals> load(std::string path);

    std::optional<std::string_view> find(std::string_view thread_id) const;
    /// Keeps those that are not known yet; they are on the disk when it returns.
    Status remember(const std::vector<std::pair<std::string, std::string>>& thread_providers);
    std::size_t size() const { return providers_.size(); }

  private:
    explicit Originals(std::string path) : path_(std::move(path)) {}

    std::string path_;
    std::unordered_map<std::string, std::string> providers_;
};

}  // namespace trueup::codex
