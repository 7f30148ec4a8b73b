// Wrong answers worth learning from: what a dual encoder ranks high and the data calls wrong.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/train/options.h"
#include "spencer/train/pairs.h"

namespace spencer {

/// Scores (query, code) texts, as a cross-encoder does.
using PairScoring =
    std::function<std::vector<float>(std::span<const std::pair<std::string, std::string>>)>;

/// For every query the codes of ranks `from` to `to` among those that are no answers to it, by
/// exact inner product; without those that come nearer to its lowest-ranked answer than `margin`,
/// and those that the veto scores at least as high as an answer (false negatives: Qu et al. 2021,
/// RocketQA).
/// @param queries float32 [queries, D] unit vectors  @param codes float32 [codes, D], likewise
/// @param veto may be empty
/// @return int32 [queries, to - from + 1] positions of codes, best first; -1 where there is none
at::Tensor mine_negatives(const at::Tensor& queries, const at::Tensor& codes, const PairSet& pairs,
                          const MiningOptions& options, const PairScoring& veto,
                          Progress* progress = nullptr, const StopFlag* stop = nullptr);

/// `count` different codes for a pair of the query: the pair's own negatives first, then some of
/// the query's row of `mined`, then any that are no answers, all chosen by `seed` alone. Fewer
/// where there are no more.
/// @param mined as from `mine_negatives`, or undefined
std::vector<std::int32_t> choose_negatives(const PairSet& pairs, const TrainingPair& pair,
                                           const at::Tensor& mined, std::size_t count,
                                           bool fill_at_random, std::uint64_t seed);

}  // namespace spencer
