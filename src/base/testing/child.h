#pragma once

#include <functional>

namespace trueup {

/// Runs `work` in a child process, which shares nothing with the test but the file system. True
/// when it ended by SIGKILL, as at an armed fault point; false when `work` returned.
bool is_killed_in_child(const std::function<void()>& work);

/// The exit status of a child in which somebody without rights does `work`, or -1 when it did not
/// exit. Needs root.
int status_as_nobody(const std::function<int()>& work);

}  // namespace trueup
