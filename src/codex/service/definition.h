#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.h"
#include "base/program.h"
#include "base/result.h"
#include "codex/home/codex_home.h"

/// What tells a system to keep `trueup codex watch` running in the background, as text.
namespace trueup::codex {

enum class Platform : std::uint8_t { Linux, MacOs, Windows };
/// "linux", "macos", "windows".
std::string_view name_of(Platform platform);
std::optional<Platform> platform_of(std::string_view name);

/// One service per Codex home.
struct ServiceSpec {
    std::string executable;  // Of trueup; absolute.
    CodexHome home;
    std::vector<std::string> options;  // Of watch, but for --codex-home: any.
    std::vector<std::pair<std::string, std::string>>
        variables;  // What it needs of our environment.
};

/// 16 hexadecimal digits that name the home, however its path was spelled.
std::string home_tag(const CodexHome& home);
/// "trueup-codex-<tag>": the unit, less ".service".
std::string service_name(const CodexHome& home);

/// The variables that decide what a watch finds: CODEX_SQLITE_HOME, made absolute, when it is set.
Variables service_variables(const Environment& environment);

/// The words of the command that a service runs.
std::vector<std::string> service_command(const ServiceSpec& spec);
/// The same with `--log path`, unless the options name a log.
std::vector<std::string> service_command(const ServiceSpec& spec, const std::string& log_path);

struct ServiceFile {
    std::string path;  // Where the platform looks for it.
    std::string content;
};

/// A systemd user unit, a launchd agent, or a script for the Startup folder. Config when a word
/// holds control characters or no UTF-8, and where HOME is needed and not set.
Result<ServiceFile> service_file(const ServiceSpec& spec, Platform platform,
                                 const Environment& environment);

/// One word of ExecStart= by systemd.syntax(7) and systemd.service(5): quotes, backslashes,
/// specifiers (%) and variables ($; not in the word that names the program, where they are none).
enum class UnitWord : std::uint8_t { Program, Argument };
std::string systemd_word(std::string_view word, UnitWord kind);

/// Text of an element or attribute.
std::string xml_text(std::string_view text);

/// One argument as CommandLineToArgvW reads it.
std::string windows_word(std::string_view word);
/// A VBScript expression, in ASCII, whose value is `text`.
std::string vbs_text(std::string_view text);

}  // namespace trueup::codex
