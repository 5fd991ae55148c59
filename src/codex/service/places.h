#pragma once

#include <string>

#include "base/environment.h"
#include "base/result.h"
#include "codex/home/codex_home.h"

namespace trueup::codex {

/// Where the service of a home keeps its files on Linux.
struct ServicePlaces {
    std::string unit_name;     // "trueup-codex-<tag>.service".
    std::string unit_path;     // Below XDG_CONFIG_HOME or ~/.config.
    std::string enabled_path;  // The link that systemctl enable makes.
    std::string state;         // Folder, below XDG_STATE_HOME or ~/.local/state.
    std::string pid_path;
    std::string log_path;
};
/// Config when neither the variables nor HOME say where.
Result<ServicePlaces> service_places(const CodexHome& home, const Environment& environment);

/// HOME, when it is an absolute path; Config otherwise.
Result<std::string> home_folder(const Environment& environment);

}  // namespace trueup::codex
