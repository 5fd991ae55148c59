#pragma once

#include <string_view>

#include "base/result.h"

namespace trueup::fault {

/// What a fault point does once its visit number comes up.
enum class Action : std::uint8_t {
    None,   // Count visits only.
    Crash,  // SIGKILL ourselves: nothing is flushed, no destructor runs.
    Fail,   // Return a Failed error from the visit, as a full disk would.
    Stop,   // SIGSTOP ourselves: whoever armed it changes the world, then sends SIGCONT.
};

/// Arms the `visit`-th visit (from 1) of any fault point from now on, and resets the count.
void arm(Action action, int visit);

/// As above, for the first visit of the point with this name.
void arm(Action action, std::string_view name);

/// Reads TRUEUP_FAULT: "count", or "crash", "fail" or "stop" with ":7" (a visit) or ":NAME" (a
/// point). A process that ends prints to stderr how many visits there were, and each point with its
/// own number; one that is killed prints the point. Compiled in only with fault points.
Status arm_from_environment();

/// Visits since arm(). Safe from any thread.
int visits();

/// One visit: counts, and acts when this is the armed one. Call it through FAULT_POINT.
Status visit(std::string_view name);

}  // namespace trueup::fault

/// Stands before and after every durable step, in functions that return a Result. Visits are
/// counted, not listed, so no list can go stale.
#ifdef TRUEUP_FAULTS
#define FAULT_POINT(name) TRY(::trueup::fault::visit(name))
#else
#define FAULT_POINT(name) static_cast<void>(name)
#endif
