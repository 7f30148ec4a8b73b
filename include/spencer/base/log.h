// Where the library's remarks go. Silent unless a sink is set.
#pragma once

#include <functional>
#include <string>

namespace spencer {

enum class LogLevel { debug, info, warning };

/// Takes each remark. Set it once, before other threads use the library.
void set_log_sink(std::function<void(LogLevel, const std::string&)> sink);
void log(LogLevel level, const std::string& message);

}  // namespace spencer
