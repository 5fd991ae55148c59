#pragma once

#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "codex/home/rollout.h"

/// What rollouts held when they were last read, so that those that did not change need not be read
/// again: docs/formats/codex.md.
namespace trueup::codex {

/// Fills in what is remembered of `rollouts`, of which only the paths are known, sorted, below
/// `home_path`. One that got its content has `looked_at_ns` set and, in its info, those fields that
/// is_unchanged() compares. A cache that is missing, damaged or of another version says nothing: it
/// is only for speed. Paths may be read by others meanwhile.
void recall_stamps(const std::string& cache_path, const std::string& home_path,
                   std::span<Rollout> rollouts);

/// Whether a file is in every respect the one that was read.
bool is_unchanged(const Rollout& recalled, const FileInfo& now);

/// Keeps what is known of those rollouts that stand below the home in order and cannot have changed
/// unseen since they were read. Written aside and renamed.
Status keep_stamps(std::span<const Rollout> rollouts, const std::string& home_path,
                   const std::string& cache_path);

/// Whether a later change of the file is sure to show in its times. Times move in steps (of a tick,
/// at most 10 ms), so a file whose change time is that close to the moment it was read may have
/// changed again within the same step.
bool is_settled(const Rollout& rollout);

}  // namespace trueup::codex
