// Training of a cross-encoder, on single pairs or on lists.
#pragma once

#include <memory>

#include "spencer/nn/classifier.h"
#include "spencer/train/objective.h"
#include "spencer/train/trainer.h"

#include "train/tower.h"

namespace spencer {

class BatchPlan;

class CrossObjective : public Objective {
 public:
  /// Mines the negatives, where they are to be mined. @param pairs kept by reference
  CrossObjective(const CrossOptions& options, const PairSet& pairs, CrossValidator validate,
                 const TrainHooks& hooks, at::Device device);
  ~CrossObjective() override;

  std::vector<TrainedParameter> parameters() const override;
  std::int64_t batches_per_epoch() const override;
  std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const override;
  LossTerms backward(const TrainingBatch& batch, double weight, std::uint64_t seed) override;
  ValidationFigures validate() override;
  RunIdentity identity() const override;
  void save(const std::filesystem::path& folder) const override;

  /// Groups of one query's inputs, the right one first.
  struct Batch : TrainingBatch {
    std::vector<TokenSequence> inputs;  ///< group after group
    std::vector<std::size_t> sizes;     ///< inputs per group
  };

 private:
  /// The classification head of one lane.
  struct Head {
    ClassifierHead layers;
    NamedTensors weights;
  };
  /// Consecutive groups of a batch that are computed together.
  struct Piece {
    std::size_t first_group = 0, groups = 0, first_input = 0, inputs = 0;
  };
  void make_heads(std::uint64_t seed);
  void mine();
  /// The head's output of each input. @return [inputs]
  at::Tensor logits(std::span<const TokenSequence* const> inputs, const ForwardOptions& options,
                    std::size_t lane) const;
  std::vector<Piece> cut(const Batch& batch) const;
  at::Tensor group_loss(const at::Tensor& logits, std::span<const std::size_t> sizes) const;

  CrossOptions options_;
  const PairSet& pairs_;
  CrossValidator validate_;
  TrainHooks hooks_;
  std::unique_ptr<Tower> tower_;
  std::vector<Head> heads_;  // per lane of the tower, over the same weights
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<BatchPlan> plan_;
  at::Tensor mined_;  // see mine_negatives; undefined where negatives are random
};

}  // namespace spencer
