#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/result.h"
#include "codex/service/definition.h"

/// `trueup codex watch` in the background, one per Codex home, on Linux: by systemd or, where that
/// does not work, as a process of its own.
namespace trueup::codex {

enum class ServiceManager : std::uint8_t { Systemd, Detached };
/// "systemd", "detached".
std::string_view name_of(ServiceManager manager);

struct ServiceInstalled {
    ServiceManager manager = ServiceManager::Systemd;
    std::string name;      // Of the unit.
    std::string path;      // The unit, or the pid file.
    std::string log_path;  // Empty: in the journal.
    std::int64_t pid = 0;  // Only of a detached one.
    std::string fallback;  // Why it is detached; empty otherwise.
};

/// Writes the unit and starts it, in the place of what was installed for the home before. A
/// detached process is started where systemctl is missing or fails; nothing of the unit stays then.
/// Failed, with nothing installed, when the process ends at once.
Result<ServiceInstalled> install_service(const ServiceSpec& spec, const Environment& environment);

struct ServiceRemoved {
    bool had_unit = false;
    bool had_process = false;
    std::string unit_path;
    std::string pid_path;
    std::string log_path;  // It stays.
    std::string problem;   // What systemctl could not do; empty: all done.
};

/// Ends what runs, waits for its end, and removes unit and pid file. Nothing installed is no error.
/// Retryable when a process does not end in time; its pid file stays then.
Result<ServiceRemoved> uninstall_service(const CodexHome& home, const Environment& environment);

struct ServiceStatus {
    std::string name;
    std::optional<ServiceManager> manager;  // Nothing: not installed.
    std::string path;                       // Of the unit or the pid file.
    std::optional<bool> is_running;         // Nothing: it could not be found out.
    std::optional<std::int64_t> pid;
    std::string state;    // In systemd's words; empty otherwise.
    std::string problem;  // Why something is not known; empty: nothing went wrong.
};

/// What there is, as far as it can be seen: never an error, and nothing is changed.
ServiceStatus service_status(const CodexHome& home, const Environment& environment);

/// For one call of systemctl.
inline constexpr std::chrono::seconds kSystemctlMax{30};
inline constexpr std::chrono::seconds kSystemctlStatusMax{5};
/// A process that ends sooner was not started.
inline constexpr std::chrono::milliseconds kStartGrace{500};
/// For a process to end after SIGTERM.
inline constexpr std::chrono::seconds kStopMax{10};

}  // namespace trueup::codex
