#include "app/cli.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <span>

#include "app/command_line.h"
#include "app/exit_status.h"
#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/signal.h"
#include "base/text.h"
#include "codex/text/text.h"
#include "json/json.h"

namespace trueup::app {
namespace {

using codex::Text;
using codex::tr;

constexpr std::string_view kZoneDirectory = "/usr/share/zoneinfo";

/// Makes `zone` the process's zone; before any worker exists, as the environment is everybody's.
Status use_timezone(const std::string& zone) {
    const bool is_name = std::all_of(zone.begin(), zone.end(), [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' || c == '/';
    });
    const bool is_plain = is_name && !zone.empty() && zone.front() != '/';
    bool is_zone = zone == "UTC";
    if (is_plain && !is_zone) {
        const auto info = TRY(file_info(join_path(kZoneDirectory, zone)));
        is_zone = info.has_value() && !info->is_directory;
    }
    if (!is_zone) {
        return fail(ErrorClass::Usage, tr(Text::CliZone, zone),
                    tr(Text::CliZoneHint, kZoneDirectory));
    }
    if (::setenv("TZ", zone.c_str(), 1) != 0) {
        return fail(ErrorClass::Failed, "--timezone: the environment is full");
    }
    ::tzset();
    return {};
}

Status check_config(const ConfigOptions& options) {
    const auto info = TRY(file_info(options.config));
    if (info && !info->is_directory) return {};
    if (info) {
        return fail(ErrorClass::Config, fmt::format("{}: is a directory", options.config),
                    "--config takes the file");
    }
    std::vector<std::string> names;
    const auto entries = list_directory(parent_path(options.config));
    for (const Entry& entry : entries.value_or(std::vector<Entry>())) {
        const bool is_yaml = entry.name.ends_with(".yaml") || entry.name.ends_with(".yml");
        if (is_yaml && !entry.is_directory) names.push_back(entry.name);
    }
    const std::string_view path = options.config;
    const auto name = path.substr(path.rfind('/') + 1);
    return fail(ErrorClass::Config,
                fmt::format("{}: no such file{}", path, did_you_mean(name, names)),
                "--config names the configuration to work from");
}

/// Opens what the command needs, in this order; what it returns is why the command cannot run.
Status meet(const Invocation& invocation) {
    switch (invocation.command->needs) {
        case Needs::Nothing: return {};
        case Needs::Config:
            CHECK(invocation.body.config != nullptr);  // Its options derive from ConfigOptions.
            return check_config(*invocation.body.config);
    }
    std::unreachable();
}

Result<core::Verdict> run_command(const Invocation& invocation, const World& world) {
    const GlobalOptions& options = invocation.options;
    if (options.timezone) TRY(use_timezone(*options.timezone));
    if (options.is_quiet) log::set_level(log::Level::Error);
    if (options.is_verbose) log::set_level(log::Level::Info);
    TRY(meet(invocation));
    Context context(world, options);
    return invocation.body.run(context);
}

Result<core::Verdict> run_words(const std::vector<std::string>& words, const Commands& commands,
                                const World& world) {
    const auto parsed = TRY(parse_command_line(words, commands));
    if (const auto* printout = std::get_if<Printout>(&parsed)) {
        world.out->write(printout->text);
        return core::Verdict::Clean;
    }
    return run_command(std::get<Invocation>(parsed), world);
}

/// Exceptions of libraries are caught where they are called: one that comes here is a bug.
Result<core::Verdict> run_guarded(const std::vector<std::string>& words, const Commands& commands,
                                  const World& world) {
    static constexpr auto kHint = "this is a bug: please report it with the command line";
    try {
        return run_words(words, commands, world);
    } catch (const std::exception& error) {
        return fail(ErrorClass::Bug, fmt::format("unexpected exception: {}", error.what()), kHint);
    } catch (...) {
        return fail(ErrorClass::Bug, "unexpected exception of an unknown type", kHint);
    }
}

/// The words that may hold options: up to a "--".
std::span<const std::string> before_dashes(const std::vector<std::string>& words) {
    return {words.begin(), std::find(words.begin(), words.end(), "--")};
}

/// Whether errors are to be JSON, known even when the command line cannot be understood.
bool asks_for_json(const std::vector<std::string>& words) {
    return std::ranges::find(before_dashes(words), "--json") != before_dashes(words).end();
}

/// The value of --lang, known even when the command line cannot be understood; the last one counts.
std::optional<std::string> asked_language(const std::vector<std::string>& words) {
    static constexpr std::string_view kFlag = "--lang";
    std::optional<std::string> asked;
    bool is_value = false;
    for (const std::string& word : before_dashes(words)) {
        if (is_value) asked = word;
        is_value = word == kFlag;
        const std::string_view tail =
            std::string_view(word).substr(std::min(kFlag.size(), word.size()));
        if (word.starts_with(kFlag) && tail.starts_with('=')) asked = std::string(tail.substr(1));
    }
    return asked;
}

/// Whether the commands that `words` name have texts in every language: those of a group that has
/// not speak English as a whole, errors and help included.
bool is_translated(const std::vector<std::string>& words, const Commands& commands) {
    for (const std::string& word : before_dashes(words)) {
        const auto group = std::ranges::find(commands.groups, word, &Group::name);
        if (group != commands.groups.end()) return group->is_translated;
    }
    return true;
}

codex::Language language_for(const std::vector<std::string>& words, const Commands& commands,
                             const World& world) {
    if (asks_for_json(words) || !is_translated(words, commands)) return codex::Language::En;
    return codex::choose_language(asked_language(words), world.environment);
}

}  // namespace

void print_error(const Error& error, bool is_json, term::Stream& err) {
    const std::string message = printable(error.message);
    const std::string hint = printable(error.hint);
    if (is_json) {
        const json::Value inner = {
            {"class", name_of(error.kind)}, {"message", message}, {"hint", hint}};
        const json::Value line = {{"error", inner}};
        err.write(json::write(line) + "\n");
        return;
    }
    err.write(fmt::format("trueup: {}\n", message));
    if (!hint.empty()) err.write(tr(Text::CliHint, hint) + "\n");
}

int run_cli(const std::vector<std::string>& words, const Commands& commands, const World& world) {
    codex::set_language(language_for(words, commands, world));
    Result<core::Verdict> outcome = run_guarded(words, commands, world);
    const Status written = world.out->status();
    if (outcome && !written) outcome = std::unexpected(written.error());  // The answer is lost.
    if (!outcome) print_error(outcome.error(), asks_for_json(words), *world.err);
    return exit_status(outcome, stop_signal());
}

}  // namespace trueup::app
