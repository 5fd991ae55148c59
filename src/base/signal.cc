#include "base/signal.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "base/check.h"

namespace trueup {
namespace {

std::atomic<int> g_stop_signal{0};
std::atomic<int> g_stop_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free, "they are used by a signal handler");

void remember(int number) {
    const int error = errno;
    int none = 0;
    if (!g_stop_signal.compare_exchange_strong(none, number)) ::_exit(128 + number);
    const std::uint64_t one = 1;
    // It cannot fail: nobody else adds to it. What was interrupted must not see our errno.
    static_cast<void>(!::write(g_stop_descriptor, &one, sizeof one));
    errno = error;
}

}  // namespace

void watch_signals() {
    if (g_stop_descriptor < 0) {
        g_stop_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        CHECK(g_stop_descriptor >= 0);
    }
    struct sigaction action {};
    action.sa_handler = remember;
    CHECK(::sigemptyset(&action.sa_mask) == 0);
    CHECK(::sigaction(SIGINT, &action, nullptr) == 0);
    CHECK(::sigaction(SIGTERM, &action, nullptr) == 0);
    CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

int stop_signal() { return g_stop_signal; }

int stop_descriptor() { return g_stop_descriptor; }

Status check_interrupt() {
    const int number = stop_signal();
    if (number == 0) return {};
    return fail(ErrorClass::Interrupted, fmt::format("stopped by signal {}", number),
                "what is done so far is kept: run the same command again to go on");
}

}  // namespace trueup
