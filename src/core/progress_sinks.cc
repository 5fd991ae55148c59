#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "base/text.h"
#include "core/progress.h"
#include "json/json.h"
#include "term/bar.h"
#include "term/stream.h"
#include "term/style.h"
#include "term/text_width.h"

namespace trueup::core {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using Snapshot = Progress::Snapshot;

constexpr auto kLineEvery = seconds(10);
constexpr auto kJsonEvery = seconds(1);
constexpr double kRateAfterSeconds = 0.5;       // Earlier, a rate is noise.
constexpr double kRemainingAfterSeconds = 1.0;  // And so is the remaining time.
constexpr int kBarCellsMax = 24;
constexpr int kBarCellsMin = 8;

/// What can be said about a phase once one knows since when it runs.
struct Pace {
    double elapsed = 0;               // Seconds.
    double rows_per_second = 0;       // 0: not known yet.
    std::optional<double> remaining;  // Seconds.
};

Pace pace_of(const Snapshot& now, nanoseconds elapsed) {
    Pace pace;
    pace.elapsed = std::chrono::duration<double>(elapsed).count();
    if (pace.elapsed >= kRateAfterSeconds) {
        pace.rows_per_second = static_cast<double>(now.rows) / pace.elapsed;
    }
    const double fraction = now.fraction();
    if (pace.elapsed >= kRemainingAfterSeconds && fraction > 0) {
        pace.remaining = pace.elapsed * (1 - fraction) / fraction;
    }
    return pace;
}

std::int64_t whole(double number) { return std::llround(std::clamp(number, 0.0, 9e18)); }

std::string count_of(std::uint64_t number) {
    return grouped(static_cast<std::int64_t>(std::min(number, std::uint64_t{1} << 62U)));
}

/// Below a minute in whole seconds: a remaining time in milliseconds is false precision.
std::string remaining_text(double remaining) {
    return remaining < 60 ? fmt::format("{} s left", whole(std::ceil(remaining)))
                          : human_seconds(remaining) + " left";
}

/// "1,200 rows", "3 of 12 parts" in units: what is known and not zero.
std::vector<std::string> facts_of(const Snapshot& now, const Pace& pace) {
    std::vector<std::string> facts;
    if (now.units_total > 0) {
        facts.push_back(fmt::format("{} of {}", count_of(now.units), count_of(now.units_total)));
    }
    if (now.rows > 0) facts.push_back(count_of(now.rows) + " rows");
    if (now.bytes > 0) facts.push_back(human_bytes(now.bytes));
    if (now.rows > 0 && pace.rows_per_second >= 1) {
        facts.push_back(grouped(whole(pace.rows_per_second)) + " rows/s");
    }
    return facts;
}

/// Since when the phase that is shown runs.
class PhaseWatch {
  public:
    explicit PhaseWatch(const Clock& clock) : clock_(&clock), since_(clock.monotonic()) {}

    /// True when `now` is in another phase than the last time.
    bool see(const Snapshot& now) {
        if (now.phase_number == number_) return false;
        number_ = now.phase_number;
        since_ = clock_->monotonic();
        return true;
    }
    nanoseconds elapsed() const { return clock_->monotonic() - since_; }

  private:
    const Clock* clock_;
    nanoseconds since_;
    std::uint64_t number_ = 0;
};

/// When there is something to say to those who keep what they are told: about each new phase, about
/// the end, and then once in `every`.
class Pacer {
  public:
    Pacer(const Clock& clock, nanoseconds every) : clock_(&clock), every_(every), watch_(clock) {}

    struct Turn {
        bool is_new = false;  // The first about this phase.
        Pace pace;
    };
    std::optional<Turn> turn_for(const Snapshot& now, bool final) {
        if (now.phase_number == 0) return std::nullopt;
        const bool is_new = watch_.see(now);
        const bool is_due = clock_->monotonic() - last_ >= every_;
        if (!is_new && !final && !is_due) return std::nullopt;
        last_ = clock_->monotonic();
        return Turn{is_new, pace_of(now, watch_.elapsed())};
    }

  private:
    const Clock* clock_;
    nanoseconds every_;
    nanoseconds last_{0};
    PhaseWatch watch_;
};

// ---- a terminal ----

class TerminalSink final : public ProgressSink {
  public:
    TerminalSink(term::Stream& stream, const Clock& clock, TerminalSinkOptions options)
        : stream_(&stream), watch_(clock), options_(options), styles_(options.is_colored) {}
    TerminalSink(const TerminalSink&) = delete;
    TerminalSink& operator=(const TerminalSink&) = delete;
    TerminalSink(TerminalSink&&) = delete;
    TerminalSink& operator=(TerminalSink&&) = delete;
    ~TerminalSink() override { stream_->set_live_line(""); }

    void show(const Progress& progress, bool final) override {
        if (final) {
            stream_->set_live_line("");
            return;
        }
        const Snapshot now = progress.snapshot();
        watch_.see(now);
        if (now.phase_number == 0) return;
        stream_->set_live_line(line_of(now, stream_->width() - 1));  // The last column would wrap.
    }

  private:
    /// What matters least is dropped or cut first: facts from the end, the bar, then the name.
    std::string line_of(const Snapshot& now, int width) const {
        const Pace pace = pace_of(now, watch_.elapsed());
        const double fraction = now.fraction();
        std::string tail;
        if (fraction >= 0) tail += fmt::format("  {:3.0f} %", std::floor(fraction * 100));
        std::vector<std::string> facts = facts_of(now, pace);
        if (pace.remaining) facts.insert(facts.begin(), remaining_text(*pace.remaining));
        const std::string name = printable(now.phase);
        int left = width - std::min(term::display_width(name), std::max(width / 2, 1)) -
                   term::display_width(tail);
        const int cells = fraction < 0 ? 0 : std::clamp(left / 4, 0, kBarCellsMax);
        const bool has_bar = cells >= kBarCellsMin;
        if (has_bar) left -= cells + 2;
        for (const std::string& fact : facts) {
            left -= term::display_width(fact) + 2;
            if (left < 0) break;
            tail += "  " + fact;
        }
        const int taken = term::display_width(tail) + (has_bar ? cells + 2 : 0);
        std::string line = term::elide_middle(one_line(name), std::max(width - taken, 0));
        if (has_bar) {
            const auto bar =
                term::bar(fraction, {.cells = cells, .is_unicode = options_.is_unicode});
            line += "  " + styles_(term::Style::Accent, bar);
        }
        return line + (term::display_width(tail) <= width ? tail : "");
    }

    static std::string one_line(std::string text) {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
        return text;
    }

    term::Stream* stream_;
    PhaseWatch watch_;
    TerminalSinkOptions options_;
    term::Styles styles_;
};

// ---- a log ----

class LineSink final : public ProgressSink {
  public:
    LineSink(term::Stream& stream, const Clock& clock)
        : stream_(&stream), pacer_(clock, kLineEvery) {}

    void show(const Progress& progress, bool final) override {
        const Snapshot now = progress.snapshot();
        const auto turn = pacer_.turn_for(now, final);
        if (!turn) return;
        const auto& [is_new, pace] = *turn;
        std::string line = printable(now.phase);
        const double fraction = now.fraction();
        if (fraction >= 0 && !is_new) line += fmt::format(", {:.0f} %", std::floor(fraction * 100));
        for (const std::string& fact : facts_of(now, pace)) line += ", " + fact;
        // One that is over when it is first seen was too short to be measured.
        if (final && !is_new) line += fmt::format(", {}", human_seconds(pace.elapsed));
        if (!final && pace.remaining) line += ", " + remaining_text(*pace.remaining);
        stream_->write(line + "\n");
    }

  private:
    term::Stream* stream_;
    Pacer pacer_;
};

// ---- a program ----

class JsonSink final : public ProgressSink {
  public:
    JsonSink(term::Stream& stream, const Clock& clock)
        : stream_(&stream), clock_(&clock), pacer_(clock, kJsonEvery) {}

    void show(const Progress& progress, bool final) override {
        const Snapshot now = progress.snapshot();
        const auto turn = pacer_.turn_for(now, final);
        if (!turn) return;
        const Pace& pace = turn->pace;
        json::Value inner = {{"phase", now.phase},           {"units", now.units},
                             {"units_total", nullptr},       {"rows", now.rows},
                             {"rows_expected", nullptr},     {"bytes", now.bytes},
                             {"fraction", nullptr},          {"rows_per_second", nullptr},
                             {"remaining_seconds", nullptr}, {"final", final}};
        if (now.units_total > 0) inner["units_total"] = now.units_total;
        if (now.rows_expected > 0) inner["rows_expected"] = now.rows_expected;
        if (now.fraction() >= 0) inner["fraction"] = std::round(now.fraction() * 1e4) / 1e4;
        if (pace.rows_per_second > 0) inner["rows_per_second"] = whole(pace.rows_per_second);
        if (pace.remaining) inner["remaining_seconds"] = whole(std::ceil(*pace.remaining));
        const json::Value line = {{"progress", std::move(inner)}, {"at", rfc3339(clock_->now())}};
        stream_->write(json::write(line) + "\n");
    }

  private:
    term::Stream* stream_;
    const Clock* clock_;
    Pacer pacer_;
};

class NoSink final : public ProgressSink {
  public:
    void show(const Progress& /*progress*/, bool /*final*/) override {}
};

}  // namespace

std::unique_ptr<ProgressSink> terminal_progress(term::Stream& stream, const Clock& clock,
                                                TerminalSinkOptions options) {
    return std::make_unique<TerminalSink>(stream, clock, options);
}

std::unique_ptr<ProgressSink> line_progress(term::Stream& stream, const Clock& clock) {
    return std::make_unique<LineSink>(stream, clock);
}

std::unique_ptr<ProgressSink> json_progress(term::Stream& stream, const Clock& clock) {
    return std::make_unique<JsonSink>(stream, clock);
}

std::unique_ptr<ProgressSink> no_progress() { return std::make_unique<NoSink>(); }

}  // namespace trueup::core
