#include "spencer/train/options.h"

#include <functional>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

TEST(Schedule, LinearRisesAndFalls) {
  // transformers' get_linear_schedule_with_warmup, whose first factor is that of one step more.
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 0, 4, 20), 0.25);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 3, 4, 20), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 4, 4, 20), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 12, 4, 20), 0.5);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::linear, 20, 4, 20), 0);
}

TEST(Schedule, CosineFallsFromOneToNothing) {
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::cosine, 0, 0, 10), 1);
  EXPECT_NEAR(schedule_factor(Schedule::cosine, 5, 0, 10), 0.5, 1e-12);
  EXPECT_NEAR(schedule_factor(Schedule::cosine, 10, 0, 10), 0, 1e-12);
  EXPECT_GT(schedule_factor(Schedule::cosine, 2, 0, 10),
            schedule_factor(Schedule::linear, 2, 0, 10));
}

TEST(Schedule, ConstantStays) {
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 999, 4, 1000), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(Schedule::constant, 1, 4, 1000), 0.5);
}

TEST(Schedule, WarmupIsAShareOrANumber) {
  EXPECT_EQ(warmup_steps(0.1, 250), 25);
  EXPECT_EQ(warmup_steps(10, 250), 10);
  EXPECT_EQ(warmup_steps(0, 250), 0);
}

TEST(TrainOptions, EveryFieldOutsideItsRangeIsNamed) {
  const auto problem = [](const std::function<void(DualOptions&)>& change) {
    DualOptions options;
    options.output = "run";
    change(options);
    try {
      options.validate();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(problem([](DualOptions&) {}), "");
  EXPECT_NE(problem([](DualOptions& o) { o.output.clear(); }).find("--output"), std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.learning_rate = 0; }).find("learning rate is 0"),
            std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.batch_size = 1; }).find("batch size is 1"),
            std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.ema = 1; }).find("ema is 1"), std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.dropout = 1.5; }).find("dropout is 1.5"),
            std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.mining.from = 9, o.mining.to = 5; }).find("rank is 5"),
            std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.code_pair_share = 1; }).find("code pairs is 1"),
            std::string::npos);
  EXPECT_NE(problem([](DualOptions& o) { o.mining.veto = "x"; }).find("--mine-negatives"),
            std::string::npos);
}

TEST(CrossOptions, MinedNegativesNeedADualEncoder) {
  CrossOptions options;
  options.output = "run";
  EXPECT_THROW(options.validate(), Error);
  options.random_negatives = true;
  EXPECT_NO_THROW(options.validate());
}

}  // namespace
}  // namespace spencer
