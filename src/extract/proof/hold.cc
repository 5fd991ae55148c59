#include "extract/proof/hold.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace trueup::extract {

struct Hold::Impl {
    Impl(Ledger& its_ledger, const Clock& its_clock, Lease its_lease)
        : ledger(its_ledger), clock(its_clock), lease(std::move(its_lease)) {}
    ~Impl() {
        heartbeat = {};  // Joins: no beat after the release.
        destination.reset();
        discard(ledger.release_lease(lease), "a lease of a dead process is taken over");
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void beat_until_told(const std::stop_token& token) {
        std::mutex mutex;
        std::condition_variable_any wake;
        std::unique_lock lock(mutex);
        const auto ending = [&token] { return token.stop_requested(); };
        while (!wake.wait_for(lock, token, kHeartbeatInterval, ending)) {
            const Status beat = ledger.heartbeat(lease, clock.now());
            // A busy ledger is fine until the next beat; a lost lease is not.
            if (!beat && beat.error().kind != ErrorClass::Failed) is_lost = true;
        }
    }

    Ledger& ledger;
    const Clock& clock;
    Lease lease;
    std::optional<Destination> destination;
    std::atomic<bool> is_lost{false};
    std::jthread heartbeat;
};

Hold::Hold(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hold::Hold(Hold&&) noexcept = default;
Hold& Hold::operator=(Hold&&) noexcept = default;
Hold::~Hold() = default;

Result<Hold> Hold::take(Ledger& ledger, const Clock& clock, const Wanted& wanted) {
    Lease lease = TRY(ledger.acquire_lease({.export_name = wanted.export_name,
                                            .prefix = wanted.prefix,
                                            .owner = wanted.owner,
                                            .process = system_processes().self(),
                                            .now = clock.now()}));
    auto impl = std::make_unique<Impl>(ledger, clock, std::move(lease));
    auto destination = TRY(Destination::open_existing(wanted.prefix));
    impl->destination.emplace(std::move(destination));
    TRY(impl->destination->lock());
    Impl* held = impl.get();
    impl->heartbeat =
        std::jthread([held](const std::stop_token& token) { held->beat_until_told(token); });
    return Hold(std::move(impl));
}

Destination& Hold::destination() { return *impl_->destination; }
const std::atomic<bool>& Hold::is_lost() const { return impl_->is_lost; }

}  // namespace trueup::extract
