#include "codex/service/places.h"

#include <fmt/format.h>

#include <string_view>

#include "base/file.h"
#include "codex/service/definition.h"

namespace trueup::codex {
namespace {

/// By the XDG base directory specification, relative paths are to be ignored.
Result<std::string> base_folder(const char* variable, std::string_view below_home,
                                const Environment& environment) {
    const char* value = environment(variable);
    if (value != nullptr && value[0] == '/') return std::string(value);
    return join_path(TRY(home_folder(environment)), below_home);
}

}  // namespace

Result<std::string> home_folder(const Environment& environment) {
    const char* home = environment("HOME");
    if (home != nullptr && home[0] == '/') return std::string(home);
    return fail(ErrorClass::Config, "HOME is not set, so there is no place for a service",
                "set HOME to your home folder");
}

Result<ServicePlaces> service_places(const CodexHome& home, const Environment& environment) {
    const std::string config = TRY(base_folder("XDG_CONFIG_HOME", ".config", environment));
    const std::string state = TRY(base_folder("XDG_STATE_HOME", ".local/state", environment));
    ServicePlaces places;
    places.unit_name = service_name(home) + ".service";
    const std::string units = join_path(config, "systemd/user");
    places.unit_path = join_path(units, places.unit_name);
    places.enabled_path = fmt::format("{}/default.target.wants/{}", units, places.unit_name);
    places.state = join_path(state, "trueup/codex/" + home_tag(home));
    places.pid_path = join_path(places.state, "watch.pid");
    places.log_path = join_path(places.state, "watch.log");
    return places;
}

}  // namespace trueup::codex
