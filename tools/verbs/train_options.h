// The options that training verbs share, and what these do before and around a run.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "spencer/base/stop.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/train/options.h"
#include "spencer/train/trainer.h"

#include "common_options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace spencer {

/// What every training is told beside its own options.
struct TrainArgs {
  std::vector<std::filesystem::path> train;
  ReadOptions reading;
  std::vector<std::filesystem::path> valid;  ///< empty = nothing is held out
  BenchmarkOptions valid_reading;
  OutputOptions output;
  std::string resolved;  ///< the options as they are in the end, as TOML
};

inline constexpr const char* kRunGroup = "Validation and checkpoints";

/// Data, steps, run, memory, device and output.
void add_training(CLI::App& app, TrainArgs& args, TrainOptions& options,
                  std::filesystem::path& model, const char* model_help);

/// Data that may be named several times.
CLI::Option* add_files(CLI::App& app, const char* name, std::vector<std::filesystem::path>& files,
                       const char* help);
/// --exits and --exit-weights
void add_exits(CLI::App& app, std::vector<int>& exits, std::vector<double>& weights);

/// @throws Error{invalid_argument} naming the option that is missing
void require_inputs(const TrainArgs& args, const std::filesystem::path& model);

/// Names bad records that were skipped in the log.
void warn_of_skipped(const ReadReport& reading);

/// Warns of what was skipped.
PairSet read_training_pairs(const TrainArgs& args);
/// The same of other data than `args.train`.
PairSet read_training_pairs(std::span<const std::filesystem::path> data,
                            const ReadOptions& options);

/// Makes the run folder and writes `config.toml` there, which `--config` takes.
void keep_configuration(const TrainArgs& args, const TrainOptions& options);

/// Keeps the configuration, trains, shows how far it is, and writes what it came to.
/// @param data what is trained on, shown first  @return the exit code
int train_and_report(const TrainArgs& args, const TrainOptions& options, std::ostream& out,
                     const StopFlag& stop, const std::string& data,
                     const std::function<TrainReport(const TrainHooks&)>& train);

}  // namespace spencer
