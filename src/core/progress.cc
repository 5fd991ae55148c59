#include "core/progress.h"

#include <algorithm>
#include <condition_variable>

namespace trueup::core {

void Progress::begin_phase(Phase phase) {
    const std::lock_guard lock(mutex_);
    phase_ = std::move(phase.name);
    ++phase_number_;
    rows_ = 0;
    bytes_ = 0;
    units_ = 0;
    units_total_ = phase.units_total;
    rows_expected_ = phase.rows_expected;
}

Progress::Snapshot Progress::snapshot() const {
    const std::lock_guard lock(mutex_);
    return {.phase = phase_,
            .phase_number = phase_number_,
            .rows = rows_,
            .bytes = bytes_,
            .units = units_,
            .units_total = units_total_,
            .rows_expected = rows_expected_};
}

double Progress::Snapshot::fraction() const {
    constexpr double kAlmost = 0.99;  // Estimates may be short: not all of it until it is.
    const auto part = [](std::uint64_t done, std::uint64_t total) {
        return static_cast<double>(done) / static_cast<double>(total);
    };
    if (units_total > 0 && units >= units_total) return 1;
    if (rows_expected > 0) return std::min(part(rows, rows_expected), kAlmost);
    if (units_total > 0) return std::min(part(units, units_total), kAlmost);
    return -1;
}

ProgressReporter::ProgressReporter(const Progress& progress, ProgressSink& sink,
                                   std::chrono::milliseconds interval)
    : thread_([&progress, &sink, interval](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any wake;
          std::unique_lock lock(mutex);
          const auto stopping = [&stop] { return stop.stop_requested(); };
          while (!wake.wait_for(lock, stop, interval, stopping)) {
              sink.show(progress, /*final=*/false);
          }
          sink.show(progress, /*final=*/true);
      }) {}

}  // namespace trueup::core
