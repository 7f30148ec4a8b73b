// Scoring at the size of the largest benchmarks stays within its memory.
#include <random>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "spencer/eval/ranking.h"

namespace spencer {
namespace {

TEST(Scale, TwentyThousandQueriesAgainstFiftyThousandCodesFitInTwoGigabytes) {
  constexpr std::int64_t kQueries = 20'000, kCodes = 50'000, kDimension = 384;
  Benchmark benchmark;
  for (std::int64_t j = 0; j < kCodes; ++j) {
    benchmark.codes.push_back({std::to_string(j), std::string(500, 'c')});
  }
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> codes(kCodes * kDimension);
  for (float& value : codes) value = normal(random);
  std::vector<float> queries;  // each its answer's vector: found first
  for (std::int64_t i = 0; i < kQueries; ++i) {
    const std::int64_t answer = i * 7919 % kCodes;
    benchmark.queries.push_back({std::to_string(i), std::string(50, 'q')});
    benchmark.answers.push_back({{answer, 1}});
    benchmark.excluded.push_back(-1);
    const auto row = codes.begin() + answer * kDimension;
    queries.insert(queries.end(), row, row + kDimension);
  }
  const Rankings rankings = rank_benchmark(benchmark, plan_protocol(benchmark, {}),
                                           {queries, kDimension}, {codes, kDimension}, {}, {});
  for (const QueryOutcome& outcome : rankings.recall) ASSERT_EQ(outcome.answers[0].rank, 1);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  RecordProperty("seconds", std::to_string(rankings.search_seconds));
  RecordProperty("peak_megabytes", static_cast<int>(usage.ru_maxrss / 1024));
  EXPECT_LT(usage.ru_maxrss, 2L * 1024 * 1024) << "kilobytes at the peak";
}

}  // namespace
}  // namespace spencer
