#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "app/command_line.h"
#include "app/commands.h"
#include "json/json.h"

namespace trueup::app {
namespace {

#ifdef TRUEUP_FAULTS
constexpr bool kHasFaultPoints = true;
#else
constexpr bool kHasFaultPoints = false;
#endif

struct VersionOptions {};

void version_flags(CLI::App& /*app*/, VersionOptions& /*options*/) {}

Result<core::Verdict> run_version(const VersionOptions& /*options*/, Context& context) {
    if (context.is_json()) {
        const json::Value answer = {{"name", "trueup"},
                                    {"version", TRUEUP_VERSION},
                                    {"compiler", "g++ " __VERSION__},
                                    {"fault_points", kHasFaultPoints}};
        context.out().write(json::write(answer) + "\n");
        return core::Verdict::Clean;
    }
    context.out().write(version_line() + "\n");
    if (!context.is_verbose()) return core::Verdict::Clean;
    context.out().write(fmt::format("compiler: g++ {}\nfault points: {}\n", __VERSION__,
                                    kHasFaultPoints ? "compiled in" : "left out"));
    return core::Verdict::Clean;
}

}  // namespace

std::string version_line() { return "trueup " TRUEUP_VERSION; }

Command version_command() {
    return command<VersionOptions>({"", "version", codex::Text::CmdVersion}, Needs::Nothing,
                                   version_flags, run_version);
}

}  // namespace trueup::app
