#include "app/exit_status.h"

#include <gtest/gtest.h>

#include <csignal>
#include <string>

namespace trueup::app {
namespace {

struct Row {
    Result<core::Verdict> outcome;
    int signal;
    int want;
    int line = __builtin_LINE();
};

TEST(ExitStatus, IsTheDocumentedTable) {
    const auto failed = [](ErrorClass kind) { return std::unexpected(Error{kind, "x", ""}); };
    const Row rows[] = {
        Row{core::Verdict::Clean, 0, 0},
        Row{core::Verdict::Incomplete, 0, 2},
        Row{core::Verdict::Differs, 0, 3},
        Row{failed(ErrorClass::Failed), 0, 1},
        Row{failed(ErrorClass::Retryable), 0, 2},
        Row{failed(ErrorClass::Integrity), 0, 3},
        Row{failed(ErrorClass::SchemaChanged), 0, 4},
        Row{failed(ErrorClass::Usage), 0, 64},
        Row{failed(ErrorClass::Bug), 0, 70},
        Row{failed(ErrorClass::Config), 0, 78},
        Row{failed(ErrorClass::Interrupted), SIGTERM, 143},
        Row{failed(ErrorClass::Interrupted), 0, 130},
        Row{core::Verdict::Clean, SIGTERM, 0},  // It was done before it noticed.
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, "");
        EXPECT_EQ(exit_status(row.outcome, row.signal), row.want);
        const std::string line = "  " + std::to_string(row.want) + " ";
        const bool is_signal = row.want > 128;
        EXPECT_NE(exit_status_help().find(is_signal ? "  128+n " : line), std::string_view::npos);
    }
}

}  // namespace
}  // namespace trueup::app
