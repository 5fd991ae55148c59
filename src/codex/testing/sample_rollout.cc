#include "codex/testing/sample_rollout.h"

#include <fmt/format.h>

#include "base/file.h"

namespace trueup::codex::testing {
namespace {

constexpr std::int64_t kTimeNs = 1'767'225'600'123'456'789;  // 2026-01-01.

}  // namespace

std::string meta_line_text(const SampleRollout& rollout) {
    std::string line = fmt::format(
        R"({{"timestamp":"2026-01-01T00:00:00.000Z","type":"session_meta","payload":{{"id":"{}",)"
        R"("timestamp":"2026-01-01T00:00:00.000Z","cwd":"{}","originator":"codex_cli_rs",)"
        R"("cli_version":"0.130.0","source":"cli")",
        rollout.id, rollout.cwd);
    if (rollout.provider) line += fmt::format(R"(,"model_provider":"{}")", *rollout.provider);
    if (rollout.is_paginated) line += R"(,"history_mode":"paginated")";
    line += R"(,"base_instructions":{"text":"be brief"},"git":{"branch":"main"}}})";
    return line;
}

std::string rollout_text(const SampleRollout& rollout) {
    return meta_line_text(rollout) + std::string(rollout.padding, ' ') + '\n' + rollout.rest;
}

std::string rollout_name(std::string_view id, bool is_archived) {
    return fmt::format("{}/rollout-2026-01-01T00-00-00-{}.jsonl",
                       is_archived ? "archived_sessions" : "sessions/2026/01/01", id);
}

std::string make_rollout(const std::string& home, const SampleRollout& rollout, bool is_archived) {
    std::string path = join_path(home, rollout_name(rollout.id, is_archived));
    make_directories(parent_path(path)).value();
    remove_file(path).value();
    File file = File::create(path).value();
    file.write_all(as_bytes(rollout_text(rollout))).value();
    file.set_times(kTimeNs, kTimeNs).value();
    return path;
}

}  // namespace trueup::codex::testing
