#include "extract/ledger/lease.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "extract/ledger/ledger_test_support.h"

namespace trueup::extract {
namespace {

constexpr UnixMicros kNow = 1'800'000'000'000'000;
constexpr UnixMicros kSecond = 1'000'000;

/// Processes as the test wants them.
class FakeProcesses : public ProcessTable {
  public:
    ProcessIdentity self() const override { return {1, 1, "here", "boot"}; }
    std::optional<std::int64_t> started_ticks(std::int64_t pid) const override {
        const auto found = living.find(pid);
        return found == living.end() ? std::nullopt : std::optional(found->second);
    }
    std::map<std::int64_t, std::int64_t> living;
};

class LeaseTest : public testing::Test {
  protected:
    LeaseTest() : ledger_(Ledger::open(folder_.ledger(), {.processes = &processes_}).value()) {
        processes_.living = {{10, 500}, {11, 600}};
    }
    static LeaseRequest request(ProcessIdentity process, UnixMicros now = kNow) {
        return {.export_name = "orders",
                .prefix = "/out/orders",
                .owner = "run orders-1",
                .process = std::move(process),
                .now = now};
    }
    LedgerFolder folder_;
    FakeProcesses processes_;
    Ledger ledger_;
};

TEST_F(LeaseTest, WhoMayTakeALeaseOver) {
    struct Row {
        std::string_view what;
        ProcessIdentity owner;
        UnixMicros silence = 0;
        bool is_refused = false;
        int line = __builtin_LINE();
    };
    const Row rows[] = {
        Row{"alive here", {10, 500, "here", "boot"}, 0, true},
        Row{"alive here, silent for long", {10, 500, "here", "boot"}, 3'600 * kSecond, true},
        Row{"start time unknown", {10, 0, "here", "boot"}, 0, true},
        Row{"pid gone", {12, 500, "here", "boot"}, 0, false},
        Row{"pid used again", {10, 499, "here", "boot"}, 0, false},
        Row{"elsewhere, heard of", {10, 1, "there", "other"}, 60 * kSecond, true},
        Row{"elsewhere, silent", {10, 500, "there", "other"}, 60 * kSecond + 1, false},
        Row{"same name, other boot, heard of", {12, 1, "here", "other"}, 0, true},
        Row{"same name, other boot, silent", {10, 500, "here", "other"}, 61 * kSecond, false},
        Row{"boot unknown", {12, 1, "here", ""}, 0, true},
        Row{"a clock ahead of ours", {12, 1, "there", "other"}, -90 * kSecond, true},
    };
    for (const Row& row : rows) {
        const testing::ScopedTrace trace(__FILE__, row.line, row.what);
        const Lease old = ledger_.acquire_lease(request(row.owner, kNow - row.silence)).value();
        const auto got = ledger_.acquire_lease(request({11, 600, "here", "boot"}));
        EXPECT_EQ(!got.has_value(), row.is_refused);
        if (got) {
            EXPECT_TRUE(got->is_taken_over);
            const LeaseState lost = ledger_.heartbeat(old, kNow).value();
            EXPECT_FALSE(lost.is_held);
            EXPECT_TRUE(lost.holder.starts_with("run orders-1 (export orders, pid 11 on here"))
                << lost.holder;
            EXPECT_TRUE(ledger_.release_lease(old).has_value());
            EXPECT_EQ(ledger_.leases().value().size(), 1U) << "the loser released the winner's";
            EXPECT_TRUE(ledger_.release_lease(*got).has_value());
        }
        EXPECT_TRUE(ledger_.release_lease(old).has_value());
        EXPECT_TRUE(ledger_.leases().value().empty());
    }
}

TEST_F(LeaseTest, RefusalNamesTheOwner) {
    ASSERT_TRUE(ledger_.acquire_lease(request({10, 500, "here", "boot"})).has_value());
    const auto refused = ledger_.acquire_lease(request({11, 600, "here", "boot"}));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Retryable);
    EXPECT_EQ(refused.error().message,
              "/out/orders is being worked on by run orders-1 (export orders, pid 10 on here, "
              "since 2027-01-15T08:00:00.000000Z)");
    EXPECT_FALSE(refused.error().hint.empty());
}

TEST_F(LeaseTest, HeartbeatKeepsAnotherMachineOut) {
    const Lease lease = ledger_.acquire_lease(request({10, 1, "there", "other"})).value();
    ASSERT_TRUE(ledger_.heartbeat(lease, kNow + 50 * kSecond).value().is_held);
    const auto asking = request({11, 600, "here", "boot"}, kNow + 100 * kSecond);
    EXPECT_FALSE(ledger_.acquire_lease(asking).has_value());
    ASSERT_TRUE(ledger_.release_lease(lease).has_value());
    const LeaseState given_back = ledger_.heartbeat(lease, kNow + 50 * kSecond).value();
    EXPECT_FALSE(given_back.is_held);
    EXPECT_EQ(given_back.holder, "nobody");
    EXPECT_FALSE(ledger_.acquire_lease(asking).value().is_taken_over);
}

TEST_F(LeaseTest, ResetWaitsForAWorkingOwner) {
    const Lease lease = ledger_.acquire_lease(request({10, 500, "here", "boot"})).value();
    EXPECT_EQ(ledger_.reset("orders", kNow).error().kind, ErrorClass::Retryable);
    EXPECT_TRUE(ledger_.reset("others", kNow).has_value());
    processes_.living.clear();
    EXPECT_TRUE(ledger_.reset("orders", kNow).has_value());
}

TEST(SystemProcesses, KnowsItselfAndTheDead) {
    const ProcessTable& table = system_processes();
    const ProcessIdentity self = table.self();
    EXPECT_EQ(self.pid, ::getpid());
    EXPECT_GT(self.started_ticks, 0);
    EXPECT_FALSE(self.host.empty());
    EXPECT_EQ(self.boot_id.size(), 36U);
    EXPECT_EQ(table.started_ticks(self.pid), self.started_ticks);

    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    EXPECT_TRUE(table.started_ticks(child).has_value());
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
    EXPECT_FALSE(table.started_ticks(child).has_value()) << "killed, though not yet collected";
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_FALSE(table.started_ticks(child).has_value());
}

}  // namespace
}  // namespace trueup::extract
