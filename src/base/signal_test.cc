#include "base/signal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace trueup {
namespace {

/// What the signals do to a process, in a child: nothing of it can be taken back. 0: as it should.
int in_child(int (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool is_readable(int fd) {
    pollfd set{fd, POLLIN, 0};
    return ::poll(&set, 1, 0) == 1;
}

TEST(Signal, TheFirstIsRememberedAndWakesAPoll) {
    EXPECT_EQ(in_child([] {
                  if (stop_descriptor() != -1) return 1;
                  watch_signals();
                  if (is_readable(stop_descriptor()) || stop_signal() != 0) return 2;
                  if (!check_interrupt()) return 3;
                  if (::raise(SIGTERM) != 0) return 4;
                  if (!is_readable(stop_descriptor())) return 5;
                  if (stop_signal() != SIGTERM) return 6;
                  return check_interrupt() ? 7 : 0;
              }),
              0);
}

TEST(Signal, TheSecondEndsTheProcess) {
    EXPECT_EQ(in_child([] {
                  watch_signals();
                  static_cast<void>(::raise(SIGTERM));
                  static_cast<void>(::raise(SIGINT));
                  return 1;
              }),
              128 + SIGINT);
}

}  // namespace
}  // namespace trueup
