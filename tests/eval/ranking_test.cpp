// From vectors to ranks: ties, chunks, left-out candidates, the second stage, and bad vectors.
#include "spencer/eval/ranking.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/eval/evaluate.h"

namespace spencer {
namespace {

using Positions = std::vector<std::int64_t>;

/// Vectors of one dimension: a query is 1, a code is its score.
struct Case {
  Benchmark benchmark;
  std::vector<float> queries, codes;

  Case(const std::vector<float>& code_scores, const std::vector<Positions>& answers) {
    benchmark.name = "case";
    codes = code_scores;
    for (std::size_t j = 0; j < codes.size(); ++j) {
      benchmark.codes.push_back({"c" + std::to_string(j), "code " + std::to_string(j)});
    }
    for (std::size_t i = 0; i < answers.size(); ++i) {
      benchmark.queries.push_back({"q" + std::to_string(i), "query"});
      queries.push_back(1);
      benchmark.answers.emplace_back();
      for (const std::int64_t code : answers[i]) benchmark.answers[i].push_back({code, 1});
      benchmark.excluded.push_back(-1);
    }
  }

  Rankings rank(const PairScores& second = {}, const RankingOptions& options = {},
                const RankingHooks& hooks = {}) const {
    return rank_benchmark(benchmark, plan_protocol(benchmark, {}), {queries, 1}, {codes, 1}, second,
                          options, hooks);
  }
};

/// Scores a code by the number in its text, as given.
PairScores by_number(const std::map<int, float>& scores) {
  return [scores](std::span<const std::pair<std::string, std::string>> pairs) {
    std::vector<float> out;
    for (const auto& pair : pairs) out.push_back(scores.at(std::stoi(pair.second.substr(5))));
    return out;
  };
}

TEST(Ranking, TiesStandInPoolOrder) {
  const Case test({0.5f, 0.9f, 0.5f, 0.5f}, {{3}, {0}, {2, 1}});
  const auto outcomes = test.rank().recall;
  EXPECT_EQ(outcomes[0].answers[0].rank, 4);
  EXPECT_EQ(outcomes[1].answers[0].rank, 2);
  EXPECT_EQ(outcomes[2].answers[0].rank, 3);
  EXPECT_EQ(outcomes[2].answers[1].rank, 1);
  EXPECT_EQ(outcomes[0].top.codes, (Positions{1, 0, 2, 3}));
}

TEST(Ranking, TheQueryItselfIsNoCandidate) {
  Case test({0.9f, 0.8f, 0.7f}, {{1}});
  test.benchmark.excluded[0] = 0;
  const auto outcome = test.rank().recall[0];
  EXPECT_EQ(outcome.answers[0].rank, 1);
  EXPECT_EQ(outcome.top.codes, (Positions{1, 2}));
}

TEST(Ranking, SpencersRuleReordersTheHeadAndKeepsTheRest) {
  const Case test({0.9f, 0.8f, 0.7f, 0.6f, 0.5f}, {{2}, {3}, {0}});
  const auto second = by_number({{0, -1.0f}, {1, 2.0f}, {2, 5.0f}});
  RankingOptions options;
  options.rerank.depth = 3;
  const Rankings kept = test.rank(second, options);
  EXPECT_EQ(kept.recall[0].answers[0].rank, 3);
  EXPECT_EQ(kept.rerank[0].answers[0].rank, 1);
  EXPECT_EQ(kept.rerank[1].answers[0].rank, 4);
  EXPECT_EQ(kept.rerank[2].answers[0].rank, 3);
  EXPECT_EQ(kept.rerank[0].top.codes, (Positions{2, 1, 0, 3, 4}));
  options.rerank.rule = RerankRule::cut;
  const Rankings cut = test.rank(second, options);
  EXPECT_EQ(cut.rerank[0].answers[0].rank, 1);
  EXPECT_EQ(cut.rerank[1].answers[0].rank, kUnranked);
  EXPECT_EQ(cut.rerank[0].top.codes, (Positions{2, 1, 0}));
}

TEST(Ranking, ADepthBeyondThePoolReadsThePool) {
  const Case test({0.9f, 0.8f}, {{1}});
  RankingOptions options;
  options.rerank.depth = 50;
  EXPECT_EQ(test.rank(by_number({{0, 0.0f}, {1, 1.0f}}), options).rerank[0].answers[0].rank, 1);
}

TEST(Ranking, HooksSeeEveryQueryInOrderAsDeepAsAskedFor) {
  const Case test({0.9f, 0.8f, 0.7f}, std::vector<Positions>(600, Positions{1}));
  for (const std::int64_t depth : {-1, 2}) {
    RankingOptions options;
    options.keep = 1;
    options.run_depth = depth;
    std::int64_t next = 0;
    RankingHooks hooks;
    hooks.on_ranking = [&](const char* stage, std::int64_t query, const RankedCodes& ranking) {
      EXPECT_STREQ(stage, "recall");
      EXPECT_EQ(query, next++);
      EXPECT_EQ(ranking.codes.size(), depth < 0 ? 3u : 2u);
    };
    const Rankings rankings = test.rank({}, options, hooks);
    EXPECT_EQ(next, 600);
    EXPECT_EQ(rankings.recall[0].top.codes.size(), 1u);
  }
}

TEST(Ranking, ChunksRankAmongTheirOwnCodes) {
  Case test(std::vector<float>(2000, 0.5f), {});
  for (std::int64_t i = 0; i < 2000; ++i) {
    test.benchmark.queries.push_back({"q" + std::to_string(i), "query"});
    test.queries.push_back(1);
    test.benchmark.answers.push_back({{i, 1}});
    test.benchmark.excluded.push_back(-1);
  }
  test.benchmark.paired = true;
  test.codes[1500] = 0.9f;
  const Plan plan = plan_protocol(test.benchmark, {.protocol = Protocol::csn_1000});
  const Rankings rankings =
      rank_benchmark(test.benchmark, plan, {test.queries, 1}, {test.codes, 1}, {}, {});
  ASSERT_EQ(rankings.recall.size(), 2000u);
  EXPECT_EQ(rankings.recall[999].answers[0].rank, 1000);
  EXPECT_EQ(rankings.recall[1000].answers[0].rank, 2);
  EXPECT_EQ(rankings.recall[1500].answers[0].rank, 1);
  EXPECT_EQ(rankings.recall[1501].answers[0].rank, 502);
  EXPECT_EQ(rankings.recall[1501].top.codes, (Positions{1500, 1000, 1001, 1002, 1003}));
}

TEST(Ranking, BadVectorsAreNamed) {
  Case test({0.9f, std::nanf(""), 0.7f}, {{0}});
  try {
    test.rank();
    FAIL() << "NaN was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_NE(std::string(error.what()).find("code \"c1\""), std::string::npos) << error.what();
  }
  test.codes.pop_back();
  EXPECT_THROW(test.rank(), Error);
  Case nan_score({0.9f, 0.8f}, {{0}});
  EXPECT_THROW(nan_score.rank(by_number({{0, std::nanf("")}, {1, 1.0f}})), Error);
}

TEST(Evaluate, VectorsGiveMetricsWithIntervalsAndComparisons) {
  const Case test({0.9f, 0.8f, 0.7f, 0.6f}, {{0}, {1}, {2}, {3}});
  EvalOptions options;
  options.metrics = {Metric::parse("mrr"), Metric::parse("acc@1")};
  const Plan plan = plan_protocol(test.benchmark, {});
  const auto stages =
      evaluate_vectors(test.benchmark, plan, {test.queries, 1}, {test.codes, 1},
                       by_number({{0, 1.0f}, {1, 2.0f}, {2, 3.0f}, {3, 4.0f}}), options);
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_DOUBLE_EQ(stages[0].metrics[0].interval.mean, (1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4) / 4);
  EXPECT_DOUBLE_EQ(stages[1].metrics[0].interval.mean, (1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4) / 4);
  EXPECT_DOUBLE_EQ(stages[1].metrics[1].interval.mean, 0.25);
  EXPECT_LT(stages[0].metrics[0].interval.low, stages[0].metrics[0].interval.mean);
  SystemResult both;
  both.label = "both";
  both.stages = stages;
  const auto between_stages = compare({both}, {});
  ASSERT_EQ(between_stages.size(), 1u);
  EXPECT_EQ(between_stages[0].baseline, "both recall");
  EXPECT_EQ(between_stages[0].system, "both rerank");
  EXPECT_NEAR(between_stages[0].difference, 0, 1e-12);
  SystemResult first, second;
  first.stages = {stages[0]};
  second.stages = {stages[0]};
  second.stages[0].metrics[0].values = {1, 1, 1, 1};
  second.stages[0].metrics[0].interval.mean = 1;
  const auto comparisons = compare({first, second}, {});
  ASSERT_EQ(comparisons.size(), 1u);
  EXPECT_NEAR(comparisons[0].difference, 1 - stages[0].metrics[0].interval.mean, 1e-12);
  EXPECT_NEAR(comparisons[0].p_value, 0.25, 0.02);  // three differences of one sign: 2 / 8
}

}  // namespace
}  // namespace spencer
