// Distillation of a query encoder into a smaller one; the codes' vectors stay.
#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "spencer/distill/student.h"
#include "spencer/train/objective.h"

#include "train/tower.h"

namespace spencer {

class BatchPlan;

class DistillObjective : public Objective {
 public:
  /// @param start the student's folder  @param lesson what it refers to is kept by reference
  DistillObjective(const StudentOptions& options, const std::filesystem::path& start,
                   const Lesson& lesson, QueryValidator validate, const TrainHooks& hooks,
                   at::Device device);
  ~DistillObjective() override;

  std::vector<TrainedParameter> parameters() const override;
  std::int64_t batches_per_epoch() const override;
  std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const override;
  LossTerms backward(const TrainingBatch& batch, double weight, std::uint64_t seed) override;
  ValidationFigures validate() override;
  RunIdentity identity() const override;
  void save(const std::filesystem::path& folder) const override;

  /// For those who bring their own. Vectors are of norm 1.
  struct Batch : TrainingBatch {
    std::vector<const TokenSequence*> queries;  ///< B of pairs, then those without a code
    at::Tensor teacher;                         ///< [queries, D]
    at::Tensor codes;                           ///< [B, D]
  };

 private:
  std::vector<TokenSequence> tokenize(std::span<const std::string> texts) const;

  StudentOptions options_;
  Lesson lesson_;
  QueryValidator validate_;
  TrainHooks hooks_;
  std::unique_ptr<Tower> tower_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::string query_prefix_;
  std::vector<TokenSequence> queries_, extra_;
  at::Tensor query_vectors_, code_vectors_, extra_vectors_;  // views of the lesson's
  std::unique_ptr<BatchPlan> plan_;
};

}  // namespace spencer
