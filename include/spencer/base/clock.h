// Time as it passes: for durations, never for dates.
#pragma once

#include <chrono>

namespace spencer {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace spencer
