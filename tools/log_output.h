// The library's remarks on standard error.
#pragma once

#include "common_options.h"

namespace spencer {

/// Warnings always, unless quiet; remarks with -v, details with -vv.
void attach_log(const OutputOptions& output);

}  // namespace spencer
