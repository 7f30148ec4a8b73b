// `spencer train dual|cross`: models out of pairs of queries and codes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "spencer/base/stop.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/train/options.h"

#include "common_options.h"

namespace spencer {

/// What both objectives are told beside their own options.
struct TrainArgs {
  std::vector<std::filesystem::path> train;
  ReadOptions reading;
  std::vector<std::filesystem::path> valid;  ///< empty = nothing is held out
  BenchmarkOptions valid_reading;
  OutputOptions output;
  std::string resolved;  ///< the options as they are in the end, as TOML
};

struct TrainDualArgs : TrainArgs {
  DualOptions options;
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
