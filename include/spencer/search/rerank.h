// Re-ranking: how a second stage's scores change the order of the first.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace spencer {

enum class RerankRule {
  keep_rest,  ///< SPENCER's: the head is re-ordered, the rest keep their ranks
  cut,        ///< the ranking ends with the head
};

struct RerankOptions {
  std::int64_t depth = 5;  ///< candidates of the first stage that the cross-encoder reads; >= 1
  RerankRule rule = RerankRule::keep_rest;
  /// What a first-stage score counts beside a second-stage one; 0 = SPENCER's: nothing.
  double recall_weight = 0;
  void validate() const;  ///< @throws Error{invalid_argument}
};

/// second + weight * first, candidate by candidate: a second stage that is weaker alone can still
/// better the first's order. @throws Error{shape} if there are not equally many
std::vector<float> weigh_in(std::span<const float> second, std::span<const float> first,
                            double weight);

/// The order the second stage gives to the head of a ranking.
/// @param scores one (see `weigh_in`) per candidate of the head, in the order of the first stage
/// @return positions in `scores`, best first; equal scores keep the first stage's order
/// @throws Error{corrupt} for a score that is not a number
std::vector<std::int64_t> rerank_order(std::span<const float> scores);

}  // namespace spencer
