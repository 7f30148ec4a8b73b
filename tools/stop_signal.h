// Ctrl-C asks for a clean stop; a second one ends the program at once.
#pragma once

#include "spencer/base/stop.h"

namespace spencer {

/// Catches SIGINT and SIGTERM from here on, and ignores SIGPIPE: a reader that went away shows up
/// as a failed write instead.
void catch_stop_signals();
/// Raised by the signals that `catch_stop_signals` catches.
const StopFlag& stop_flag();
/// The signal that asked for the stop, or 0.
int caught_signal();

}  // namespace spencer
