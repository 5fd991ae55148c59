#include "codex/service/service.h"

#include <fmt/format.h>

#include <utility>

#include "base/fault.h"
#include "base/file.h"
#include "base/program.h"
#include "codex/service/pid_file.h"
#include "codex/service/places.h"
#include "codex/service/systemctl.h"

namespace trueup::codex {
namespace {

/// Removes a file for good; a missing one is fine.
Status remove_durably(const std::string& path) {
    FAULT_POINT(fmt::format("remove {}: before", path));
    TRY(remove_file(path));
    if (TRY(file_info(parent_path(path)))) TRY(sync_directory(parent_path(path)));
    FAULT_POINT(fmt::format("remove {}: after", path));
    return {};
}

/// Asks the process to end and waits until it has.
Status end_process(const RunningProcess& process, const PidFile& file) {
    TRY(process.ask_to_end());
    if (TRY(process.wait_for_end(kStopMax))) return {};
    return fail(ErrorClass::Retryable,
                fmt::format("process {} did not end within {} s", file.pid, kStopMax.count()),
                "run the same command again");
}

/// Ends the detached process of the home and removes its pid file. Whether there was one.
Result<bool> stop_detached(const ServicePlaces& places) {
    auto read = read_pid_file(places.pid_path);
    if (!read && read.error().kind != ErrorClass::Integrity) {
        return std::unexpected(std::move(read).error());
    }
    const std::optional<PidFile> file = read ? *read : std::nullopt;
    bool was_running = false;
    if (file) {
        const auto process = TRY(RunningProcess::open(file->pid));
        // Asked once we hold it: from here on its pid is its own.
        was_running = process && is_running(*file);
        if (was_running) TRY(end_process(*process, *file));
    }
    TRY(remove_durably(places.pid_path));
    return was_running;
}

Status start_unit(const Systemctl& systemctl, const ServicePlaces& places) {
    TRY(systemctl.call({"daemon-reload"}, kSystemctlMax));
    TRY(systemctl.call({"enable", places.unit_name}, kSystemctlMax));
    // Not "start": one that runs already runs by its old definition.
    TRY(systemctl.call({"restart", places.unit_name}, kSystemctlMax));
    return {};
}

/// Takes the unit away; what systemctl cannot do is the answer, empty for nothing.
Result<std::string> remove_unit(const Result<Systemctl>& systemctl, const ServicePlaces& places) {
    std::string problem;
    if (systemctl) {
        const auto disabled =
            systemctl->call({"disable", "--now", places.unit_name}, kSystemctlMax);
        if (!disabled) problem = disabled.error().message;
    } else {
        problem = systemctl.error().message;
    }
    TRY(remove_durably(places.enabled_path));
    TRY(remove_durably(places.unit_path));
    if (systemctl && problem.empty()) {
        const auto reloaded = systemctl->call({"daemon-reload"}, kSystemctlMax);
        if (!reloaded) problem = reloaded.error().message;
    }
    return problem;
}

/// Nothing when the unit runs; else why not, and nothing of it is left.
Result<std::string> try_systemd(const ServiceSpec& spec, const ServicePlaces& places,
                                const Environment& environment) {
    const ServiceFile unit = TRY(service_file(spec, Platform::Linux, environment));
    const auto systemctl = Systemctl::find(environment);
    if (!systemctl) {
        // One of a time when it was there would start beside ours.
        discard(remove_unit(systemctl, places), "there may be none");
        return systemctl.error().message;
    }
    TRY(make_directories(parent_path(unit.path)));
    TRY(replace_file(unit.path, unit.content, "service unit"));
    const Status started = start_unit(*systemctl, places);
    if (started) return std::string();
    TRY(remove_unit(systemctl, places));
    return started.error().message;
}

Result<std::int64_t> start_process(const ServiceSpec& spec, const ServicePlaces& places) {
    TRY(make_directories(places.state, 0700));
    const std::int64_t pid =
        TRY(start_detached(service_command(spec, places.log_path), spec.variables, kStartGrace));
    const auto process = TRY(describe_process(pid));
    const Status written = write_pid_file(places.pid_path, process);
    if (written) return pid;
    // Nobody would ever find it again.
    const auto running = TRY(RunningProcess::open(pid));
    if (running) discard(running->ask_to_end(), "the first error is the one to tell");
    return std::unexpected(written.error());
}

bool is_active(std::string_view state) {
    return state == "active" || state == "activating" || state == "reloading";
}

void look_at_unit(const ServicePlaces& places, const Environment& environment,
                  ServiceStatus& status) {
    status.manager = ServiceManager::Systemd;
    status.path = places.unit_path;
    const auto systemctl = Systemctl::find(environment);
    if (!systemctl) {
        status.problem = systemctl.error().message;
        return;
    }
    const auto state = systemctl->state_of(places.unit_name, kSystemctlStatusMax);
    if (!state) {
        status.problem = state.error().message;
        return;
    }
    status.state = state->active;
    status.is_running = is_active(state->active);
    status.pid = state->pid;
}

void look_at_process(const ServicePlaces& places, ServiceStatus& status) {
    const auto file = read_pid_file(places.pid_path);
    if (file && !*file) return;
    status.manager = ServiceManager::Detached;
    status.path = places.pid_path;
    if (!file) {
        status.problem = file.error().message;
        return;
    }
    status.is_running = is_running(**file);
    if (*status.is_running) status.pid = (*file)->pid;
}

}  // namespace

std::string_view name_of(ServiceManager manager) {
    switch (manager) {
        case ServiceManager::Systemd: return "systemd";
        case ServiceManager::Detached: return "detached";
    }
    std::unreachable();
}

Result<ServiceInstalled> install_service(const ServiceSpec& spec, const Environment& environment) {
    const ServicePlaces places = TRY(service_places(spec.home, environment));
    ServiceInstalled installed;
    installed.name = places.unit_name;
    // Two would be one too many: the second could not get the watch lock.
    TRY(stop_detached(places));
    installed.fallback = TRY(try_systemd(spec, places, environment));
    if (installed.fallback.empty()) {
        installed.path = places.unit_path;
        return installed;
    }
    installed.manager = ServiceManager::Detached;
    installed.path = places.pid_path;
    installed.log_path = places.log_path;
    installed.pid = TRY(start_process(spec, places));
    return installed;
}

Result<ServiceRemoved> uninstall_service(const CodexHome& home, const Environment& environment) {
    const ServicePlaces places = TRY(service_places(home, environment));
    ServiceRemoved removed;
    removed.unit_path = places.unit_path;
    removed.pid_path = places.pid_path;
    removed.log_path = places.log_path;
    removed.had_unit = TRY(file_info(places.unit_path)).has_value();
    if (removed.had_unit) {
        removed.problem = TRY(remove_unit(Systemctl::find(environment), places));
    }
    TRY(remove_durably(places.enabled_path));
    removed.had_process = TRY(stop_detached(places));
    return removed;
}

ServiceStatus service_status(const CodexHome& home, const Environment& environment) {
    ServiceStatus status;
    status.name = service_name(home) + ".service";
    const auto places = service_places(home, environment);
    if (!places) {
        status.problem = places.error().message;
        return status;
    }
    const auto unit = file_info(places->unit_path);
    if (unit && *unit) {
        look_at_unit(*places, environment, status);
        return status;
    }
    if (!unit) status.problem = unit.error().message;
    look_at_process(*places, status);
    return status;
}

}  // namespace trueup::codex
