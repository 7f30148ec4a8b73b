// Pre-training of an encoder: masked language modelling and in-context classification, at every
// exit in one pass (ModularStarEncoder, arXiv 2503.03008).
#pragma once

#include <memory>

#include "spencer/nn/in_context_head.h"
#include "spencer/nn/masked_lm_head.h"
#include "spencer/train/masking.h"
#include "spencer/train/objective.h"
#include "spencer/train/snippet_pairs.h"
#include "spencer/train/trainer.h"

#include "train/tower.h"

namespace spencer {

/// The words are predicted by one head that all exits share, each through its exit's norm where it
/// has one. Whether the snippets are of one repository is said by a head per exit, over the exit's
/// vectors of the words of each, every one of which has attended to both snippets.
class PretrainObjective : public Objective {
 public:
  /// @param train kept by reference  @param valid may be empty
  PretrainObjective(const PretrainOptions& options, const SnippetSet& train,
                    const SnippetSet& valid, const TrainHooks& hooks, at::Device device);
  ~PretrainObjective() override;

  std::vector<TrainedParameter> parameters() const override;
  std::int64_t batches_per_epoch() const override;
  std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const override;
  LossTerms backward(const TrainingBatch& batch, double weight, std::uint64_t seed) override;
  ValidationFigures validate() override;
  RunIdentity identity() const override;
  void save(const std::filesystem::path& folder) const override;

  struct Batch : TrainingBatch {
    std::vector<MaskedInput> inputs;
    std::vector<bool> same_repository;  ///< per input
  };

 private:
  /// The heads of one lane.
  struct Heads {
    MaskedLmHead masked_lm;
    std::vector<InContextHead> in_context;  // per exit
    NamedTensors masked_lm_weights, in_context_weights;
  };
  /// Inputs of a batch that are computed together.
  struct Piece {
    std::vector<const TokenSequence*> texts;
    at::Tensor masked;           // int64 [M]: rows of the packed batch
    at::Tensor targets;          // int64 [M]
    at::Tensor labels;           // float32 [texts]: 1 = of one repository
    SnippetWords first, second;  // of the texts
  };
  /// One exit's logits.
  struct Predictions {
    at::Tensor words;            // [M, V]
    at::Tensor same_repository;  // [texts]
  };
  /// One exit's losses and right answers, summed over what was counted.
  struct Tally {
    double mlm_loss = 0, mlm_right = 0, icc_loss = 0, icc_right = 0;
  };

  void make_heads(std::uint64_t seed);
  void fill(Batch& batch, const SnippetSet& snippets, const std::vector<SnippetPair>& pairs,
            std::uint64_t seed) const;
  /// Inputs dealt out, longest first, to as many pieces as there are lanes or the chunk size asks.
  std::vector<std::vector<std::size_t>> deal(const Batch& batch) const;
  Piece piece_of(const Batch& batch, const std::vector<std::size_t>& places) const;
  Predictions predict(const at::Tensor& hidden, const Piece& piece, std::size_t exit,
                      std::size_t lane) const;
  Tally tally(const Predictions& predictions, const Piece& piece) const;
  std::string name_of(std::size_t exit, const char* figure) const;

  PretrainOptions options_;
  const SnippetSet& train_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<Tower> tower_;
  std::vector<Heads> heads_;  // per lane of the tower, over the same weights
  std::unique_ptr<Masking> masking_;
  std::unique_ptr<SnippetPairPlan> plan_;
  Batch held_out_;
};

}  // namespace spencer
