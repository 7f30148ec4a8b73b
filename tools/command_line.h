// The command-line program: picks the verb, and maps errors to exit codes.
#pragma once

#include <string>
#include <vector>

namespace spencer {

/// Runs, and says on standard error what went wrong. @return the exit code
int run_command_line(const std::vector<std::string>& arguments);

}  // namespace spencer
