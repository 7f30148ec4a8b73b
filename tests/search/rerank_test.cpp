// The order a second stage gives to the head of a ranking.
#include "spencer/search/rerank.h"

#include <cmath>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

using Order = std::vector<std::int64_t>;

TEST(Rerank, OrdersByScoreAndKeepsTheFirstStagesOrderForTies) {
  EXPECT_EQ(rerank_order(std::vector<float>{0.1f, 3, -2, 3, 0.1f}), (Order{1, 3, 0, 4, 2}));
  EXPECT_EQ(rerank_order(std::vector<float>(4, 1.0f)), (Order{0, 1, 2, 3}));
  EXPECT_EQ(rerank_order({}), Order{});
}

TEST(Rerank, RefusesWhatCannotBeOrdered) {
  EXPECT_THROW(rerank_order(std::vector<float>{1, std::nanf("")}), Error);
  EXPECT_THROW((RerankOptions{.depth = 0}.validate()), Error);
  EXPECT_THROW((RerankOptions{.recall_weight = -1}.validate()), Error);
  EXPECT_THROW((RerankOptions{.recall_weight = std::nan("")}.validate()), Error);
  EXPECT_THROW(weigh_in(std::vector<float>{1, 2}, std::vector<float>{1}, 1), Error);
}

TEST(Rerank, TheFirstStageCountsByItsWeight) {
  const std::vector<float> second{1, 3, 2}, first{0.9f, 0.5f, 0.8f};
  EXPECT_EQ(weigh_in(second, first, 0), second);
  EXPECT_EQ(weigh_in(second, first, 10), (std::vector<float>{10, 8, 10}));
}

}  // namespace
}  // namespace spencer
