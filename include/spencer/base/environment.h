// Environment variables.
#pragma once

#include <string>

namespace spencer {

/// The value of an environment variable; unset and empty are the same.
std::string environment(const char* name);

}  // namespace spencer
