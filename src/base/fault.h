#pragma once

#include <string_view>

#include "base/result.h"

namespace trueup::fault {

/// What a fault point does once its visit number comes up.
enum class Action : std::uint8_t {
    None,   // Count visits only.
    Crash,  // SIGKILL ourselves: nothing is flushed, no destructor runs.
    Fail,   // Return a Failed error from the visit, as a full disk would.
};

/// Arms the `visit`-th visit (from 1) of any fault point from now on, and resets the count.
void arm(Action action, int visit);

/// Reads TRUEUP_FAULT ("crash:7", "fail:7" or "count"); with "count" the number of visits is
/// printed to stderr when the process ends. Compiled in only with fault points.
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
