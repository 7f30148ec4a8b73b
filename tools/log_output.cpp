#include "log_output.h"

#include <memory>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "spencer/base/log.h"

#include "terminal.h"

namespace spencer {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
  }
  return spdlog::level::warn;
}

}  // namespace

void attach_log(const OutputOptions& output) {
  const LogLevel least = output.verbosity >= 2   ? LogLevel::debug
                         : output.verbosity == 1 ? LogLevel::info
                                                 : LogLevel::warning;
  const auto logger = std::make_shared<spdlog::logger>(
      "spencer", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  // A remark takes the line of a progress bar, which is drawn anew below it.
  logger->set_pattern(is_terminal(STDERR_FILENO) ? "\r\x1b[K%n: %l: %v" : "%n: %l: %v");
  logger->set_level(output.quiet ? spdlog::level::off : level_of(least));
  set_log_sink([logger](LogLevel level, const std::string& message) {
    logger->log(level_of(level), "{}", printable_lines(message));
  });
}

}  // namespace spencer
