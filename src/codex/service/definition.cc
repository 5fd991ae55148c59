#include "codex/service/definition.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "codex/service/places.h"

namespace trueup::codex {
namespace {

constexpr std::size_t kTagDigits = 16;

bool has_log(const ServiceSpec& spec) {
    return std::ranges::any_of(spec.options, [](std::string_view option) {
        return option == "--log" || option.starts_with("--log=");
    });
}

bool is_control(char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }

/// What no definition can hold, or only by rules that differ from one version to the next.
Status check_word(std::string_view word) {
    if (!invalid_utf8_at(word) && std::ranges::none_of(word, is_control)) return {};
    return fail(ErrorClass::Config,
                fmt::format("\"{}\" cannot stand in the definition of a service: it holds control "
                            "characters or no UTF-8",
                            printable(word)));
}

Status check_words(const ServiceSpec& spec) {
    if (!spec.executable.starts_with('/')) {
        return fail(ErrorClass::Bug,
                    fmt::format("service: {} is no absolute path", spec.executable));
    }
    for (const std::string& word : service_command(spec)) TRY(check_word(word));
    for (const auto& [name, value] : spec.variables) TRY(check_word(name + value));
    return {};
}

// ---- systemd ----

/// Without quotes: specifiers are expanded in any setting.
std::string systemd_text(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == '%') out += '%';
        out += letter;
    }
    return out;
}

bool is_plain(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || std::string_view("/._-=:,+@").contains(letter);
}

std::string systemd_unit(const ServiceSpec& spec) {
    std::string command;
    for (const std::string& word : service_command(spec)) {
        const bool is_first = command.empty();
        if (!is_first) command += ' ';
        command += systemd_word(word, is_first ? UnitWord::Program : UnitWord::Argument);
    }
    std::string variables;
    for (const auto& [name, value] : spec.variables) {
        // No variable is expanded here, so a "$" stands for itself.
        const std::string setting = fmt::format("{}={}", name, value);
        variables += fmt::format("Environment={}\n", systemd_word(setting, UnitWord::Program));
    }
    // The path is not the last thing on its line: a backslash there would join the next one to it.
    return fmt::format(
        "# Made by \"trueup codex service install\"; \"trueup codex service uninstall\" removes "
        "it.\n"
        "[Unit]\n"
        "Description=trueup keeps {} under one provider\n"
        "\n"
        "[Service]\n"
        "Type=exec\n"
        "{}"
        "ExecStart={}\n"
        "Restart=always\n"
        "RestartSec=5\n"
        "RestartPreventExitStatus=64\n"
        "TimeoutStopSec=10\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n",
        systemd_text(spec.home.canonical), variables, command);
}

// ---- launchd ----

std::string plist_string(std::string_view text) {
    return fmt::format("<string>{}</string>\n", xml_text(text));
}

std::string launchd_agent(const ServiceSpec& spec, const std::string& label,
                          const std::string& log_path) {
    std::string words;
    for (const std::string& word : service_command(spec, log_path)) {
        words += "        " + plist_string(word);
    }
    std::string variables;
    for (const auto& [name, value] : spec.variables) {
        variables +=
            fmt::format("        <key>{}</key>\n        {}", xml_text(name), plist_string(value));
    }
    if (!variables.empty()) {
        variables = fmt::format("    <key>EnvironmentVariables</key>\n    <dict>\n{}    </dict>\n",
                                variables);
    }
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
        "<plist version=\"1.0\">\n"
        "<dict>\n"
        "    <key>Label</key>\n"
        "    {}"
        "    <key>ProgramArguments</key>\n"
        "    <array>\n"
        "{}"
        "    </array>\n"
        "{}"
        "    <key>RunAtLoad</key>\n"
        "    <true/>\n"
        "    <key>KeepAlive</key>\n"
        "    <true/>\n"
        "</dict>\n"
        "</plist>\n",
        plist_string(label), words, variables);
}

// ---- Windows ----

/// WScript.Shell.Run expands %NAME%, and knows no way to write a percent sign: so it gets a
/// variable that holds one.
std::string without_percent(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        if (letter == '%') {
            out += "%TRUEUP_PERCENT%";
        } else {
            out += letter;
        }
    }
    return out;
}

std::string vbs_variable(std::string_view name, std::string_view value) {
    return fmt::format("shell.Environment(\"PROCESS\")({}) = {}\r\n", vbs_text(name),
                       vbs_text(value));
}

std::string startup_script(const ServiceSpec& spec) {
    std::string out = "Set shell = CreateObject(\"WScript.Shell\")\r\n";
    out += vbs_variable("TRUEUP_PERCENT", "%");
    for (const auto& [name, value] : spec.variables) out += vbs_variable(name, value);
    std::vector<std::string> words;
    for (const std::string& word : service_command(spec)) {
        words.push_back(without_percent(windows_word(word)));
    }
    if (!has_log(spec)) {
        words.emplace_back("--log");
        words.push_back(
            fmt::format(R"("%LOCALAPPDATA%\trueup\codex\{}\watch.log")", home_tag(spec.home)));
    }
    // A word a line: lines have a limit of their own.
    std::string_view before = "command = ";
    for (const std::string& word : words) {
        out += fmt::format("{}{}\r\n", before, vbs_text(word));
        before = "command = command & \" \" & ";
    }
    return out + "shell.Run command, 0, False\r\n";
}

/// The UTF-16 code units of UTF-8 that was found to be valid.
std::vector<std::uint16_t> utf16(std::string_view text) {
    std::vector<std::uint16_t> units;
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at++]);
        const int more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        std::uint32_t point = more == 0 ? lead : lead & (0x3fU >> more);
        for (int byte = 0; byte < more && at < text.size(); ++byte) {
            point = (point << 6) | (static_cast<unsigned char>(text[at++]) & 0x3fU);
        }
        if (point >= 0x10000) {
            units.push_back(static_cast<std::uint16_t>(0xd7c0 + (point >> 10)));
            point = 0xdc00 | (point & 0x3ff);
        }
        units.push_back(static_cast<std::uint16_t>(point));
    }
    return units;
}

Result<ServiceFile> launchd_file(const ServiceSpec& spec, const std::string& name,
                                 const Environment& environment) {
    const std::string home = TRY(home_folder(environment));
    const std::string log = fmt::format("{}/Library/Logs/trueup/{}.log", home, name);
    return ServiceFile{fmt::format("{}/Library/LaunchAgents/{}.plist", home, name),
                       launchd_agent(spec, name, log)};
}

}  // namespace

std::string_view name_of(Platform platform) {
    switch (platform) {
        case Platform::Linux: return "linux";
        case Platform::MacOs: return "macos";
        case Platform::Windows: return "windows";
    }
    std::unreachable();
}

std::optional<Platform> platform_of(std::string_view name) {
    for (const Platform platform : {Platform::Linux, Platform::MacOs, Platform::Windows}) {
        if (name_of(platform) == name) return platform;
    }
    return std::nullopt;
}

std::string home_tag(const CodexHome& home) {
    return sha256_hex(home.canonical).substr(0, kTagDigits);
}

std::string service_name(const CodexHome& home) { return "trueup-codex-" + home_tag(home); }

Variables service_variables(const Environment& environment) {
    const char* value = environment("CODEX_SQLITE_HOME");
    if (value == nullptr || trim(value).empty()) return {};
    return {{"CODEX_SQLITE_HOME", absolute_path(trim(value))}};
}

std::vector<std::string> service_command(const ServiceSpec& spec) {
    std::vector<std::string> words = {spec.executable, "codex", "watch", "--codex-home",
                                      spec.home.canonical};
    words.insert(words.end(), spec.options.begin(), spec.options.end());
    return words;
}

std::vector<std::string> service_command(const ServiceSpec& spec, const std::string& log_path) {
    std::vector<std::string> words = service_command(spec);
    if (has_log(spec)) return words;
    words.emplace_back("--log");
    words.push_back(log_path);
    return words;
}

Result<ServiceFile> service_file(const ServiceSpec& spec, Platform platform,
                                 const Environment& environment) {
    TRY(check_words(spec));
    const std::string name = service_name(spec.home);
    switch (platform) {
        case Platform::Linux:
            return ServiceFile{TRY(service_places(spec.home, environment)).unit_path,
                               systemd_unit(spec)};
        case Platform::MacOs: return launchd_file(spec, name, environment);
        case Platform::Windows:
            return ServiceFile{
                fmt::format("%APPDATA%\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\{}.vbs",
                            name),
                startup_script(spec)};
    }
    std::unreachable();
}

std::string systemd_word(std::string_view word, UnitWord kind) {
    if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
    std::string out = "\"";
    for (const char letter : word) {
        if (letter == '"' || letter == '\\') out += '\\';
        if (letter == '%' || (letter == '$' && kind == UnitWord::Argument)) out += letter;
        out += letter;
    }
    return out + '"';
}

std::string xml_text(std::string_view text) {
    std::string out;
    for (const char letter : text) {
        switch (letter) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&apos;"; break;
            default: out += letter;
        }
    }
    return out;
}

std::string windows_word(std::string_view word) {
    if (!word.empty() && word.find_first_of(" \t\"") == std::string_view::npos) {
        return std::string(word);
    }
    std::string out = "\"";
    std::size_t backslashes = 0;  // They are doubled only where a quote follows.
    for (const char letter : word) {
        if (letter == '"') out.append(backslashes + 1, '\\');
        backslashes = letter == '\\' ? backslashes + 1 : 0;
        out += letter;
    }
    out.append(backslashes, '\\');
    return out + '"';
}

std::string vbs_text(std::string_view text) {
    std::string out;
    bool is_open = false;
    const auto set_open = [&](bool open) {
        if (open == is_open) return;
        if (open && !out.empty()) out += " & ";
        out += '"';
        is_open = open;
    };
    for (const std::uint16_t unit : utf16(text)) {
        const bool is_ascii = unit >= 0x20 && unit < 0x7f;
        set_open(is_ascii);
        if (!is_ascii) {
            out += fmt::format("{}ChrW({})", out.empty() ? "" : " & ", unit);
            continue;
        }
        if (unit == '"') out += '"';
        out += static_cast<char>(unit);
    }
    set_open(false);
    return out.empty() ? "\"\"" : out;
}

}  // namespace trueup::codex
