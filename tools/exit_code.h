// What the program's exit codes mean.
#pragma once

namespace spencer::exit_code {

inline constexpr int ok = 0;
inline constexpr int nothing_found = 1;  ///< search alone
inline constexpr int error = 2;
inline constexpr int signal_base = 128;  ///< plus the number of the signal that stopped it

}  // namespace spencer::exit_code
