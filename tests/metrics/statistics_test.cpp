// Intervals and tests against values known in closed form.
#include "spencer/metrics/statistics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

TEST(Bootstrap, FollowsTheNormalApproximationForAProportion) {
  std::vector<double> hits(500, 0.0);
  for (std::size_t i = 0; i < 200; ++i) hits[i] = 1;
  const auto interval = bootstrap_intervals({{hits}}, {})[0];
  const double half = 1.959964 * std::sqrt(0.4 * 0.6 / 500);
  EXPECT_DOUBLE_EQ(interval.mean, 0.4);
  EXPECT_NEAR(interval.low, 0.4 - half, 0.003);
  EXPECT_NEAR(interval.high, 0.4 + half, 0.003);
}

TEST(Bootstrap, SameSeedSameIntervalOtherSeedOther) {
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) values.push_back(1.0 / (1 + i % 17));
  const std::vector<std::vector<double>> columns = {values, values};
  const auto first = bootstrap_intervals(columns, {.rounds = 500, .seed = 7});
  const auto again = bootstrap_intervals(columns, {.rounds = 500, .seed = 7});
  const auto other = bootstrap_intervals(columns, {.rounds = 500, .seed = 8});
  EXPECT_EQ(first[0].low, again[0].low);
  EXPECT_EQ(first[0].high, again[0].high);
  EXPECT_EQ(first[0].low, first[1].low) << "columns must be drawn together";
  EXPECT_NE(first[0].low, other[0].low);
}

TEST(Bootstrap, OneQueryHasNoWidth) {
  const auto interval = bootstrap_intervals({{std::vector<double>{0.25}}}, {})[0];
  EXPECT_EQ(interval.low, 0.25);
  EXPECT_EQ(interval.high, 0.25);
}

TEST(Bootstrap, RefusesColumnsThatDoNotFit) {
  EXPECT_THROW(bootstrap_intervals({{std::vector<double>{}}}, {}), Error);
  const std::vector<std::vector<double>> ragged = {{1, 2}, {1}};
  EXPECT_THROW(bootstrap_intervals(ragged, {}), Error);
  EXPECT_THROW(bootstrap_intervals(ragged, {.rounds = 0}), Error);
  EXPECT_THROW(bootstrap_intervals(ragged, {.level = 1}), Error);
}

TEST(PairedTest, EqualSystemsDoNotDiffer) {
  const std::vector<double> values = {0.1, 0.5, 1, 0.25};
  EXPECT_EQ(paired_randomisation_test(values, values, {}), 1);
}

TEST(PairedTest, FollowsTheSignTestForUnitDifferences) {
  // 8 wins, 2 losses of equal size: two-sided sign test, p = 2 * (45 + 10 + 1) / 1024.
  std::vector<double> first(10, 1.0), second(10, 0.0);
  first[0] = first[1] = 0;
  second[0] = second[1] = 1;
  const double p = paired_randomisation_test(first, second, {.rounds = 100000});
  EXPECT_NEAR(p, 2.0 * 56 / 1024, 0.004);
}

TEST(PairedTest, QueriesWithEqualValuesDoNotDilute) {
  std::vector<double> first(1000, 0.5), second(1000, 0.5);
  for (std::size_t i = 0; i < 40; ++i) first[i * 20] = 1;
  EXPECT_LT(paired_randomisation_test(first, second, {}), 0.001);
  EXPECT_THROW(paired_randomisation_test(first, std::vector<double>(3), {}), Error);
}

}  // namespace
}  // namespace spencer
