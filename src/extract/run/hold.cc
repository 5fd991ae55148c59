#include "extract/run/hold.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace trueup::extract {

struct Hold::Impl {
    Impl(Ledger& its_ledger, const Clock& its_clock, Lease its_lease, UnixMicros taken_at)
        : ledger(its_ledger), clock(its_clock), lease(std::move(its_lease)), heard_at(taken_at) {}
    ~Impl() {
        heartbeat = {};  // Joins: no beat after the release.
        destination.reset();
        discard(ledger.release_lease(lease), "a lease of a dead process is taken over");
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    Impl(Impl&&) = delete;
    Impl& operator=(Impl&&) = delete;

    /// Until told to end, or until there is no lease left to keep.
    void keep_alive(const std::stop_token& token, std::chrono::milliseconds interval) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        const auto ending = [&token] { return token.stop_requested(); };
        while (!wake.wait_for(lock, token, interval, ending)) {
            Status beaten = beat();
            if (beaten) continue;
            stop.set(std::move(beaten).error());
            return;
        }
    }

    /// One sign of life. An error means that the lease cannot be relied on.
    Status beat() {
        const UnixMicros now = clock.now();
        auto state = ledger.heartbeat(lease, now);
        if (state && state->is_held) {
            heard_at = now;
            return {};
        }
        if (state) {
            is_lost = true;
            return fail(ErrorClass::Retryable,
                        fmt::format("the lease on {} was lost to {}", lease.prefix, state->holder),
                        "run again when that has ended");
        }
        const std::chrono::microseconds silence(now - heard_at);
        if (state.error().kind == ErrorClass::Retryable && silence < kLeaseSilenceBorne) {
            log::warn(fmt::format("a heartbeat of the lease on {} failed, the next one may not: {}",
                                  lease.prefix, state.error().message));
            return {};
        }
        return in_context(std::move(state).error(),
                          fmt::format("the lease on {} cannot be kept alive", lease.prefix));
    }

    Ledger& ledger;
    const Clock& clock;
    Lease lease;
    UnixMicros heard_at;  // When the last heartbeat went through.
    std::optional<Destination> destination;
    StopReason stop;
    std::atomic<bool> is_lost{false};
    std::jthread heartbeat;
};

Hold::Hold(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hold::Hold(Hold&&) noexcept = default;
Hold& Hold::operator=(Hold&&) noexcept = default;
Hold::~Hold() = default;

Result<Hold> Hold::take(Ledger& ledger, const JobContext& job, const Wanted& wanted) {
    const UnixMicros now = job.clock->now();
    Lease lease = TRY(ledger.acquire_lease({.export_name = job.wanted->name,
                                            .prefix = wanted.prefix,
                                            .owner = wanted.owner,
                                            .process = system_processes().self(),
                                            .now = now}));
    auto impl = std::make_unique<Impl>(ledger, *job.clock, std::move(lease), now);
    Impl* held = impl.get();
    impl->heartbeat =
        std::jthread([held, interval = job.heartbeat_interval](const std::stop_token& token) {
            held->keep_alive(token, interval);
        });
    return Hold(std::move(impl));
}

Status Hold::enter(Destination destination) {
    TRY(destination.lock());
    impl_->destination.emplace(std::move(destination));
    return {};
}

const Destination& Hold::destination() const {
    CHECK(impl_->destination.has_value());
    return *impl_->destination;
}

StopReason& Hold::stop() { return impl_->stop; }
bool Hold::is_lost() const { return impl_->is_lost; }

}  // namespace trueup::extract
