#include "spencer/metrics/ranks.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "spencer/base/error.h"

namespace spencer {
namespace {

/// Whether the candidate at `a` comes before the one at `b`.
bool precedes(std::span<const float> scores, std::int64_t a, std::int64_t b) {
  const float first = scores[static_cast<std::size_t>(a)];
  const float second = scores[static_cast<std::size_t>(b)];
  return first > second || (first == second && a < b);
}

std::int64_t rank_of_one(std::span<const float> scores, std::int64_t answer,
                         std::int64_t excluded) {
  const float score = scores[static_cast<std::size_t>(answer)];
  const auto middle = scores.begin() + answer;
  std::int64_t rank = 1;
  rank += std::count_if(scores.begin(), middle, [&](float other) { return other >= score; });
  rank += std::count_if(middle, scores.end(), [&](float other) { return other > score; });
  return rank - (excluded >= 0 && precedes(scores, excluded, answer) ? 1 : 0);
}

}  // namespace

std::vector<std::int64_t> ranks_of(std::span<const float> scores,
                                   std::span<const std::int64_t> answers, std::int64_t excluded) {
  const auto size = static_cast<std::int64_t>(scores.size());
  for (const std::int64_t answer : answers) {
    if (answer < 0 || answer >= size || answer == excluded) {
      throw Error(ErrorKind::invalid_argument,
                  "right answer at position " + std::to_string(answer) +
                      " is not among the pool's " + std::to_string(size) + " candidates");
    }
  }
  if (answers.size() == 1) return {rank_of_one(scores, answers[0], excluded)};

  // Answers best first; a candidate comes before all of them from some point on, so counting
  // where those points lie and summing up gives every rank in one pass over the pool.
  std::vector<std::size_t> order(answers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return precedes(scores, answers[a], answers[b]); });
  std::vector<std::int64_t> ahead(answers.size() + 1);
  for (std::int64_t i = 0; i < size; ++i) {
    if (i == excluded) continue;
    const auto point = std::partition_point(order.begin(), order.end(), [&](std::size_t a) {
      return !precedes(scores, i, answers[a]);
    });
    ++ahead[static_cast<std::size_t>(point - order.begin())];
  }
  std::vector<std::int64_t> ranks(answers.size());
  std::int64_t before = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    before += ahead[i];
    ranks[order[i]] = before + 1;
  }
  return ranks;
}

std::vector<std::int64_t> best_first(std::span<const float> scores, std::int64_t count,
                                     std::int64_t excluded) {
  const auto size = static_cast<std::int64_t>(scores.size());
  const auto before = [&](std::int64_t a, std::int64_t b) { return precedes(scores, a, b); };
  if (count < 0 || count > size) count = size;
  // The best so far, the worst of them on top of the heap. A later candidate must score strictly
  // higher to get in, so most are passed over by one comparison.
  std::vector<std::int64_t> kept;
  kept.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < size && count > 0; ++i) {
    const bool full = static_cast<std::int64_t>(kept.size()) == count;
    if (i == excluded || (full && !before(i, kept.front()))) continue;
    if (full) {
      std::pop_heap(kept.begin(), kept.end(), before);
      kept.pop_back();
    }
    kept.push_back(i);
    std::push_heap(kept.begin(), kept.end(), before);
  }
  std::sort(kept.begin(), kept.end(), before);
  return kept;
}

}  // namespace spencer
