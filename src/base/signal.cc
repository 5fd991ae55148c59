#include "base/signal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/check.h"

namespace trueup {
namespace {

std::atomic<int> g_stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "it is written by a signal handler");

void remember(int number) {
    int none = 0;
    if (!g_stop_signal.compare_exchange_strong(none, number)) ::_exit(128 + number);
}

}  // namespace

void watch_signals() {
    struct sigaction action {};
    action.sa_handler = remember;
    CHECK(::sigemptyset(&action.sa_mask) == 0);
    CHECK(::sigaction(SIGINT, &action, nullptr) == 0);
    CHECK(::sigaction(SIGTERM, &action, nullptr) == 0);
    CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

int stop_signal() { return g_stop_signal; }

Status check_interrupt() {
    const int number = stop_signal();
    if (number == 0) return {};
    return fail(ErrorClass::Interrupted, fmt::format("stopped by signal {}", number),
                "what is done so far is kept: run the same command again to go on");
}

}  // namespace trueup
