#include "spencer/train/batch_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

/// 90 pairs in which every query has three codes, and every third code three queries.
PairSet tangled_pairs() {
  PairSet set;
  for (int i = 0; i < 90; ++i) {
    const int code = i % 3 == 0 ? i / 9 : 100 + i;
    set.add({std::to_string(i), "query " + std::to_string(i / 3), "code " + std::to_string(code)});
  }
  return set;
}

TEST(BatchPlan, NoBatchHoldsAQueryOrACodeTwice) {
  const PairSet pairs = tangled_pairs();
  const BatchPlan plan(pairs, 16, 7, true);
  for (std::int64_t number = 0; number < 5 * plan.batches_per_epoch(); ++number) {
    std::set<std::int32_t> queries, codes;
    for (const std::int32_t position : plan.batch(number)) {
      const TrainingPair& pair = pairs.pairs()[static_cast<std::size_t>(position)];
      EXPECT_TRUE(queries.insert(pair.query).second) << "batch " << number;
      EXPECT_TRUE(codes.insert(pair.code).second) << "batch " << number;
    }
    EXPECT_GE(queries.size(), 2U);
    EXPECT_LE(queries.size(), 16U);
  }
}

TEST(BatchPlan, AnEpochHoldsEveryPairOnceButThoseThatWouldStandAlone) {
  const PairSet pairs = tangled_pairs();
  const BatchPlan plan(pairs, 16, 7, true);
  std::map<std::int32_t, int> seen;
  for (std::int64_t number = 0; number < plan.batches_per_epoch(); ++number) {
    for (const std::int32_t position : plan.batch(number)) ++seen[position];
  }
  EXPECT_GE(seen.size(), 85U);
  for (const auto& [position, times] : seen) EXPECT_EQ(times, 1) << position;
}

TEST(BatchPlan, ABatchDependsOnSeedAndNumberAlone) {
  const PairSet pairs = tangled_pairs();
  const BatchPlan first(pairs, 8, 3, true), second(pairs, 8, 3, true), other(pairs, 8, 4, true);
  std::vector<std::vector<std::int32_t>> forwards;
  for (std::int64_t number = 0; number < 40; ++number) forwards.push_back(first.batch(number));
  for (std::int64_t number = 39; number >= 0; --number) {
    EXPECT_EQ(second.batch(number), forwards[static_cast<std::size_t>(number)]);
  }
  EXPECT_NE(other.batch(0), forwards[0]);
  EXPECT_NE(forwards[static_cast<std::size_t>(first.batches_per_epoch())], forwards[0])
      << "the second epoch has an order of its own";
}

TEST(BatchPlan, WithoutDistinctnessEveryPairIsThere) {
  const PairSet pairs = tangled_pairs();
  const BatchPlan plan(pairs, 16, 7, false);
  EXPECT_EQ(plan.batches_per_epoch(), 6);
  std::set<std::int32_t> seen;
  for (std::int64_t number = 0; number < 6; ++number) {
    for (const std::int32_t position : plan.batch(number)) seen.insert(position);
  }
  EXPECT_EQ(seen.size(), 90U);
}

TEST(BatchPlan, PairsThatAllCollideAreRefused) {
  PairSet pairs;
  pairs.add({"a", "one query", "first"});
  pairs.add({"b", "one query", "second"});
  EXPECT_THROW(BatchPlan(pairs, 2, 0, true), Error);
  EXPECT_THROW(BatchPlan(tangled_pairs(), 0, 0, true), Error);
}

TEST(BatchMix, TheShareHoldsInEveryRunOfBatchesWhateverTheSeed) {
  for (const std::uint64_t seed : {0U, 1U, 2U}) {
    const BatchMix mix(0.3, seed);
    for (std::int64_t first = 0; first < 50; ++first) {
      std::int64_t second = 0;
      for (std::int64_t number = first; number < first + 40; ++number) {
        second += mix.at(number).second ? 1 : 0;
      }
      EXPECT_NEAR(static_cast<double>(second), 12, 1) << "seed " << seed << " from " << first;
    }
  }
}

TEST(BatchMix, EachKindIsCountedByItself) {
  const BatchMix mix(0.25, 5), same(0.25, 5);
  std::int64_t next[2] = {0, 0};
  for (std::int64_t number = 0; number < 100; ++number) {
    const BatchMix::Place place = mix.at(number);
    EXPECT_EQ(place.number, next[place.second ? 1 : 0]++);
    EXPECT_EQ(same.at(number).second, place.second);
  }
  EXPECT_EQ(next[0], 75);
  EXPECT_EQ(mix.total(75), 100);
}

TEST(BatchMix, OneKindAloneIsAllThereIs) {
  for (std::int64_t number = 0; number < 5; ++number) {
    EXPECT_FALSE(BatchMix(0, 9).at(number).second);
    EXPECT_TRUE(BatchMix(1, 9).at(number).second);
    EXPECT_EQ(BatchMix(1, 9).at(number).number, number);
  }
  EXPECT_EQ(BatchMix(0, 9).total(7), 7);
  EXPECT_EQ(BatchMix(1, 9).total(7), 7);
}

TEST(BatchPlan, ManyCopiesOfOneQueryAreDealtInTime) {
  PairSet pairs;
  for (int i = 0; i < 60000; ++i) {
    pairs.add(
        {"", i % 2 == 0 ? "the same" : "query " + std::to_string(i), "code " + std::to_string(i)});
  }
  const BatchPlan plan(pairs, 32, 1, true);  // a quadratic deal would run into the time limit
  EXPECT_GT(plan.batches_per_epoch(), 900);
}

}  // namespace
}  // namespace spencer
