#include "spencer/base/log.h"

#include <utility>

namespace spencer {
namespace {

std::function<void(LogLevel, const std::string&)>& sink() {
  static std::function<void(LogLevel, const std::string&)> instance;
  return instance;
}

}  // namespace

void set_log_sink(std::function<void(LogLevel, const std::string&)> new_sink) {
  sink() = std::move(new_sink);
}

void log(LogLevel level, const std::string& message) {
  if (sink()) sink()(level, message);
}

}  // namespace spencer
