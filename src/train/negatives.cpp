#include "spencer/train/negatives.h"

#include <algorithm>
#include <limits>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "spencer/train/batch_plan.h"

namespace spencer {
namespace {

constexpr std::int64_t kScoresAtOnce = std::int64_t{1} << 25;  // 128 MiB of float32

/// What one query's candidates are judged by.
class Sieve {
 public:
  Sieve(const PairSet& pairs, const MiningOptions& options, const PairScoring& veto)
      : pairs_(pairs), options_(options), veto_(veto) {}

  /// @param ranked codes, best first, and their scores
  std::vector<std::int32_t> keep(std::int32_t query, std::span<const std::int64_t> ranked,
                                 std::span<const float> scores, float lowest_answer) const {
    std::vector<std::int32_t> kept;
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < ranked.size() && rank < options_.to; ++i) {
      const auto code = static_cast<std::int32_t>(ranked[i]);
      if (pairs_.is_right(query, code)) continue;
      if (++rank < options_.from) continue;
      if (options_.margin && scores[i] > lowest_answer - *options_.margin) continue;
      kept.push_back(code);
    }
    if (veto_ && !kept.empty()) apply_veto(query, kept);
    return kept;
  }

 private:
  void apply_veto(std::int32_t query, std::vector<std::int32_t>& kept) const {
    const auto& right = pairs_.answers_of(query);
    std::vector<std::pair<std::string, std::string>> texts;
    const auto add = [&](std::int32_t code) {
      texts.emplace_back(pairs_.queries()[static_cast<std::size_t>(query)],
                         pairs_.codes()[static_cast<std::size_t>(code)]);
    };
    std::for_each(right.begin(), right.end(), add);
    std::for_each(kept.begin(), kept.end(), add);
    const std::vector<float> scores = veto_(texts);
    const auto negatives = scores.begin() + static_cast<std::ptrdiff_t>(right.size());
    const float lowest = *std::min_element(scores.begin(), negatives);
    std::size_t i = 0;
    std::erase_if(
        kept, [&](std::int32_t) { return negatives[static_cast<std::ptrdiff_t>(i++)] >= lowest; });
  }

  const PairSet& pairs_;
  const MiningOptions& options_;
  const PairScoring& veto_;
};

}  // namespace

at::Tensor mine_negatives(const at::Tensor& queries, const at::Tensor& codes, const PairSet& pairs,
                          const MiningOptions& options, const PairScoring& veto, Progress* progress,
                          const StopFlag* stop) {
  const c10::NoGradGuard no_grad;
  const std::int64_t count = queries.size(0);
  const std::int64_t width = options.to - options.from + 1;
  at::Tensor mined = at::full({count, width}, -1, at::kInt);
  std::size_t most_answers = 0;
  for (std::int32_t query = 0; query < count; ++query) {
    most_answers = std::max(most_answers, pairs.answers_of(query).size());
  }
  const auto most_right = static_cast<std::int64_t>(most_answers) + 1;  // and the query's own text
  const std::int64_t depth = std::min(codes.size(0), options.to + most_right);
  const std::int64_t rows = std::max<std::int64_t>(1, kScoresAtOnce / codes.size(0));
  const Sieve sieve(pairs, options, veto);
  if (progress != nullptr) progress->begin("mine negatives", count, "queries");
  for (std::int64_t first = 0; first < count; first += rows) {
    const std::int64_t block = std::min(rows, count - first);
    const at::Tensor scores = at::matmul(queries.narrow(0, first, block), codes.t());
    const auto [best, places] = scores.topk(depth, 1);
    const at::Tensor best_cpu = best.cpu().contiguous(), places_cpu = places.cpu().contiguous();
    const at::Tensor all = scores.cpu();
    const auto all_scores = all.accessor<float, 2>();
    for (std::int64_t i = 0; i < block; ++i) {
      if (stop != nullptr) stop->check();
      const auto query = static_cast<std::int32_t>(first + i);
      float lowest = std::numeric_limits<float>::infinity();
      for (const std::int32_t code : pairs.answers_of(query)) {
        lowest = std::min(lowest, all_scores[i][code]);
      }
      const auto span = static_cast<std::size_t>(depth);
      const auto kept =
          sieve.keep(query, {places_cpu.const_data_ptr<std::int64_t>() + i * depth, span},
                     {best_cpu.const_data_ptr<float>() + i * depth, span}, lowest);
      std::copy(kept.begin(), kept.end(), mined.data_ptr<std::int32_t>() + query * width);
      if (progress != nullptr) progress->advance(1);
    }
  }
  if (progress != nullptr) progress->end();
  return mined;
}

std::vector<std::int32_t> choose_negatives(const PairSet& pairs, const TrainingPair& pair,
                                           const at::Tensor& mined, std::size_t count,
                                           bool fill_at_random, std::uint64_t seed) {
  std::vector<std::int32_t> chosen;
  const auto take = [&](std::int32_t code) {
    if (chosen.size() < count && !pairs.is_right(pair.query, code) &&
        std::find(chosen.begin(), chosen.end(), code) == chosen.end()) {
      chosen.push_back(code);
    }
  };
  std::for_each(pair.negatives.begin(), pair.negatives.end(), take);
  if (mined.defined()) {
    const std::int32_t* row = mined.const_data_ptr<std::int32_t>() + pair.query * mined.size(1);
    std::vector<std::int32_t> candidates(row, std::find(row, row + mined.size(1), -1));
    for (std::size_t i = candidates.size(); i > 1; --i) {
      std::swap(candidates[i - 1], candidates[mix(seed, i) % i]);
    }
    std::for_each(candidates.begin(), candidates.end(), take);
  }
  if (!fill_at_random) return chosen;
  const std::uint64_t codes = pairs.codes().size();
  for (std::uint64_t tries = 0; chosen.size() < count && tries < 16 * count; ++tries) {
    take(static_cast<std::int32_t>(mix(seed + 1, tries) % codes));
  }
  return chosen;
}

}  // namespace spencer
