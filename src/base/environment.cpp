#include "spencer/base/environment.h"

#include <cstdlib>

namespace spencer {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace spencer
