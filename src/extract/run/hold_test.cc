#include "extract/run/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "sqlite/connection.h"
#include "sqlite/transaction.h"

namespace trueup::extract {
namespace {

using testing::HasSubstr;

/// Stands still until it is moved, and counts who looks.
class StandingClock final : public Clock {
  public:
    UnixMicros now() const override {
        ++looks;
        return time;
    }
    std::chrono::nanoseconds monotonic() const override { return std::chrono::microseconds(time); }
    std::atomic<UnixMicros> time{1'800'000'000'000'000};
    mutable std::atomic<int> looks{0};
};

class HoldTest : public testing::Test {
  protected:
    HoldTest() {
        wanted_.name = "orders";
        job_.wanted = &wanted_;
        job_.clock = &clock_;
        job_.heartbeat_interval = std::chrono::milliseconds(1);
    }
    Hold take(std::string owner = "run orders-1") {
        return Hold::take(ledger_, job_, {folder_.path("out"), std::move(owner)}).value();
    }
    sqlite::Connection other() const {
        return sqlite::Connection::open(ledger_.path(), {.mode = sqlite::OpenMode::ReadWrite})
            .value();
    }
    /// Waits for the hold to be given up.
    static Error reason_of(Hold& hold) {
        while (!hold.stop().is_set()) std::this_thread::yield();
        return hold.stop().check().error();
    }

    TemporaryFolder folder_;
    StandingClock clock_;
    Export wanted_;
    JobContext job_;
    Ledger ledger_ =
        Ledger::open(folder_.path("ledger.db"), {.busy_timeout = std::chrono::milliseconds(0)})
            .value();
};

TEST_F(HoldTest, KeepsTheLeaseAliveAndGivesItBack) {
    {
        const Hold hold = take();
        const UnixMicros later = clock_.time + 50'000'000;
        clock_.time = later;
        while (ledger_.leases().value().at(0).heartbeat_at != later) std::this_thread::yield();
        const auto second = Hold::take(ledger_, job_, {folder_.path("out"), "gc"});
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().kind, ErrorClass::Retryable);
        EXPECT_FALSE(hold.is_lost());
    }
    EXPECT_TRUE(ledger_.leases().value().empty());
}

TEST_F(HoldTest, ALostLeaseStopsTheWorkAndStaysTheOthers) {
    {
        Hold hold = take();
        ASSERT_TRUE(hold.stop().check().has_value());
        ASSERT_TRUE(
            other().exec("UPDATE lease SET token = 'another', owner = 'run orders-2'").has_value());
        const Error reason = reason_of(hold);
        EXPECT_EQ(reason.kind, ErrorClass::Retryable);
        EXPECT_THAT(reason.message, HasSubstr(folder_.path("out") + " was lost to run orders-2"));
        EXPECT_FALSE(reason.hint.empty());
        EXPECT_TRUE(hold.is_lost());
    }
    EXPECT_EQ(ledger_.leases().value().at(0).token, "another");
}

TEST_F(HoldTest, ALedgerThatFailsStopsTheWork) {
    Hold hold = take();
    ASSERT_TRUE(other().exec("DROP TABLE lease").has_value());
    const Error reason = reason_of(hold);
    EXPECT_EQ(reason.kind, ErrorClass::Failed);
    EXPECT_THAT(reason.message, HasSubstr("cannot be kept alive"));
    EXPECT_THAT(reason.message, HasSubstr(ledger_.path()));
    EXPECT_FALSE(hold.is_lost()) << "nobody else can have it";
}

TEST_F(HoldTest, ABusyLedgerIsBorneForAWhileOnly) {
    Hold hold = take();
    auto db = other();
    const auto busy = sqlite::Transaction::begin(db, sqlite::TransactionKind::Immediate).value();
    const int looks = clock_.looks;
    while (clock_.looks < looks + 3) std::this_thread::yield();
    EXPECT_TRUE(hold.stop().check().has_value());
    clock_.time += std::chrono::microseconds(kLeaseSilenceBorne).count();
    const Error reason = reason_of(hold);
    EXPECT_EQ(reason.kind, ErrorClass::Retryable);
    EXPECT_THAT(reason.message, HasSubstr("cannot be kept alive"));
    EXPECT_FALSE(hold.is_lost());
}

TEST_F(HoldTest, TheFirstReasonIsTheOneThatIsTold) {
    Hold hold = take();
    hold.stop().set({ErrorClass::Integrity, "one", {}});
    hold.stop().set({ErrorClass::Failed, "two", {}});
    EXPECT_EQ(hold.stop().check().error().message, "one");
}

TEST_F(HoldTest, AFolderIsEnteredByOneProcessOnly) {
    Hold hold = take();
    ASSERT_TRUE(hold.enter(Destination::open_local(folder_.path("out")).value()).has_value());
    EXPECT_EQ(hold.destination().path(), folder_.path("out"));
    // Another ledger knows nothing of the lease.
    Ledger ledger = Ledger::open(folder_.path("other.db")).value();
    Hold another = Hold::take(ledger, job_, {folder_.path("out"), "run"}).value();
    const Status refused = another.enter(Destination::open_local(folder_.path("out")).value());
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind, ErrorClass::Retryable);
}

}  // namespace
}  // namespace trueup::extract
