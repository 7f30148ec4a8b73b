// Contrastive training of a dual encoder, its towers shared or apart.
#pragma once

#include <memory>
#include <optional>

#include "spencer/model/cross_encoder.h"
#include "spencer/train/batch_plan.h"
#include "spencer/train/loss.h"
#include "spencer/train/objective.h"
#include "spencer/train/trainer.h"

#include "train/tower.h"

namespace spencer {

class DualObjective : public Objective {
 public:
  /// @param pairs the sets are kept by reference
  DualObjective(const DualOptions& options, const DualPairs& pairs, DualValidator validate,
                const TrainHooks& hooks, at::Device device);
  ~DualObjective() override;

  std::vector<TrainedParameter> parameters() const override;
  std::int64_t batches_per_epoch() const override;
  std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const override;
  LossTerms backward(const TrainingBatch& batch, double weight, std::uint64_t seed) override;
  bool refreshes_at(std::int64_t step) const override;
  void refresh() override;
  NamedTensors refreshed() const override;
  ValidationFigures validate() override;
  RunIdentity identity() const override;
  void save(const std::filesystem::path& folder) const override;

  /// The texts of a batch, for those who bring their own.
  struct Batch : TrainingBatch {
    std::vector<const TokenSequence*> queries;  ///< B
    std::vector<const TokenSequence*> codes;    ///< B right ones, then the wrong ones
    at::Tensor excluded;                        ///< see Contrast
    bool code_queries = false;                  ///< the queries go through the code tower
  };

 private:
  /// Pairs of one kind as the towers read them, and the batches they are dealt in.
  struct Source {
    const PairSet& pairs;
    bool code_queries;
    std::vector<TokenSequence> queries, codes;
    BatchPlan plan;
    at::Tensor mined;  // see mine_negatives; undefined where nothing is mined
  };

  Tower& code_tower() const { return code_tower_ ? *code_tower_ : *query_tower_; }
  Tower& tower_of_queries(bool code_queries) const {
    return code_queries ? code_tower() : *query_tower_;
  }
  Source source(const PairSet& pairs, bool code_queries) const;
  TokenSequence tokenize_query(const std::string& text) const;
  TokenSequence tokenize_code(const std::string& text) const;
  std::vector<TokenSequence> tokenize(const std::vector<std::string>& texts, bool as_queries) const;
  ModelFolder saved_folder() const;

  Contrast contrast_at(std::int64_t exit, const EncodedTexts& queries, const EncodedTexts& codes,
                       const Batch& batch) const;

  DualOptions options_;
  DualValidator validate_;
  TrainHooks hooks_;
  std::unique_ptr<Tower> query_tower_, code_tower_;  // the second only where they are apart
  std::unique_ptr<Tokenizer> tokenizer_;
  std::optional<Source> text_, code_;  // either may be missing
  std::optional<BatchMix> mix_;
  at::Tensor log_scale_;
  std::unique_ptr<CrossEncoder> veto_;
};

}  // namespace spencer
