// `spencer distill`: a smaller query encoder for the same index.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <vector>

#include "spencer/base/stop.h"
#include "spencer/distill/distiller.h"

#include "verbs/train_options.h"

namespace spencer {

struct DistillArgs : TrainArgs {
  DistillOptions options;
  std::vector<std::filesystem::path> queries;  ///< text files of queries that have no code
};

void add_distill(CLI::App& app, DistillArgs& args);
int run_distill(DistillArgs args, std::ostream& out, const StopFlag& stop);

}  // namespace spencer
