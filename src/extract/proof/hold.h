#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "extract/destination/destination.h"
#include "extract/ledger/ledger.h"

namespace trueup::extract {

/// The right to change what stands under one prefix, for as long as the object lives: the lease of
/// the ledger, kept alive, and the lock of the folder.
class Hold {
  public:
    struct Wanted {
        std::string export_name;
        std::string prefix;
        std::string owner;  // For people: "repair of orders-20261121T081500Z-3fa9".
    };
    /// Retryable when somebody else is at work there. The folder must exist.
    static Result<Hold> take(Ledger& ledger, const Clock& clock, const Wanted& wanted);
    Hold(Hold&&) noexcept;
    Hold& operator=(Hold&&) noexcept;
    ~Hold();

    Destination& destination();
    /// Set when the lease was lost: whoever works under it must stop.
    const std::atomic<bool>& is_lost() const;

  private:
    struct Impl;
    explicit Hold(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace trueup::extract
