#include "core/file_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "base/signal.h"

namespace trueup::core {
namespace {

// flock cannot wait for a bounded time, so it is asked again.
constexpr std::chrono::milliseconds kAskAgain{20};

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& path, const Wait& wait) {
    CHECK(wait.clock != nullptr);
    File file = TRY(File::open_or_create(path));
    const auto until = wait.clock->monotonic() + wait.budget;
    bool has_told = false;
    while (!TRY(file.try_lock())) {
        TRY(check_interrupt());
        const auto left = until - wait.clock->monotonic();
        if (left <= std::chrono::nanoseconds::zero()) {
            return fail(ErrorClass::Retryable, fmt::format("{} is held by another process", path),
                        "wait until it is done, or give --wait more seconds");
        }
        if (!has_told && wait.on_wait) wait.on_wait();
        has_told = true;
        std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, kAskAgain));
    }
    return FileLock(std::move(file));
}

}  // namespace trueup::core
