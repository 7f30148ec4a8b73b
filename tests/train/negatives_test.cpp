#include "spencer/train/negatives.h"

#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace spencer {
namespace {

/// One query that is answered by code 0 and code 3, and six codes at falling cosines.
PairSet six_codes() {
  PairSet pairs;
  pairs.add({"a", "query", "code 0", {"code 1", "code 2"}});
  pairs.add({"b", "query", "code 3", {"code 4", "code 5"}});
  return pairs;
}

at::Tensor mine(const MiningOptions& options, const PairScoring& veto = {}) {
  const PairSet pairs = six_codes();
  std::vector<float> codes;  // positions 0..5 are codes 0, 1, 2, 3, 4, 5
  for (const double cosine : {0.9, 0.85, 0.8, 0.7, 0.6, 0.1}) {
    codes.push_back(static_cast<float>(cosine));
    codes.push_back(static_cast<float>(std::sqrt(1 - cosine * cosine)));
  }
  return mine_negatives(at::tensor({1.0F, 0.0F}).view({1, 2}), at::tensor(codes).view({6, 2}),
                        pairs, options, veto);
}

std::vector<std::int32_t> row(const at::Tensor& mined) {
  const auto* data = mined.const_data_ptr<std::int32_t>();
  return {data, data + mined.numel()};
}

using Codes = std::vector<std::int32_t>;

TEST(MineNegatives, TakesRanksAmongCodesThatAreNoAnswers) {
  MiningOptions options;
  options.from = 2;
  options.to = 4;
  EXPECT_EQ(row(mine(options)), (Codes{2, 4, 5}));
}

TEST(MineNegatives, RowsEndWithMinusOneWhereTheCodesRunOut) {
  MiningOptions options;
  options.from = 3;
  options.to = 6;
  EXPECT_EQ(row(mine(options)), (Codes{4, 5, -1, -1}));
}

TEST(MineNegatives, TheMarginCountsFromTheLowestAnswer) {
  MiningOptions options;
  options.to = 4;
  options.margin = 0.05;  // below 0.7 - 0.05
  EXPECT_EQ(row(mine(options)), (Codes{4, 5, -1, -1}));
}

TEST(MineNegatives, TheVetoDropsWhatScoresLikeAnAnswer) {
  MiningOptions options;
  options.to = 4;
  const PairScoring veto = [](std::span<const std::pair<std::string, std::string>> texts) {
    std::vector<float> scores;
    for (const auto& [query, code] : texts) {
      scores.push_back(code == "code 2"   ? 5.0F
                       : code == "code 0" ? 4.0F
                       : code == "code 3" ? 3.0F
                                          : 1.0F);
    }
    return scores;
  };
  EXPECT_EQ(row(mine(options, veto)), (Codes{1, 4, 5, -1}));
}

TEST(ChooseNegatives, TheDatasOwnComeFirstThenMinedThenAny) {
  const PairSet pairs = six_codes();
  const TrainingPair& pair = pairs.pairs()[0];
  const at::Tensor mined = at::tensor({4, 5, -1}, at::kInt).view({1, 3});
  EXPECT_EQ(choose_negatives(pairs, pair, {}, 2, false, 1), (Codes{1, 2}));
  const Codes three = choose_negatives(pairs, pair, mined, 3, false, 1);
  ASSERT_EQ(three.size(), 3U);
  EXPECT_TRUE(three[2] == 4 || three[2] == 5);
  const Codes all = choose_negatives(pairs, pair, mined, 9, true, 1);
  EXPECT_EQ(std::set<std::int32_t>(all.begin(), all.end()), (std::set<std::int32_t>{1, 2, 4, 5}))
      << "never an answer, never twice";
  EXPECT_EQ(choose_negatives(pairs, pair, mined, 3, true, 8),
            choose_negatives(pairs, pair, mined, 3, true, 8));
}

}  // namespace
}  // namespace spencer
