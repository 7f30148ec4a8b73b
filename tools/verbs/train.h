// `spencer train dual|cross`: models out of pairs of queries and codes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <vector>

#include "spencer/base/stop.h"
#include "spencer/train/options.h"

#include "verbs/train_options.h"

namespace spencer {

struct TrainDualArgs : TrainArgs {
  DualOptions options;
  std::vector<std::filesystem::path> code_pairs;
};

struct TrainCrossArgs : TrainArgs {
  CrossOptions options;
  std::int64_t rerank_depth = 5;
};

void add_train_dual(CLI::App& app, TrainDualArgs& args);
int run_train_dual(TrainDualArgs args, std::ostream& out, const StopFlag& stop);

void add_train_cross(CLI::App& app, TrainCrossArgs& args);
int run_train_cross(TrainCrossArgs args, std::ostream& out, const StopFlag& stop);

}  // namespace spencer
