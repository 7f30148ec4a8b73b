// `spencer index`: bring the index of a source tree up to date.
#pragma once

#include <iosfwd>

#include "spencer/base/stop.h"
#include "spencer/index/indexer.h"

#include "common_options.h"

namespace spencer {

struct IndexArgs {
  IndexOptions options;
  bool dry_run = false;
  OutputOptions output;
};

void add_index(CLI::App& app, IndexArgs& args);
/// @return the exit code: 0
int run_index(IndexArgs args, std::ostream& out, const StopFlag& stop);

}  // namespace spencer
