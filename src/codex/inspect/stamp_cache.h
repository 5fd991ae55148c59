#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "codex/home/rollout.h"

namespace trueup::codex {

/// What rollouts held when they were last read, by the file they are: docs/formats/codex.md.
class StampCache {
  public:
    /// One that cannot be read, or that is damaged, is empty: it is only for speed.
    static StampCache load(const std::string& path);

    /// What is known of the file, when it is in every respect the one that was read.
    std::optional<Rollout> find(const std::string& path, const FileInfo& info) const;
    std::size_t size() const { return entries_.size(); }

  private:
    struct Key {
        std::uint64_t device;
        std::uint64_t inode;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept;
    };
    std::string bytes_;
    std::unordered_map<Key, std::string_view, Hash> entries_;  // Into bytes_.
};

/// The cache's bytes for those rollouts that cannot have changed since they were read.
std::string encode_stamps(const std::vector<Rollout>& rollouts);

/// Whether a later change of the file is sure to show in its times. Times move in steps (of a tick,
/// at most 10 ms), so a file whose change time is that close to the moment it was read may have
/// changed again within the same step.
bool is_settled(const Rollout& rollout);

}  // namespace trueup::codex
