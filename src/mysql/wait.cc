#include "mysql/wait.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "base/clock.h"
#include "base/signal.h"

namespace trueup::mysql {
namespace {

using std::chrono::milliseconds;

struct Limit {
    std::chrono::nanoseconds until;
    bool ignores_stop;
};
// libmariadb's hook is told nothing of whose socket it is.
thread_local std::optional<Limit> g_limit;

milliseconds left_until(std::chrono::nanoseconds until) {
    const auto left = std::chrono::ceil<milliseconds>(until - system_clock().monotonic());
    return std::max(left, milliseconds(0));
}

bool is_stopped() { return stop_signal() != 0 && !(g_limit && g_limit->ignores_stop); }

}  // namespace

Patience::Patience(milliseconds limit, OnStop on_stop) : is_outermost_(!g_limit) {
    if (is_outermost_) {
        g_limit = Limit{.until = system_clock().monotonic() + limit,
                        .ignores_stop = on_stop == OnStop::GoOn};
    }
}

Patience::~Patience() {
    if (is_outermost_) g_limit.reset();
}

bool Patience::has_run_out() const { return left_until(g_limit->until).count() == 0; }

int wait_for_socket(int socket, char is_reading, int timeout_ms) {
    const bool ignores_stop = g_limit && g_limit->ignores_stop;
    while (!is_stopped()) {
        std::array<pollfd, 2> waited = {
            pollfd{.fd = socket,
                   .events = static_cast<short>(is_reading != 0 ? POLLIN : POLLOUT),
                   .revents = 0},
            pollfd{.fd = ignores_stop ? -1 : stop_descriptor(), .events = POLLIN, .revents = 0}};
        int patience = timeout_ms > 0 ? timeout_ms : -1;
        if (g_limit) {
            const auto left = static_cast<int>(left_until(g_limit->until).count());
            patience = patience < 0 ? left : std::min(patience, left);
        }
        const int ready = ::poll(waited.data(), waited.size(), patience);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return ready;
        if (waited[0].revents != 0) return 1;
    }
    errno = ECANCELED;
    return -1;
}

}  // namespace trueup::mysql
