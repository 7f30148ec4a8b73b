// Contrastive training of a dual encoder, its towers shared or apart.
#pragma once

#include <memory>

#include "spencer/model/cross_encoder.h"
#include "spencer/train/loss.h"
#include "spencer/train/objective.h"
#include "spencer/train/trainer.h"

#include "train/tower.h"

namespace spencer {

class BatchPlan;

class DualObjective : public Objective {
 public:
  /// @param pairs kept by reference
  DualObjective(const DualOptions& options, const PairSet& pairs, DualValidator validate,
                const TrainHooks& hooks, at::Device device);
  ~DualObjective() override;

  std::vector<TrainedParameter> parameters() const override;
  std::int64_t batches_per_epoch() const override;
  std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const override;
  LossTerms backward(const TrainingBatch& batch, double weight, std::uint64_t seed) override;
  bool refreshes_at(std::int64_t step) const override;
  void refresh(std::int64_t step) override;
  NamedTensors refreshed() const override;
  ValidationFigures validate() override;
  RunIdentity identity() const override;
  void save(const std::filesystem::path& folder) const override;

  /// The texts of a batch, for those who bring their own.
  struct Batch : TrainingBatch {
    std::vector<const TokenSequence*> queries;  ///< B
    std::vector<const TokenSequence*> codes;    ///< B right ones, then the wrong ones
    at::Tensor excluded;                        ///< see Contrast
  };

 private:
  const Tower& code_tower() const { return code_tower_ ? *code_tower_ : *query_tower_; }
  std::vector<TokenSequence> tokenize(const std::vector<std::string>& texts,
                                      std::int64_t length) const;
  at::Tensor excluded(const std::vector<std::int32_t>& queries,
                      const std::vector<std::int32_t>& codes) const;

  Contrast contrast_at(std::int64_t exit, const EncodedTexts& queries, const EncodedTexts& codes,
                       const Batch& batch) const;

  DualOptions options_;
  const PairSet& pairs_;
  DualValidator validate_;
  TrainHooks hooks_;
  std::unique_ptr<Tower> query_tower_, code_tower_;  // the second only where they are apart
  std::unique_ptr<Tokenizer> tokenizer_;
  std::vector<TokenSequence> queries_, codes_;
  std::unique_ptr<BatchPlan> plan_;
  at::Tensor log_scale_;
  at::Tensor mined_;  // see mine_negatives; undefined where nothing is mined
  std::unique_ptr<CrossEncoder> veto_;
};

}  // namespace spencer
