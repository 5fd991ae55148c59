#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trueup::codex::testing {

/// What a rollout says.
struct SampleRollout {
    std::string id;
    std::optional<std::string> provider = "openai";  // Nothing: the key is missing.
    std::uint32_t padding = 0;                       // Blanks at the end of the first line.
    bool is_paginated = false;
    std::string cwd = "/project";
    /// Lines behind the first one, each with its LF.
    std::string rest = R"({"timestamp":"2026-01-01T00:00:01.000Z","type":"event_msg","payload":)"
                       R"({"type":"user_message","message":"hello"}})"
                       "\n";
};

/// The session_meta line, without padding and LF.
std::string meta_line_text(const SampleRollout& rollout);
/// The whole file.
std::string rollout_text(const SampleRollout& rollout);

/// Where Codex would keep it, below the home:
/// "sessions/2026/01/01/rollout-2026-01-01T00-00-00-<id>.jsonl", or in "archived_sessions".
std::string rollout_name(std::string_view id, bool is_archived = false);

/// Writes a rollout where Codex would keep it, last changed on 2026-01-01; its absolute path.
std::string make_rollout(const std::string& home, const SampleRollout& rollout,
                         bool is_archived = false);

}  // namespace trueup::codex::testing
