#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/shared_text.h"
#include "codex/home/rollout.h"

/// What rollouts held when they were last read, so that those that did not change need not be read
/// again: docs/formats/codex.md.
namespace trueup::codex {

/// What is remembered. A cache that is missing, damaged or of another version remembers nothing: it
/// is only for speed.
class StampCache {
  public:
    StampCache() = default;
    static StampCache read(const std::string& path);
    /// The same of a file's bytes.
    static StampCache parse(std::string bytes);

    /// Where each of `paths`, sorted and most below `home_path`, is remembered: for recall(). 0
    /// where it is not.
    std::vector<std::uint32_t> places_of(std::span<const SharedText> paths,
                                         std::string_view home_path) const;
    /// The rollout at that place when its file is as it was then; nothing otherwise. May be called
    /// by several threads, each with its own pool.
    std::optional<Rollout> recall(std::uint32_t place, const SharedText& path, const FileInfo& now,
                                  TextPool& pool) const;

  private:
    std::string bytes_;
};

/// Keeps what is known of those rollouts that stand below the home in order and cannot have changed
/// unseen since they were read. Written aside and renamed.
Status keep_stamps(std::span<const Rollout> rollouts, const std::string& home_path,
                   const std::string& cache_path);

/// Whether a later change of the file is sure to show in its times. Times move in steps (of a tick,
/// at most 10 ms), so a file whose change time is that close to the moment it was read may have
/// changed again within the same step.
bool is_settled(const Rollout& rollout);

}  // namespace trueup::codex
