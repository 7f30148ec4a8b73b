// Which queries are ranked among which codes.
#include "spencer/eval/protocol.h"

#include <set>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

using Positions = std::vector<std::int64_t>;

Benchmark pairs(std::int64_t count) {
  Benchmark benchmark;
  benchmark.name = "pairs";
  benchmark.paired = true;
  for (std::int64_t i = 0; i < count; ++i) {
    benchmark.queries.push_back({std::to_string(i), "q"});
    benchmark.codes.push_back({std::to_string(i), "c"});
    benchmark.answers.push_back({{i, 1}});
    benchmark.excluded.push_back(-1);
  }
  return benchmark;
}

TEST(Protocol, ShufflesAsNumpyDoes) {
  // numpy.random.RandomState(seed).shuffle(numpy.arange(n)), numpy 2.4.6
  EXPECT_EQ(numpy_shuffled(10, 0), (Positions{2, 8, 4, 9, 1, 6, 7, 3, 0, 5}));
  EXPECT_EQ(numpy_shuffled(5, 7), (Positions{0, 3, 2, 1, 4}));
  const Positions large = numpy_shuffled(2000, 42);
  EXPECT_EQ(Positions(large.begin(), large.begin() + 10),
            (Positions{1860, 353, 1333, 905, 1289, 1273, 938, 1731, 65, 1323}));
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < 2000; ++i) sum += i * large[static_cast<std::size_t>(i)];
  EXPECT_EQ(sum, 2008348118);
}

TEST(Protocol, ChunksOfAThousandDropTheLastShorterOne) {
  const Plan plan = plan_protocol(pairs(2345), {.protocol = Protocol::csn_1000});
  ASSERT_EQ(plan.chunks.size(), 2u);
  EXPECT_EQ(plan.queries, 2000);
  EXPECT_EQ(plan.dropped, 345);
  EXPECT_EQ(plan.candidates, 1000);
  EXPECT_EQ(plan.chunks[1].queries.front(), 1000);
  EXPECT_EQ(plan.chunks[1].codes, plan.chunks[1].queries);
}

TEST(Protocol, ShuffledChunksHoldTheFirstOfTheShuffle) {
  const Plan plan =
      plan_protocol(pairs(2345), {.protocol = Protocol::csn_1000, .shuffle_seed = 42});
  const Positions order = numpy_shuffled(2345, 42);
  EXPECT_EQ(plan.chunks[1].codes, Positions(order.begin() + 1000, order.begin() + 2000));
}

TEST(Protocol, SuitsTheDataOrSaysWhyNot) {
  Benchmark benchmark = pairs(1500);
  EXPECT_EQ(plan_protocol(benchmark, {}).protocol, Protocol::full);
  EXPECT_EQ(plan_protocol(benchmark, {}).candidates, 1500);
  benchmark.format = DataFormat::csn;
  EXPECT_THROW(plan_protocol(benchmark, {.protocol = Protocol::code_to_code}), Error);
  benchmark.format = DataFormat::beir;
  EXPECT_EQ(plan_protocol(benchmark, {}).protocol, Protocol::qrels);
  EXPECT_EQ(plan_protocol(benchmark, {.protocol = Protocol::code_to_code}).protocol,
            Protocol::code_to_code);
  EXPECT_THROW(plan_protocol(benchmark, {.protocol = Protocol::full, .shuffle_seed = 1}), Error);
  EXPECT_THROW(plan_protocol(pairs(999), {.protocol = Protocol::csn_1000}), Error);
  benchmark.paired = false;
  EXPECT_THROW(plan_protocol(benchmark, {.protocol = Protocol::csn_1000}), Error);
  benchmark.code_to_code = true;
  EXPECT_EQ(plan_protocol(benchmark, {}).protocol, Protocol::code_to_code);
  EXPECT_EQ(plan_protocol(benchmark, {}).candidates, 1499);
}

TEST(Protocol, NamesGoBothWays) {
  for (const char* name : {"auto", "csn-1000", "full", "qrels", "code-to-code"}) {
    EXPECT_EQ(to_string(parse_protocol(name)), name);
  }
  EXPECT_THROW(parse_protocol("csn"), Error);
}

}  // namespace
}  // namespace spencer
