#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/process.h"

namespace trueup::extract {

/// A lease on another machine whose heartbeat is older than this is dead.
inline constexpr std::chrono::seconds kLeaseSilenceMax{60};
/// How often its owner should call heartbeat().
inline constexpr std::chrono::seconds kHeartbeatInterval{10};
/// How long its owner goes on while none gets through: what is left of kLeaseSilenceMax then is the
/// time to stop in, before another machine takes over.
inline constexpr std::chrono::seconds kLeaseSilenceBorne{40};

struct LeaseRequest {
    std::string export_name;
    std::string prefix;
    std::string owner;  // For people: "run orders-20261121T081500Z-3fa9".
    ProcessIdentity process;
    UnixMicros now = 0;
};

/// The right to change what stands under one prefix. A value: keeping it alive is heartbeat()'s
/// job, giving it back release_lease()'s.
struct Lease {
    std::string export_name;
    std::string prefix;
    std::string token;  // Tells this holding from earlier and later ones.
    bool is_taken_over = false;
    std::string previous_owner;  // Whose it was, when taken over.
};

struct LeaseRecord {
    std::string export_name;
    std::string prefix;
    std::string owner;
    std::string token;
    ProcessIdentity process;
    UnixMicros acquired_at = 0;
    UnixMicros heartbeat_at = 0;
};

/// What became of a lease.
struct LeaseState {
    bool is_held = true;  // By the one who asks.
    std::string holder;   // Otherwise who has it now, for people; "nobody" after a reset.
};

/// Whether the owner can still be at work: on this machine since this boot, its process must live
/// and be the same one; elsewhere, its last heartbeat must be younger than kLeaseSilenceMax.
bool is_owner_alive(const LeaseRecord& lease, const LeaseRequest& asking,
                    const ProcessTable& processes);

}  // namespace trueup::extract
