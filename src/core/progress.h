#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"

namespace trueup::term {
class Stream;
}

namespace trueup::core {

/// How far an operation is. Workers add and know nothing of terminals; safe from any thread.
class Progress {
  public:
    /// A new phase, shown by its name ("reading orders"). Its counts start at zero; totals of 0 are
    /// unknown. `rows_expected` may be an estimate.
    struct Phase {
        std::string name;
        std::uint64_t units_total = 0;  // Chunks, files, stores: what is finished one by one.
        std::uint64_t rows_expected = 0;
    };
    void begin_phase(Phase phase);

    void add_rows(std::uint64_t rows) { rows_.fetch_add(rows, std::memory_order_relaxed); }
    void add_bytes(std::uint64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
    void add_units(std::uint64_t units) { units_.fetch_add(units, std::memory_order_relaxed); }
    /// For phases that learn how much there is while they run.
    void set_units_total(std::uint64_t units) { units_total_ = units; }
    void set_rows_expected(std::uint64_t rows) { rows_expected_ = rows; }

    struct Snapshot {
        std::string phase;
        std::uint64_t phase_number = 0;  // Counts phases from 1; 0 before the first.
        std::uint64_t rows = 0;
        std::uint64_t bytes = 0;
        std::uint64_t units = 0;
        std::uint64_t units_total = 0;
        std::uint64_t rows_expected = 0;

        /// 0..1, and 1 only when all units are done; negative when no total is known.
        double fraction() const;
    };
    Snapshot snapshot() const;

  private:
    mutable std::mutex mutex_;  // Guards the phase's name and number.
    std::string phase_;
    std::uint64_t phase_number_ = 0;
    std::atomic<std::uint64_t> rows_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<std::uint64_t> units_{0};
    std::atomic<std::uint64_t> units_total_{0};
    std::atomic<std::uint64_t> rows_expected_{0};
};

/// Where progress goes: one line rewritten on a terminal, lines elsewhere, a vector in tests.
class ProgressSink {
  public:
    virtual ~ProgressSink() = default;
    virtual void show(const Progress& progress, bool final) = 0;
};

/// One line at the bottom of a terminal: phase, bar, percent, rows, rate, remaining time. It is
/// removed at the end. The stream and the clock must outlive it.
struct TerminalSinkOptions {
    bool is_unicode = false;
    bool is_colored = false;
};
std::unique_ptr<ProgressSink> terminal_progress(term::Stream& stream, const Clock& clock,
                                                TerminalSinkOptions options);

/// For logs: one line when a phase begins, one every 10 s, one at the end.
std::unique_ptr<ProgressSink> line_progress(term::Stream& stream, const Clock& clock);

/// For programs: one JSON object per line when a phase begins, every second, and at the end.
std::unique_ptr<ProgressSink> json_progress(term::Stream& stream, const Clock& clock);

/// Shows nothing.
std::unique_ptr<ProgressSink> no_progress();

/// Shows progress every `interval` and once more at the end; both arguments must outlive it.
/// The destructor stops and joins, so the final line is shown on every path out of the scope.
class ProgressReporter {
  public:
    ProgressReporter(const Progress& progress, ProgressSink& sink,
                     std::chrono::milliseconds interval = std::chrono::milliseconds(200));

  private:
    std::jthread thread_;
};

}  // namespace trueup::core
