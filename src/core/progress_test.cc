#include "core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "json/json.h"
#include "term/stream.h"
#include "term/text_width.h"

namespace trueup::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::EndsWith;
using testing::HasSubstr;

/// Time moves only when told to.
class TestClock final : public Clock {
  public:
    UnixMicros now() const override {
        return std::chrono::duration_cast<std::chrono::microseconds>(at_).count();
    }
    std::chrono::nanoseconds monotonic() const override { return at_; }
    void advance(std::chrono::nanoseconds by) { at_ += by; }

  private:
    std::chrono::nanoseconds at_ = std::chrono::hours(1);
};

TEST(Progress, FractionIsOneOnlyWhenAllUnitsAreDone) {
    Progress progress;
    EXPECT_LT(progress.snapshot().fraction(), 0);
    progress.begin_phase({.name = "reading", .units_total = 4, .rows_expected = 100});
    progress.add_rows(50);
    EXPECT_DOUBLE_EQ(progress.snapshot().fraction(), 0.5);
    progress.add_rows(5000);  // The estimate was short.
    EXPECT_DOUBLE_EQ(progress.snapshot().fraction(), 0.99);
    progress.add_units(4);
    EXPECT_DOUBLE_EQ(progress.snapshot().fraction(), 1);
    progress.begin_phase({.name = "checking", .units_total = 4});
    progress.add_units(1);
    EXPECT_DOUBLE_EQ(progress.snapshot().fraction(), 0.25);
    EXPECT_EQ(progress.snapshot().rows, 0U);
    EXPECT_EQ(progress.snapshot().phase_number, 2U);
}

TEST(TerminalProgress, RewritesOneLineAndRemovesIt) {
    TestClock clock;
    term::StringStream stream(100);
    Progress progress;
    const auto sink = terminal_progress(stream, clock, {});
    sink->show(progress, false);
    EXPECT_EQ(stream.text(), "") << "nothing is shown before the first phase";

    progress.begin_phase({.name = "reading orders", .units_total = 4, .rows_expected = 4000});
    sink->show(progress, false);
    clock.advance(seconds(2));
    progress.add_rows(1000);
    progress.add_units(1);
    progress.add_bytes(1'500'000);
    stream.clear();
    sink->show(progress, false);
    EXPECT_EQ(stream.text(),
              "\r\x1b[Kreading orders  #####..............   25 %  6 s left  1 of 4  1,000 rows  "
              "1.50 MB  500 rows/s");
    stream.clear();
    sink->show(progress, true);
    EXPECT_EQ(stream.text(), "\r\x1b[K");
}

TEST(TerminalProgress, RemovesItsLineOnEveryWayOut) {
    const TestClock clock;
    term::StringStream stream(80);
    Progress progress;
    progress.begin_phase({.name = "reading"});
    terminal_progress(stream, clock, {})->show(progress, false);
    EXPECT_EQ(stream.text(), "\r\x1b[Kreading\r\x1b[K");
}

TEST(TerminalProgress, NeverWrapsAndNeverLetsTextDriveTheTerminal) {
    EXPECT_TRUE(rc::check([](const std::string& name, std::uint8_t width, std::uint32_t rows,
                             std::uint16_t units, std::uint16_t elapsed, bool is_unicode) {
        TestClock clock;
        term::StringStream stream(width + 1);
        Progress progress;
        const auto sink = terminal_progress(stream, clock, {.is_unicode = is_unicode});
        progress.begin_phase(
            {.name = "日" + name, .units_total = 65536U, .rows_expected = rows / 2});
        sink->show(progress, false);
        clock.advance(milliseconds(elapsed) * 100);
        progress.add_rows(rows);
        progress.add_units(units);
        stream.clear();
        sink->show(progress, false);
        if (stream.text().empty()) return;  // No room for anything.
        constexpr std::string_view kStart = "\r\x1b[K";
        RC_ASSERT(stream.text().substr(0, kStart.size()) == kStart);
        const std::string line = stream.text().substr(kStart.size());
        RC_ASSERT(line.find_first_of("\x1b\n\r\t") == std::string::npos);
        RC_ASSERT(term::display_width(line) <= width);
    }));
}

TEST(LineProgress, OneLinePerPhaseAndPerTenSeconds) {
    TestClock clock;
    term::StringStream stream;
    Progress progress;
    const auto sink = line_progress(stream, clock);
    sink->show(progress, false);
    progress.begin_phase({.name = "planning"});
    sink->show(progress, false);
    sink->show(progress, false);
    progress.begin_phase({.name = "reading", .units_total = 4});
    for (int tick = 0; tick <= 100; ++tick) {  // 20 s.
        sink->show(progress, false);
        clock.advance(milliseconds(200));
        progress.add_rows(10);
        if (tick == 20) progress.add_units(1);
    }
    sink->show(progress, true);
    EXPECT_EQ(stream.text(),
              "planning\n"
              "reading, 0 of 4\n"
              "reading, 25 %, 1 of 4, 500 rows, 50 rows/s, 30 s left\n"
              "reading, 25 %, 1 of 4, 1,000 rows, 50 rows/s, 1 m 00 s left\n"
              "reading, 25 %, 1 of 4, 1,010 rows, 50 rows/s, 20.2 s\n");
}

TEST(JsonProgress, OneObjectPerLineAndSecond) {
    TestClock clock;
    term::StringStream stream;
    Progress progress;
    const auto sink = json_progress(stream, clock);
    progress.begin_phase({.name = "re\"ad\n", .units_total = 2});
    sink->show(progress, false);
    clock.advance(milliseconds(999));
    sink->show(progress, false);
    clock.advance(milliseconds(1001));
    progress.add_units(1);
    progress.add_rows(7);
    progress.add_bytes(9);
    sink->show(progress, false);
    sink->show(progress, true);
    EXPECT_EQ(stream.text(),
              R"({"progress":{"phase":"re\"ad\n","units":0,"units_total":2,"rows":0,)"
              R"("rows_expected":null,"bytes":0,"fraction":0.0,"rows_per_second":null,)"
              R"("remaining_seconds":null,"final":false},"at":"1970-01-01T01:00:00.000000Z"})"
              "\n"
              R"({"progress":{"phase":"re\"ad\n","units":1,"units_total":2,"rows":7,)"
              R"("rows_expected":null,"bytes":9,"fraction":0.5,"rows_per_second":4,)"
              R"("remaining_seconds":2,"final":false},"at":"1970-01-01T01:00:02.000000Z"})"
              "\n"
              R"({"progress":{"phase":"re\"ad\n","units":1,"units_total":2,"rows":7,)"
              R"("rows_expected":null,"bytes":9,"fraction":0.5,"rows_per_second":4,)"
              R"("remaining_seconds":2,"final":true},"at":"1970-01-01T01:00:02.000000Z"})"
              "\n");
}

/// Keeps what was shown; read it when the reporter is gone.
class VectorSink final : public ProgressSink {
  public:
    void show(const Progress& progress, bool final) override {
        rows.push_back(progress.snapshot().rows);
        finals.push_back(final);
    }
    std::vector<std::uint64_t> rows;
    std::vector<bool> finals;
};

TEST(ProgressReporter, ShowsTheLastStateOnceAtTheEnd) {
    VectorSink sink;
    Progress progress;
    {
        const ProgressReporter reporter(progress, sink, std::chrono::hours(1));
        progress.add_rows(42);
    }
    EXPECT_EQ(sink.rows, std::vector<std::uint64_t>{42});
    EXPECT_EQ(sink.finals, std::vector<bool>{true});
}

TEST(ProgressReporter, ShowsWhileWorkersAdd) {
    VectorSink sink;
    Progress progress;
    {
        const ProgressReporter reporter(progress, sink, milliseconds(1));
        const auto work = [&progress] {
            for (int i = 0; i < 10'000; ++i) progress.add_rows(1);
        };
        std::vector<std::jthread> workers;
        workers.reserve(4);
        for (int worker = 0; worker < 4; ++worker) workers.emplace_back(work);
    }
    EXPECT_EQ(sink.rows.back(), 40'000U);
    EXPECT_TRUE(std::is_sorted(sink.rows.begin(), sink.rows.end()));
    EXPECT_EQ(std::count(sink.finals.begin(), sink.finals.end(), true), 1);
}

// Under a real terminal: a FdStream knows it is one, takes its width, and the line fits.
TEST(TerminalProgress, FitsARealTerminal) {
    int master = -1;
    int slave = -1;
    winsize size{.ws_row = 24, .ws_col = 30, .ws_xpixel = 0, .ws_ypixel = 0};
    ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
    const TestClock clock;
    Progress progress;
    progress.begin_phase({.name = "reading a_table_with_a_long_name", .units_total = 2});
    progress.add_units(1);
    {
        term::FdStream stream(slave, "terminal");
        EXPECT_TRUE(stream.is_tty());
        EXPECT_EQ(stream.width(), 30);
        const auto sink = terminal_progress(stream, clock, {});
        sink->show(progress, false);
        stream.write("above\n");
        sink->show(progress, true);
    }
    ::close(slave);
    // A terminal hands out what it got in pieces; behind the last one it answers EIO.
    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {
        const auto got = ::read(master, buffer.data(), buffer.size());
        if (got <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(master);
    EXPECT_THAT(text, HasSubstr("\r\x1b[Kabove\r\n"));
    EXPECT_THAT(text, HasSubstr(" 50 %"));
    EXPECT_THAT(text, EndsWith("\r\x1b[K"));
}

}  // namespace
}  // namespace trueup::core
