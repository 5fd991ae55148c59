#pragma once

#include "base/result.h"

namespace trueup {

/// From here on the first SIGINT or SIGTERM is remembered and the second one ends the process at
/// once with 128+n. SIGPIPE is ignored: a closed pipe is a write error.
void watch_signals();

/// The signal that asked us to stop, or 0. Cheap enough for an inner loop; safe from any thread.
int stop_signal();

/// Readable once a stop was asked for, for poll(2) beside other descriptors; -1 before
/// watch_signals().
int stop_descriptor();

/// An Interrupted error once a stop was asked for. Call between units of work.
Status check_interrupt();

}  // namespace trueup
