#include "codex/watch/watch.h"

#include <fmt/format.h>

#include <memory>

#include "base/signal.h"
#include "codex/watch/log_file.h"
#include "codex/watch/system_senses.h"
#include "codex/watch/watch_lock.h"
#include "codex/watch/watcher.h"

namespace trueup::codex {
namespace {

/// Says each line twice: to `say`, and to the log. A log that cannot be written is told once.
class TwoVoices {
  public:
    TwoVoices(std::function<void(std::string_view)> say, std::optional<LogFile> log)
        : say_(std::move(say)), log_(std::move(log)) {}

    void operator()(std::string_view line) {
        if (say_) say_(line);
        if (!log_) return;
        const Status written = log_->write(line);
        if (written) {
            problem_.clear();
        } else if (written.error().message != std::exchange(problem_, written.error().message)) {
            if (say_) say_(problem_);
        }
    }

  private:
    std::function<void(std::string_view)> say_;
    std::optional<LogFile> log_;
    std::string problem_;
};

}  // namespace

Status watch(const JobContext& job, const WatchOptions& options, const Reconcile& reconcile) {
    const core::FileLock lock = TRY(lock_watch(job.home, *job.clock));
    std::optional<LogFile> log;
    if (options.log_path) log = TRY(LogFile::open(*options.log_path, *job.clock));
    TwoVoices voices(options.say, std::move(log));
    WatchOptions own = options;
    own.say = [&voices](std::string_view line) { voices(line); };
    SystemSenses senses({.home = job.home,
                         .clock = job.clock,
                         .stop_descriptor = stop_descriptor(),
                         .poll_interval = options.poll_interval});
    own.say(fmt::format("watching {}", job.home.path));
    Watcher(own, senses, reconcile).run();
    own.say("stopped");
    return {};
}

}  // namespace trueup::codex
