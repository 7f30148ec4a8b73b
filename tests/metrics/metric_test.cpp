// Metrics and ranks against values worked out by hand.
#include "spencer/metrics/metric.h"

#include <cmath>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

using Ranks = std::vector<std::int64_t>;

TEST(Ranks, CountHigherScoresAndEarlierTies) {
  const std::vector<float> scores = {0.5f, 0.9f, 0.5f, 0.1f, 0.5f};
  EXPECT_EQ(ranks_of(scores, Ranks{1}), Ranks{1});
  EXPECT_EQ(ranks_of(scores, Ranks{0}), Ranks{2});
  EXPECT_EQ(ranks_of(scores, Ranks{2}), Ranks{3});
  EXPECT_EQ(ranks_of(scores, Ranks{4}), Ranks{4});
  EXPECT_EQ(ranks_of(scores, Ranks{3}), Ranks{5});
}

TEST(Ranks, SeveralAnswersAgreeWithEachAlone) {
  std::vector<float> scores;
  for (int i = 0; i < 200; ++i) scores.push_back(static_cast<float>((i * 37) % 11));
  const Ranks answers = {5, 17, 3, 199, 0, 100};
  for (const std::int64_t excluded : {-1, 50, 1}) {
    const Ranks together = ranks_of(scores, answers, excluded);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      EXPECT_EQ(together[i], ranks_of(scores, Ranks{answers[i]}, excluded)[0]) << answers[i];
    }
  }
}

TEST(Ranks, AnExcludedCandidateTakesNoRank) {
  const std::vector<float> scores = {0.9f, 0.5f, 0.7f};
  EXPECT_EQ(ranks_of(scores, Ranks{1}, 0), Ranks{2});
  EXPECT_EQ(ranks_of(scores, Ranks{2}, 1), Ranks{2});
  EXPECT_EQ(best_first(scores, 5, 0), (Ranks{2, 1}));
}

TEST(Ranks, BestFirstIsTheOrderTheRanksCount) {
  std::vector<float> scores;
  for (int i = 0; i < 300; ++i) scores.push_back(static_cast<float>((i * 29) % 13));
  const Ranks order = best_first(scores, -1);
  ASSERT_EQ(order.size(), scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    EXPECT_EQ(ranks_of(scores, Ranks{order[i]})[0], static_cast<std::int64_t>(i) + 1);
  }
  const Ranks head = best_first(scores, 40);
  EXPECT_EQ(head, Ranks(order.begin(), order.begin() + 40));
}

TEST(Ranks, AnAnswerOutsideThePoolIsRefused) {
  const std::vector<float> scores = {1, 2};
  EXPECT_THROW(ranks_of(scores, Ranks{2}), Error);
  EXPECT_THROW(ranks_of(scores, Ranks{-1}), Error);
  EXPECT_THROW(ranks_of(scores, Ranks{1}, 1), Error);
}

double value(const char* metric, const QueryRanks& query) {
  return Metric::parse(metric).value(query);
}

TEST(Metric, ValuesWorkedOutByHand) {
  const QueryRanks query = {{4, 1}, {2, 3}, {kUnranked, 2}};
  EXPECT_DOUBLE_EQ(value("mrr", query), 0.5);
  EXPECT_DOUBLE_EQ(value("mrr@1", query), 0);
  EXPECT_DOUBLE_EQ(value("acc@1", query), 0);
  EXPECT_DOUBLE_EQ(value("acc@2", query), 1);
  EXPECT_DOUBLE_EQ(value("recall@3", query), 1.0 / 3);
  EXPECT_DOUBLE_EQ(value("recall@4", query), 2.0 / 3);
  EXPECT_DOUBLE_EQ(value("map", query), (1.0 / 2 + 2.0 / 4) / 3);
  EXPECT_DOUBLE_EQ(value("map@3", query), (1.0 / 2) / 3);
  EXPECT_DOUBLE_EQ(value("map@r", query), (1.0 / 2) / 3);
  const double ideal = 3 / std::log2(2.0) + 2 / std::log2(3.0) + 1 / std::log2(4.0);
  EXPECT_DOUBLE_EQ(value("ndcg", query), (3 / std::log2(3.0) + 1 / std::log2(5.0)) / ideal);
  EXPECT_DOUBLE_EQ(value("ndcg@2", query),
                   (3 / std::log2(3.0)) / (3 / std::log2(2.0) + 2 / std::log2(3.0)));
}

TEST(Metric, NothingFoundAndNothingToFindAreZero) {
  for (const Metric& metric : default_metrics()) {
    EXPECT_EQ(metric.value({}), 0) << metric.name();
    EXPECT_EQ(metric.value({{kUnranked, 1}}), 0) << metric.name();
    EXPECT_EQ(metric.value({{1, 1}}), 1) << metric.name();
  }
}

TEST(Metric, NamesGoBothWays) {
  for (const char* name :
       {"mrr", "mrr@10", "acc@5", "recall@100", "ndcg", "ndcg@10", "map", "map@100", "map@r"}) {
    EXPECT_EQ(Metric::parse(name).name(), name);
  }
  for (const char* name :
       {"", "mr", "acc", "recall", "acc@", "acc@0", "acc@-1", "acc@5x", "ndcg@r", "@5"}) {
    EXPECT_THROW(Metric::parse(name), Error) << name;
  }
}

}  // namespace
}  // namespace spencer
