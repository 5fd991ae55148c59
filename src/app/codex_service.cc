#include "app/codex_service.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "codex/text/text.h"

namespace trueup::app {

using codex::Text;
using codex::tr;

Result<codex::ServiceSpec> to_service(const WatchFlags& options, const codex::CodexHome& home,
                                      const Context& context) {
    std::error_code failed;
    const auto executable = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (failed) {
        return fail(
            ErrorClass::Failed,
            fmt::format("/proc/self/exe: cannot tell where this program is: {}", failed.message()));
    }
    WatchFlags absolute = options;
    if (options.log_path) {  // The service starts in another folder.
        absolute.log_path = std::filesystem::absolute(*options.log_path, failed).string();
    }
    return codex::ServiceSpec{.executable = executable.string(),
                              .home = home,
                              .options = words_of(absolute),
                              .variables = codex::service_variables(context.environment())};
}

std::string service_text(const codex::ServiceStatus& status) {
    if (!status.manager) return tr(Text::ServiceNone);
    const auto manager = name_of(*status.manager);
    if (!status.is_running) return tr(Text::ServiceUnknown, manager);
    return *status.is_running ? tr(Text::ServiceRunning, manager)
                              : tr(Text::ServiceStopped, manager);
}

json::Value service_json(const codex::ServiceStatus& status) {
    const auto or_null = [](const auto& value) {
        return value ? json::Value(*value) : json::Value();
    };
    return {{"name", status.name},
            {"installed", status.manager.has_value()},
            {"manager", status.manager ? json::Value(name_of(*status.manager)) : json::Value()},
            {"running", or_null(status.is_running)},
            {"pid", or_null(status.pid)},
            {"path", status.path},
            {"state", status.state},
            {"problem", status.problem}};
}

}  // namespace trueup::app
