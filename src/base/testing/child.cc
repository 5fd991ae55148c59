#include "base/testing/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/check.h"

namespace trueup {
namespace {

/// As waitpid() gives it.
int status_of_child(const std::function<int()>& work) {
    const pid_t child = ::fork();
    CHECK(child >= 0);
    if (child == 0) ::_exit(work());
    int status = 0;
    CHECK(::waitpid(child, &status, 0) == child);
    return status;
}

}  // namespace

bool is_killed_in_child(const std::function<void()>& work) {
    const int status = status_of_child([&work] {
        work();
        return 0;
    });
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

int status_as_nobody(const std::function<int()>& work) {
    constexpr id_t kNobody = 65534;
    constexpr int kStillRoot = 99;
    const int status = status_of_child([&work] {
        const bool is_nobody = ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0;
        return is_nobody ? work() : kStillRoot;
    });
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace trueup
