#include "extract/run/governor.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "base/signal.h"

namespace trueup::extract {
namespace {

using std::chrono::milliseconds;

constexpr int kFailuresMax = 3;

/// The look itself asks the same each time, so that it takes longer says that the server is slow.
/// (How long our reads take says as much about this machine, which makes parts of the rows.)
PressureSignal slow_answer(milliseconds took, milliseconds fastest) {
    constexpr std::int64_t kStrainMinMs = 250;
    constexpr std::int64_t kFactor = 10;
    const std::int64_t strain = std::max<std::int64_t>(kStrainMinMs, kFactor * fastest.count());
    return {.name = "milliseconds until the server answered",
            .value = took.count(),
            .strain = strain,
            .calm = strain / 2};
}

}  // namespace

Governor::Governor(std::string name, OpenGauge open, WorkerLimit::Range range, const Clock& clock)
    : name_(std::move(name)),
      open_(std::move(open)),
      clock_(&clock),
      limit_(range),
      workers_(range.most),
      governed_{.workers_least = range.most, .workers_most = range.most} {}

void Governor::watch(milliseconds interval, Tell tell) {
    const auto look_on = [this, interval, tell = std::move(tell)](const std::stop_token& token) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        const auto ending = [&token] { return token.stop_requested(); };
        while (look(tell) && !wake.wait_for(lock, token, interval, ending)) {
        }
    };
    watcher_ = std::jthread(look_on);
}

Governed Governor::rest() {
    watcher_ = {};  // Joins.
    return governed_;
}

bool Governor::look(const Tell& tell) {
    auto pressure = read();
    if (!pressure) return count_failure(pressure.error(), tell);
    if (gauge_ == nullptr) return false;
    failures_ = 0;
    enact(limit_.see(*std::move(pressure)), tell);
    return true;
}

Result<Pressure> Governor::read() {
    if (gauge_ == nullptr) gauge_ = TRY(open_());
    if (gauge_ == nullptr) return Pressure();
    const auto started = clock_->monotonic();
    Pressure pressure = TRY(gauge_->read());
    const auto took = std::chrono::duration_cast<milliseconds>(clock_->monotonic() - started);
    fastest_ = std::min(fastest_.value_or(took), took);
    pressure.push_back(slow_answer(took, *fastest_));
    return pressure;
}

bool Governor::count_failure(const Error& error, const Tell& tell) {
    if (stop_signal() != 0) return false;  // All waits end then.
    if (++failures_ < kFailuresMax) return true;
    constexpr std::string_view kBlind = "how busy the source is cannot be seen";
    governed_.warnings.push_back(
        fmt::format("{}: {}, so all workers work: {}", name_, kBlind, error.message));
    enact(limit_.open(std::string(kBlind)), tell);
    return false;
}

void Governor::enact(const std::optional<WorkerLimit::Change>& change, const Tell& tell) {
    if (!change) return;
    workers_ = change->to;
    ++governed_.changes;
    governed_.workers_least = std::min(governed_.workers_least, change->to);
    const bool is_new =
        !change->signal.empty() && std::ranges::find(signals_, change->signal) == signals_.end();
    if (is_new) {
        signals_.push_back(change->signal);
        governed_.reasons.push_back(change->why);
    }
    const std::string line = fmt::format("{}: {} instead of {} workers read chunks: {}", name_,
                                         change->to, change->from, change->why);
    change->to < change->from ? log::warn(line) : log::info(line);
    tell(*change);
}

}  // namespace trueup::extract
