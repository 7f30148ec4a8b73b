// `spencer eval`: the field's benchmarks, scored exactly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "spencer/base/stop.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/eval/evaluate.h"
#include "spencer/model/dual_encoder.h"

#include "common_options.h"

namespace spencer {

struct EvalArgs {
  std::vector<std::filesystem::path> data;
  BenchmarkOptions reading;
  std::vector<std::filesystem::path> models;
  std::vector<int> exits;          ///< each model is evaluated at each; empty = the last layer
  std::filesystem::path reranker;  ///< empty: the model folder's own, where it has one
  bool no_rerank = false;
  std::int64_t reranker_length = 0;
  std::optional<double> recall_weight;  ///< none: the model folder's own, or 0
  TextLengths lengths;
  EngineOptions engine;
  EvalOptions options;
  std::vector<std::string> metrics;
  std::int64_t shuffle_seed = -1;  ///< -1 = not shuffled
  std::filesystem::path run, qrels, report, predictions, cache;
  bool no_cache = false;
  OutputOptions output;
};

void add_eval(CLI::App& app, EvalArgs& args);
/// @return the exit code
int run_eval(EvalArgs args, std::ostream& out, const StopFlag& stop);

}  // namespace spencer
