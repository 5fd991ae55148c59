#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/stop_reason.h"
#include "extract/destination/destination.h"
#include "extract/ledger/ledger.h"
#include "extract/run/job.h"

namespace trueup::extract {

/// The right to change what stands under one prefix, for as long as the object lives: the lease of
/// the ledger, kept alive meanwhile, and the lock of the folder.
///
/// Limitations: a loss is noticed at the next heartbeat, not at the next write. Until then only the
/// lock of the folder keeps another machine out.
class Hold {
  public:
    struct Wanted {
        std::string prefix;
        std::string owner;  // For people: "repair of orders-20261121T081500Z-3fa9".
    };
    /// Retryable when a living owner holds the lease. The ledger and what `job` points to must
    /// outlive the hold.
    static Result<Hold> take(Ledger& ledger, const JobContext& job, const Wanted& wanted);
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    Hold(Hold&&) noexcept;
    Hold& operator=(Hold&&) noexcept;
    ~Hold();

    /// Locks the folder and keeps it, before anything in it changes. Retryable when a process with
    /// another ledger is at work there.
    Status enter(Destination destination);
    /// The folder that was entered.
    const Destination& destination() const;

    /// Where those who work under the hold look between two units, and say what made them stop. It
    /// is set when the lease was lost, or could not be kept alive because the ledger fails.
    StopReason& stop();
    /// Somebody else may be at work by now: nothing may be changed any more, in the ledger neither.
    bool is_lost() const;

  private:
    struct Impl;
    explicit Hold(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace trueup::extract
