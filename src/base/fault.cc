#include "base/fault.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace trueup::fault {
namespace {

std::atomic<int> g_visits{0};
std::atomic<int> g_armed_visit{0};
std::atomic<Action> g_action{Action::None};

void print_visits() { static_cast<void>(std::fprintf(stderr, "fault visits: %d\n", visits())); }

}  // namespace

void arm(Action action, int visit) {
    g_action = action;
    g_armed_visit = visit;
    g_visits = 0;
}

Status arm_from_environment() {
    const char* text = std::getenv("TRUEUP_FAULT");
    if (text == nullptr) return {};
    const std::string_view spec = text;
    if (spec == "count") {
        arm(Action::None, 0);
        if (std::atexit(print_visits) != 0) return fail(ErrorClass::Bug, "TRUEUP_FAULT: atexit");
        return {};
    }
    const auto colon = spec.find(':');
    int visit = 0;
    if (colon != std::string_view::npos) {
        const auto number = spec.substr(colon + 1);
        const auto parsed = std::from_chars(number.data(), number.data() + number.size(), visit);
        if (parsed.ptr != number.data() + number.size()) visit = 0;
    }
    const auto action = spec.substr(0, colon);
    if (visit < 1 || (action != "crash" && action != "fail")) {
        return fail(ErrorClass::Usage,
                    fmt::format("TRUEUP_FAULT={}: expected count, crash:N or fail:N", spec));
    }
    arm(action == "crash" ? Action::Crash : Action::Fail, visit);
    return {};
}

int visits() { return g_visits; }

Status visit(std::string_view name) {
    const int number = ++g_visits;
    if (number != g_armed_visit) return {};
    switch (g_action.load()) {
        case Action::None: return {};
        case Action::Crash:
            static_cast<void>(::kill(::getpid(), SIGKILL));
            ::pause();
            return {};
        case Action::Fail:
            return fail(ErrorClass::Failed, fmt::format("injected fault at {}", name));
    }
    std::unreachable();
}

}  // namespace trueup::fault
