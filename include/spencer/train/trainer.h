// Training as a program sees it: options in, a run folder out. Free of torch, which is loaded on
// need (see model/engine.h).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/train/options.h"
#include "spencer/train/pairs.h"
#include "spencer/train/snippets.h"

namespace spencer {

/// One optimizer step, as it was.
struct StepReport {
  std::int64_t step = 0;   ///< done so far, this one included
  std::int64_t steps = 0;  ///< in all
  double epoch = 0;        ///< passes over the data done so far
  double loss = 0;         ///< the sum of the terms
  std::vector<std::pair<std::string, double>> terms;
  double learning_rate = 0;
  double gradient_norm = 0;  ///< before clipping
  double pairs_per_s = 0;    ///< since the last step shown
  double tokens_per_s = 0;
  double seconds = 0;  ///< since the start, earlier parts of a resumed run included
  double seconds_left = 0;
  std::int64_t memory_bytes = 0;  ///< peak: of the process, or of the CUDA device
};

/// Figures of the held-out data; the first decides which weights are the best (more is better).
using ValidationFigures = std::vector<std::pair<std::string, double>>;

struct ValidationReport {
  std::int64_t step = 0;
  ValidationFigures figures;
  bool best = false;
};

struct TrainReport {
  std::int64_t steps = 0;
  std::int64_t best_step = -1;  ///< 0 = before the first; -1 = never validated
  ValidationFigures best;
  bool stopped_early = false;
  double seconds = 0;
  double pairs_per_s = 0;
  double tokens_per_s = 0;
  std::filesystem::path model;  ///< the folder of the best weights, or of the last
};

/// What a run calls on the way; all optional.
struct TrainHooks {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const ValidationReport&)> on_validation;
  Progress* progress = nullptr;  ///< of what comes before and between the steps
  const StopFlag* stop = nullptr;
};

/// A dual encoder in training, for those who judge it.
struct LiveDualEncoder {
  using Encode = std::function<void(std::span<const std::string> texts, std::span<float> out)>;
  std::int64_t dimension = 0;
  std::size_t exits = 1;                ///< that are trained together
  Encode encode_queries, encode_codes;  ///< [exits, texts, dimension], rows of L2 norm 1
};
/// Figures of each exit; of each, the first decides.
using DualValidator = std::function<std::vector<ValidationFigures>(const LiveDualEncoder&)>;

/// A cross-encoder in training: one score per (query, code).
using LiveCrossEncoder =
    std::function<std::vector<float>(std::span<const std::pair<std::string, std::string>>)>;
using CrossValidator = std::function<ValidationFigures(const LiveCrossEncoder&)>;

/// Runs trainings. The run folder then holds `metrics.jsonl` (a line per event), `checkpoint`
/// (until the run is complete), and the model folders `best` (where there was a validation) and
/// `last`; `model` is a link to the one to use. docs/train.md describes the files.
class Trainer {
 public:
  virtual ~Trainer() = default;

  /// @param validate may be empty: then the last weights are the result
  /// @throws Error{invalid_argument, not_found, corrupt, unsupported}; Error{interrupted} after a
  ///         checkpoint was written; Error{out_of_memory} naming batch and option; Error{corrupt}
  ///         naming step and pairs where the loss is not finite
  virtual TrainReport train_dual(const DualOptions& options, const DualPairs& pairs,
                                 const DualValidator& validate, const TrainHooks& hooks) = 0;
  virtual TrainReport train_cross(const CrossOptions& options, const PairSet& pairs,
                                  const CrossValidator& validate, const TrainHooks& hooks) = 0;
  /// @param valid snippets of other repositories than those of `train`, to be judged by; may be
  ///        empty  @throws also what SnippetPairPlan and Masking throw
  virtual TrainReport train_pretrain(const PretrainOptions& options, const SnippetSet& train,
                                     const SnippetSet& valid, const TrainHooks& hooks) = 0;
};

/// Loads libtorch (see `load_engine`) and gives the trainer; one per process.
Trainer& load_trainer();

}  // namespace spencer
