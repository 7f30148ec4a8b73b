// What a training run may be told. Free of torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "spencer/model/engine.h"

namespace spencer {

enum class Schedule { linear, cosine, constant };

/// Options of every objective.
struct TrainOptions {
  std::filesystem::path output;  ///< the run folder
  bool resume = false;           ///< go on from the folder's checkpoint, where it has one
  std::uint64_t seed = 0;

  double epochs = 1;
  std::int64_t max_steps = 0;     ///< optimizer steps; 0 = as many as `epochs` come to
  std::int64_t batch_size = 32;   ///< pairs that are told from each other
  std::int64_t accumulation = 1;  ///< batches per optimizer step
  std::int64_t chunk_size = 0;    ///< texts per forward pass; 0 = all of a batch at once

  double learning_rate = 2e-5;
  Schedule schedule = Schedule::linear;
  double warmup = 0;  ///< below 1: share of the steps; from 1 on: steps
  double weight_decay = 0.01;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double max_gradient_norm = 1;   ///< 0 = not clipped
  double ema = 0;                 ///< decay of an average of the weights; 0 = none
  std::optional<double> dropout;  ///< in place of the model's own
  bool recompute = false;         ///< activation checkpointing: less memory, a third more time
  bool freeze_embeddings = false;
  std::int64_t freeze_layers = 0;  ///< the lowest ones

  std::int64_t valid_every = 0;  ///< steps; 0 = once per epoch
  std::int64_t patience = 0;     ///< validations without a better one before it stops; 0 = never
  std::int64_t save_every = 0;   ///< steps between checkpoints; 0 = at validations
  std::int64_t log_every = 10;   ///< steps between lines of metrics.jsonl

  EngineOptions engine;  ///< device, precision and threads

  std::int64_t steps_per_epoch(std::int64_t batches) const;  ///< of an epoch of so many batches
  std::int64_t optimizer_steps(std::int64_t batches) const;  ///< of the run; of `batches` an epoch

  /// @throws Error{invalid_argument} naming field, value and what is allowed
  void validate() const;
};

/// Which ranks wrong answers are taken from.
struct MiningOptions {
  std::int64_t count = 0;  ///< per query and batch; 0 = none are mined
  std::int64_t from = 1;   ///< first rank, counted from 1 among the codes that are no answers
  std::int64_t to = 50;    ///< last rank
  /// A negative scores at least this much below the right answer (cosine); none = any score.
  std::optional<double> margin;
  std::int64_t every = 0;      ///< steps between two minings; 0 = once, at the start
  std::filesystem::path veto;  ///< cross-encoder that may reject a negative; empty = none
  void validate() const;       ///< @throws as above
};

/// Contrastive training of a dual encoder.
struct DualOptions : TrainOptions {
  std::filesystem::path model;
  bool separate_towers = false;
  double scale = 20;  ///< the scores are scale * cosine
  bool learn_scale = false;
  bool symmetric = false;                ///< also queries for codes
  std::vector<std::int64_t> dimensions;  ///< Matryoshka: trained at each; empty = the full one
  /// Layers trained together, each with a head of its own (ModularStarEncoder, arXiv 2503.03008);
  /// empty = those of the model, or else the last layer alone, without a head.
  std::vector<int> exits;
  std::vector<double> exit_weights;  ///< per exit; empty = its depth over that of the last
  bool self_distill = false;         ///< earlier exits also learn the last one's scores
  MiningOptions mining;
  std::int64_t query_length = 0, code_length = 0;  ///< tokens; 0 = what the model is meant for
  std::optional<std::string> query_prefix, code_prefix;  ///< in place of the model's own
  double code_pair_share = 0.3;  ///< of the batches, where there are pairs of both kinds
  void validate() const;
};

enum class PairLoss { pairs, listwise };

/// Training of a cross-encoder.
struct CrossOptions : TrainOptions {
  std::filesystem::path model;
  PairLoss loss = PairLoss::pairs;
  bool random_negatives = false;
  std::filesystem::path dual;  ///< mines the negatives; needed unless they are random
  MiningOptions mining{3, 1, 50, std::nullopt, 0, {}};
  std::int64_t length = 0;  ///< tokens of query and code together; 0 = what the model is meant for
  CrossOptions() { learning_rate = 1e-5; }
  void validate() const;
};

/// Pre-training of an encoder: masked language modelling plus in-context classification of two
/// snippets as of one repository or of two (ModularStarEncoder, arXiv 2503.03008).
struct PretrainOptions : TrainOptions {
  std::filesystem::path model;
  double mask = 0.15;  ///< share of an input's tokens that are to be predicted
  double mlm_weight = 1, icc_weight = 1;
  std::vector<int> exits;            ///< as in DualOptions
  std::vector<double> exit_weights;  ///< as in DualOptions
  std::int64_t length = 0;  ///< tokens of both snippets together; 0 = what the model is meant for
  std::int64_t valid_pairs = 1000;  ///< at most so many held-out inputs; 0 = one per snippet
  PretrainOptions() { learning_rate = 1e-4; }
  void validate() const;
};

/// What each exit's loss counts where nothing is said: its depth over that of the last.
std::vector<double> depth_weights(const std::vector<int>& exits);

/// The factor on the learning rate at a step (counted from 0): (step + 1) / warmup until `warmup`
/// steps are done, then down to 0 at `total`, linearly or along a cosine.
double schedule_factor(Schedule schedule, std::int64_t step, std::int64_t warmup,
                       std::int64_t total);

/// Steps of warm-up out of `total`. @param warmup as in TrainOptions
std::int64_t warmup_steps(double warmup, std::int64_t total);

}  // namespace spencer
