#include "codex/service/systemctl.h"

#include <fmt/format.h>

#include "base/program.h"
#include "base/text.h"

namespace trueup::codex {
namespace {

/// The first line that says something.
std::string_view first_line(std::string_view output) {
    for (const std::string_view line : split(output, '\n')) {
        if (!trim(line).empty()) return trim(line);
    }
    return "";
}

}  // namespace

Result<Systemctl> Systemctl::find(const Environment& environment) {
    auto path = find_program("systemctl", environment);
    if (path) return Systemctl(*std::move(path));
    return fail(ErrorClass::Failed, "there is no systemctl in PATH");
}

Result<std::string> Systemctl::call(std::vector<std::string> words,
                                    std::chrono::milliseconds limit) const {
    words.insert(words.begin(), {path_, "--user", "--no-pager", "--no-ask-password"});
    const ProgramResult result = TRY(run_program(words, limit));
    if (result.status == 0) return result.output;
    const std::string_view said = first_line(result.output);
    return fail(ErrorClass::Failed,
                fmt::format("systemctl --user {} ended with status {}{}{}", words[4], result.status,
                            said.empty() ? "" : ": ", printable(said)));
}

Result<Systemctl::UnitState> Systemctl::state_of(const std::string& unit,
                                                 std::chrono::milliseconds limit) const {
    const std::string output = TRY(call({"show", "--property=ActiveState,MainPID", unit}, limit));
    UnitState state;
    for (const std::string_view line : split(output, '\n')) {
        if (line.starts_with("ActiveState=")) state.active = line.substr(12);
        if (!line.starts_with("MainPID=")) continue;
        const auto pid = parse_int64(line.substr(8));
        if (pid && *pid > 0) state.pid = pid;
    }
    if (!state.active.empty()) return state;
    return fail(ErrorClass::Failed, "systemctl --user show did not name the state of " + unit);
}

}  // namespace trueup::codex
