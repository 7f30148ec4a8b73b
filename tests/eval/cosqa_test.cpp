// A real model on real data: CoSQA's development split with all-MiniLM-L6-v2.
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/eval/evaluate.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

class CosqaTest : public testing::Test {
 protected:
  void SetUp() override {
    cache_ = fs::temp_directory_path() / ("spencer-cosqa-" + std::to_string(getpid()));
  }
  void TearDown() override { fs::remove_all(cache_); }

  /// In float32, as the published figures are: bfloat16 moves three of 500 first places.
  static std::unique_ptr<DualEncoder> model(int exit_layer = 0) {
    EngineOptions engine;
    engine.precision = Precision::float32;
    engine.exit_layer = exit_layer;
    return DualEncoder::open(fs::path(SPENCER_DEPS) / "models/all-MiniLM-L6-v2", engine,
                             {.query = 256, .code = 256});
  }
  static double figure(const SystemResult& result, const char* metric) {
    for (const MetricValue& value : result.stages[0].metrics) {
      if (value.metric == Metric::parse(metric)) return value.interval.mean;
    }
    return -1;
  }
  fs::path cache_;
};

TEST_F(CosqaTest, MiniLmGivesThePublishedFiguresAndItsVectorsAreKept) {
  const fs::path data = fs::path(SPENCER_TEST_DATA) / "cosqa";
  const Benchmark benchmark = load_benchmark({&data, 1}, {});
  const Plan plan = plan_protocol(benchmark, {});
  EvalOptions options;
  options.cache = cache_;
  const SystemResult first = evaluate(benchmark, plan, *model(), nullptr, options);
  // transformers, float32, mean pooling, normalised
  EXPECT_NEAR(figure(first, "mrr"), 0.541, 0.002);
  EXPECT_NEAR(figure(first, "acc@1"), 0.396, 0.0021);
  EXPECT_NEAR(figure(first, "acc@5"), 0.726, 0.0021);
  EXPECT_GT(first.timing.query_encode_ms.value(), 0);
  EXPECT_GE(first.timing.query_encode_p95_ms.value(), first.timing.query_encode_ms.value());
  ASSERT_TRUE(first.timing.code_encode_per_s.has_value());

  const SystemResult again = evaluate(benchmark, plan, *model(), nullptr, options);
  EXPECT_FALSE(again.timing.code_encode_per_s.has_value()) << "the vectors were encoded again";
  EXPECT_EQ(figure(again, "mrr"), figure(first, "mrr"));
}

/// A few pairs, so that an exit and other texts are quickly encoded.
Benchmark small_benchmark() {
  Benchmark benchmark;
  benchmark.name = "small";
  for (const char* text : {"read a file", "sort a list", "open a socket"}) {
    const auto i = static_cast<std::int64_t>(benchmark.queries.size());
    benchmark.queries.push_back({std::to_string(i), text});
    benchmark.codes.push_back({std::to_string(i), std::string("def f(): # ") + text});
    benchmark.answers.push_back({{i, 1}});
    benchmark.excluded.push_back(-1);
  }
  return benchmark;
}

TEST_F(CosqaTest, OtherExitsAndOtherTextsAreNotTakenFromTheCache) {
  Benchmark benchmark = small_benchmark();
  const Plan plan = plan_protocol(benchmark, {});
  EvalOptions options;
  options.cache = cache_;
  const auto encoded = [&](int exit_layer) {
    const SystemResult result = evaluate(benchmark, plan, *model(exit_layer), nullptr, options);
    return result.timing.code_encode_per_s.has_value();
  };
  EXPECT_TRUE(encoded(0));
  EXPECT_FALSE(encoded(0));
  EXPECT_TRUE(encoded(3));
  EXPECT_FALSE(encoded(3));
  std::swap(benchmark.codes[0].text, benchmark.codes[1].text);
  EXPECT_TRUE(encoded(0)) << "the order of the texts counts";
  EXPECT_EQ(system_label(*model(3)), "all-MiniLM-L6-v2@3");
}

}  // namespace
}  // namespace spencer
