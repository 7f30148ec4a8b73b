// Progress for people: a bar on a terminal, a plain line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "spencer/base/clock.h"
#include "spencer/base/progress.h"

namespace spencer {

/// "1,234,567"
std::string with_thousands(std::int64_t value);
/// "0.7862": `value` with so many digits behind the point
std::string fixed(double value, int digits);
/// "0:07", "12:40", "3:05:00"
std::string clock_time(double seconds);
/// "0.42 s", "12.3 s", "4 min 10 s"
std::string duration(double seconds);

/// What time it is, from a fixed but unknown start; never less than it was.
using TimeSource = std::function<Clock::time_point()>;

/// Draws one line that is rewritten in place; at most ten times a second.
/// @param width columns there are
std::unique_ptr<Progress> make_progress_bar(std::ostream& out, int width,
                                            TimeSource now = Clock::now);
/// Writes a line when a stage has ended, and every `interval` while it goes on.
std::unique_ptr<Progress> make_progress_lines(std::ostream& out, std::chrono::milliseconds interval,
                                              TimeSource now = Clock::now);
/// What standard error is for: a bar on a terminal, else lines; if `quiet`, neither.
std::unique_ptr<Progress> make_progress(bool quiet);

}  // namespace spencer
