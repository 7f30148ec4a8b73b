// Held-out data that judges query encoders against one set of code vectors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "spencer/base/hash.h"
#include "spencer/distill/distiller.h"

namespace spencer {

std::vector<std::string> texts_of(const std::vector<TextItem>& items);

class HeldOut {
 public:
  /// @param codes vectors of the pool, [codes, dimension]  @param reranker may be null
  /// @throws Error{invalid_argument} for data whose queries are codes
  HeldOut(const Benchmark& benchmark, std::vector<float> codes, std::int64_t dimension,
          CrossEncoder* reranker, const RerankOptions& rerank, const TrainHooks& hooks);

  const std::vector<std::string>& queries() const { return queries_; }

  /// Of both stages, with intervals. @param queries vectors of `queries()`
  std::vector<StudentRecord::Stage> judge(std::span<const float> queries);
  /// Of recall alone, without intervals: quick enough for validations.
  ValidationFigures recall(std::span<const float> queries) const;

 private:
  std::vector<float> scores(std::span<const std::pair<std::string, std::string>> pairs);

  const Benchmark& benchmark_;
  Plan plan_;
  std::int64_t dimension_;
  CrossEncoder* reranker_;
  TrainHooks hooks_;
  EvalOptions options_;
  std::vector<std::string> queries_;
  std::vector<float> codes_;
  std::unordered_map<Hash128, float> known_;  // students rank much the same codes first
};

/// Of queries, pool and right answers.
std::string checksum_of(const Benchmark& benchmark);

}  // namespace spencer
