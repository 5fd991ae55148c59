#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/result.h"
#include "codex/home/codex_home.h"

namespace trueup::codex {

/// Where the target provider was found.
enum class ProviderOrigin : std::uint8_t {
    Option,        // Named on the command line.
    ProfileFile,   // model_provider of NAME.config.toml.
    ProfileTable,  // model_provider of [profiles.NAME] in config.toml.
    ConfigFile,    // model_provider of config.toml.
    Default,       // Nothing says anything: "openai".
};

/// "option", "profile-file", "profile-table", "config", "default": as it stands in JSON.
std::string_view name_of(ProviderOrigin origin);

/// What config.toml looked like. Empty (no byte but blanks) and Missing are how a configuration
/// looks for an instant while an editor writes it anew.
enum class ConfigState : std::uint8_t { Present, Empty, Missing };

/// What the configuration of a Codex home says, under one profile.
struct Settings {
    std::string provider;  // The target: as it stands, not trimmed; never blank.
    ProviderOrigin origin = ProviderOrigin::Default;
    ConfigState config = ConfigState::Missing;
    std::string config_path;                  // config.toml, whether it exists or not.
    std::optional<std::string> profile;       // In force; nothing without one.
    std::optional<std::string> profile_path;  // NAME.config.toml of that profile, present or not.
    /// Folder of the configured store, absolute: sqlite_home (relative to the Codex home), else
    /// CODEX_SQLITE_HOME (relative to the current folder); nothing when neither is set.
    std::optional<std::string> sqlite_home;
    /// The target is built into Codex or has a [model_providers.X]. An unknown one deserves a
    /// warning: Codex cannot continue its threads.
    bool is_known_provider = false;
    std::vector<std::string> known_providers;  // Sorted.
};

struct SettingsRequest {
    std::optional<std::string> provider;  // --provider or the word after `switch`.
    std::optional<std::string> profile;   // --profile.
};

/// A provider id must hold more than blanks, and no control characters. Usage otherwise.
Status check_provider(std::string_view provider);
/// ASCII letters, digits, "_" and "-" after trimming, at least one. Usage otherwise.
Status check_profile(std::string_view profile);

/// Reads config.toml and the profile's file. A file that is there must be valid TOML and the keys
/// read must be texts: Config otherwise, with file, line and column. Missing files are fine, but a
/// profile asked for by `request` must exist somewhere (Config).
Result<Settings> read_settings(const CodexHome& home, const SettingsRequest& request,
                               const Environment& environment);

}  // namespace trueup::codex
