#pragma once

#include <algorithm>
#include <string_view>
#include <utility>

#include "codex/home/rollout.h"
#include "codex/home/rollout_words.h"

/// A second reader of rollouts, without windows: what the tests and the fuzz target hold the first
/// one against.
namespace trueup::codex {

inline void look_at_line(std::size_t begin, std::string_view line, Rollout& rollout) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    ParsedLine parsed = parse_line(line);
    if (begin == 0 && parsed.kind == LineKind::NotJson) rollout.problem = RolloutProblem::NotJson;
    if (parsed.kind != LineKind::Meta) {
        rollout.has_encrypted |= line.find(kEncryptedWord) != std::string_view::npos;
        return;
    }
    if (rollout.metas.empty()) rollout.thread_id = parsed.meta.thread_id;
    if (parsed.meta.thread_id != rollout.thread_id) return;
    rollout.metas.push_back({begin, std::move(parsed.meta)});
}

/// What a rollout says, line by line and all at once.
inline Rollout naive(std::string_view text) {
    Rollout rollout;
    if (text.empty()) rollout.problem = RolloutProblem::Empty;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        look_at_line(begin, text.substr(begin, end - begin), rollout);
        if (rollout.problem == RolloutProblem::NotJson) return {.problem = rollout.problem};
        begin = end + 1;
    }
    const bool is_nothing = rollout.problem == RolloutProblem::None && rollout.metas.empty();
    if (is_nothing) rollout.problem = RolloutProblem::NoMeta;
    return rollout;
}

inline bool is_same(const Rollout& one, const Rollout& other) {
    const auto same_meta = [](const MetaAt& a, const MetaAt& b) {
        return a.offset == b.offset && a.meta.length == b.meta.length &&
               a.meta.provider == b.meta.provider && a.meta.values == b.meta.values;
    };
    return one.problem == other.problem && one.thread_id == other.thread_id &&
           one.has_encrypted == other.has_encrypted &&
           std::ranges::equal(one.metas, other.metas, same_meta);
}

}  // namespace trueup::codex
