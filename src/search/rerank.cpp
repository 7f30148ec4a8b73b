#include "spencer/search/rerank.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "spencer/base/error.h"

namespace spencer {

void RerankOptions::validate() const {
  if (depth < 1) {
    throw Error(ErrorKind::invalid_argument,
                "rerank depth: " + std::to_string(depth) + " given, at least 1 needed");
  }
  if (!(recall_weight >= 0 && std::isfinite(recall_weight))) {
    throw Error(ErrorKind::invalid_argument,
                "recall weight: " + std::to_string(recall_weight) + " given, 0 or more needed");
  }
}

std::vector<float> weigh_in(std::span<const float> second, std::span<const float> first,
                            double weight) {
  if (second.size() != first.size()) {
    throw Error(ErrorKind::shape, std::to_string(second.size()) +
                                      " scores of the second stage for " +
                                      std::to_string(first.size()) + " of the first");
  }
  std::vector<float> scores(second.begin(), second.end());
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] += static_cast<float>(weight) * first[i];
  return scores;
}

std::vector<std::int64_t> rerank_order(std::span<const float> scores) {
  if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); })) {
    throw Error(ErrorKind::corrupt,
                "the reranker gave a score that is not a number; its weights are damaged");
  }
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  return order;
}

}  // namespace spencer
