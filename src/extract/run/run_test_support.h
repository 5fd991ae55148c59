#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "sqlite/connection.h"

namespace trueup::extract {

/// The system's clock, and a thief: at the first look of the test's own worker at which `when`, a
/// query of the ledger, gives more than 0, all leases go to "run orders-9". That look ends when the
/// worker that keeps the lease alive has ended over it, so what comes next is no race.
class ThievingClock final : public Clock {
  public:
    ThievingClock(std::string ledger, std::string when)
        : ledger_(std::move(ledger)), when_(std::move(when)) {}

    UnixMicros now() const override {
        look();
        return system_clock().now();
    }
    std::chrono::nanoseconds monotonic() const override {
        look();
        return system_clock().monotonic();
    }
    bool has_stolen() const { return has_stolen_; }
    /// The thief ends and gives the leases back.
    void repent() const { EXPECT_TRUE(open().exec("DELETE FROM lease").has_value()); }

  private:
    struct AtEnd {
        explicit AtEnd(std::atomic<bool>& flag) : ended(&flag) {}
        AtEnd(const AtEnd&) = delete;
        AtEnd& operator=(const AtEnd&) = delete;
        AtEnd(AtEnd&&) = delete;
        AtEnd& operator=(AtEnd&&) = delete;
        ~AtEnd() {
            *ended = true;
            ended->notify_all();
        }
        std::atomic<bool>* ended;
    };

    sqlite::Connection open() const {
        return sqlite::Connection::open(ledger_, {.mode = sqlite::OpenMode::ReadWrite}).value();
    }

    void look() const {
        if (std::this_thread::get_id() != home_) {
            thread_local const AtEnd at_end(is_heart_still_);
            return;
        }
        if (has_stolen_ || !file_info(ledger_).value()) return;
        auto db = open();
        if (db.query_int64(when_).value() == 0) return;
        ASSERT_TRUE(
            db.exec("UPDATE lease SET token = 'stolen', owner = 'run orders-9'").has_value());
        has_stolen_ = true;
        is_heart_still_.wait(false);
    }

    std::string ledger_;
    std::string when_;
    std::thread::id home_ = std::this_thread::get_id();
    mutable std::atomic<bool> has_stolen_{false};
    mutable std::atomic<bool> is_heart_still_{false};
};

}  // namespace trueup::extract
