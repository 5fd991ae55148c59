#include "base/fault.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace trueup::fault {
namespace {

/// What is armed, and what was visited. Visits are rare and durable, so one lock is cheap.
struct State {
    std::mutex mutex;
    Action action = Action::None;
    int visit = 0;     // 0: the first visit of `name`.
    std::string name;  // Empty: by `visit`.
    int visits = 0;
    std::map<std::string, int, std::less<>> by_name;
};

State& state() {
    // Threads that outlive main may still pass a point.
    static State* const g_state = new State;
    return *g_state;
}

void arm_with(Action action, int visit, std::string_view name) {
    State& s = state();
    const std::lock_guard lock{s.mutex};
    s.action = action;
    s.visit = visit;
    s.name = name;
    s.visits = 0;
    s.by_name.clear();
}

void print_visits() {
    State& s = state();
    const std::lock_guard lock{s.mutex};
    static_cast<void>(std::fprintf(stderr, "fault visits: %d\n", s.visits));
    for (const auto& [name, count] : s.by_name) {
        static_cast<void>(std::fprintf(stderr, "fault point %s: %d\n", name.c_str(), count));
    }
}

[[noreturn]] void crash(std::string_view name) {
    static_cast<void>(std::fprintf(stderr, "injected crash at %s\n", std::string{name}.c_str()));
    static_cast<void>(std::fflush(stderr));
    static_cast<void>(::kill(::getpid(), SIGKILL));
    for (;;) ::pause();
}

/// None for a word that is no action.
Action action_of(std::string_view word) {
    if (word == "crash") return Action::Crash;
    if (word == "fail") return Action::Fail;
    return word == "stop" ? Action::Stop : Action::None;
}

}  // namespace

void arm(Action action, int visit) { arm_with(action, visit, {}); }

void arm(Action action, std::string_view name) { arm_with(action, 0, name); }

Status arm_from_environment() {
    const char* text = std::getenv("TRUEUP_FAULT");
    if (text == nullptr) return {};
    const std::string_view spec = text;
    if (std::atexit(print_visits) != 0) return fail(ErrorClass::Bug, "TRUEUP_FAULT: atexit");
    if (spec == "count") {
        arm(Action::None, 0);
        return {};
    }
    const auto colon = spec.find(':');
    const auto wanted = action_of(spec.substr(0, colon));
    const auto where = colon == std::string_view::npos ? "" : spec.substr(colon + 1);
    if (where.empty() || wanted == Action::None) {
        return fail(
            ErrorClass::Usage,
            fmt::format("TRUEUP_FAULT={}: expected count, or crash, fail or stop with :N or "
                        ":NAME",
                        spec));
    }
    int visit = 0;
    const auto parsed = std::from_chars(where.data(), where.data() + where.size(), visit);
    if (parsed.ptr != where.data() + where.size()) {
        arm(wanted, where);
    } else if (visit > 0) {
        arm(wanted, visit);
    } else {
        return fail(ErrorClass::Usage, fmt::format("TRUEUP_FAULT={}: visits count from 1", spec));
    }
    return {};
}

int visits() {
    State& s = state();
    const std::lock_guard lock{s.mutex};
    return s.visits;
}

Status visit(std::string_view name) {
    Action action = Action::None;
    {
        State& s = state();
        const std::lock_guard lock{s.mutex};
        const int number = ++s.visits;
        const auto place = s.by_name.try_emplace(std::string{name}, 0).first;
        ++place->second;
        const bool is_armed =
            s.name.empty() ? number == s.visit : name == s.name && place->second == 1;
        if (is_armed) action = s.action;
    }
    switch (action) {
        case Action::None: return {};
        case Action::Crash: crash(name);
        case Action::Fail:
            return fail(ErrorClass::Failed, fmt::format("injected fault at {}", name));
        case Action::Stop: static_cast<void>(::kill(::getpid(), SIGSTOP)); return {};
    }
    std::unreachable();
}

}  // namespace trueup::fault
