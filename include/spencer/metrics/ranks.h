// Ranks of right answers, by the one tie rule that every protocol uses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spencer {

/// The rank of an answer that the ranking does not hold.
inline constexpr std::int64_t kUnranked = 0;

/// One right answer of a query: where it came, and how right it is.
struct RankedAnswer {
  std::int64_t rank = kUnranked;  ///< counted from 1
  double gain = 1;                ///< the judgement, > 0; 1 where judgements are yes or no
};

/// A query's right answers, ranked or not, in any order.
using QueryRanks = std::vector<RankedAnswer>;

/// Ranks of `answers` (positions in `scores`) when all candidates are ordered by score: one plus
/// the candidates that score strictly higher, plus those of equal score that stand before it in
/// the pool.
/// @param scores   one per candidate, in pool order; no NaN
/// @param answers  distinct positions, none of them `excluded`
/// @param excluded a position that is no candidate, such as the query itself; -1 = none
/// @return ranks counted from 1, in the order of `answers`
/// @throws Error{invalid_argument} for a position outside the pool
std::vector<std::int64_t> ranks_of(std::span<const float> scores,
                                   std::span<const std::int64_t> answers,
                                   std::int64_t excluded = -1);

/// Positions of the `count` best candidates, best first, by the same rule.
/// @param count clamped to the number of candidates; < 0 = all of them
std::vector<std::int64_t> best_first(std::span<const float> scores, std::int64_t count,
                                     std::int64_t excluded = -1);

}  // namespace spencer
