#include "spencer/nn/batch.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/nn/layers.h"

namespace spencer {
namespace {

using Ids = std::vector<std::int32_t>;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

EncoderConfig small_config(Family family) {
  EncoderConfig config;
  config.family = family;
  config.vocabulary_size = 10;
  config.hidden_size = 4;
  config.max_positions = family == Family::bert ? 5 : 7;
  config.pad_token_id = family == Family::bert ? 0 : 1;
  config.type_vocabulary_size = 2;
  return config;
}

PackedBatch pack_ids(const std::vector<Ids>& ids, const EncoderConfig& config,
                     std::int64_t multiple = 1) {
  std::vector<SequenceView> views;
  for (const Ids& sequence : ids) views.push_back({sequence, {}});
  return pack(views, config, at::kCPU, multiple);
}

std::vector<std::int64_t> values(const at::Tensor& tensor) {
  const auto* data = tensor.const_data_ptr<std::int64_t>();
  return {data, data + tensor.numel()};
}

/// @param grouped width of keys and values; those of queries are 4, in two heads
void check_gradients(std::int64_t grouped) {
  const PackedBatch batch = pack_ids({{3, 4}, {5, 6}, {7}}, small_config(Family::bert));
  at::manual_seed(3);
  std::vector<at::Tensor> inputs;
  for (const std::vector<std::int64_t>& shape :
       std::vector<std::vector<std::int64_t>>{{5, 4}, {5, grouped}, {5, grouped}, {2, 2, 2}}) {
    inputs.push_back(at::randn(shape, at::kDouble).requires_grad_());
  }
  const at::Tensor weights = at::randn({5, 4}, at::kDouble);
  const auto loss = [&] {
    return (attend(inputs[0], inputs[1], inputs[2], inputs[3], 2, batch, {}) * weights).sum();
  };
  loss().backward();
  // Central differences are off by about step^2, and by float64's rounding over the step.
  constexpr double step = 1e-5, error = 10 * step * step;
  for (at::Tensor& input : inputs) {
    ASSERT_TRUE(input.grad().defined());
    double* value = input.data_ptr<double>();
    for (std::int64_t i = 0; i < input.numel(); ++i) {
      const double before = value[i];
      value[i] = before + step;
      const double above = loss().item<double>();
      value[i] = before - step;
      const double below = loss().item<double>();
      value[i] = before;
      EXPECT_NEAR(input.grad().view(-1)[i].item<double>(), (above - below) / (2 * step), error);
    }
  }
}

}  // namespace

TEST(Pack, LaysSequencesEndToEndInRunsOfOneLength) {
  const PackedBatch batch = pack_ids({{3, 4, 5}, {6, 7, 8}, {9}}, small_config(Family::bert), 4);
  EXPECT_THAT(values(batch.ids), ElementsAre(3, 4, 5, 6, 7, 8, 9, 0));
  EXPECT_THAT(values(batch.positions), ElementsAre(0, 1, 2, 0, 1, 2, 0, 0));
  EXPECT_THAT(values(batch.starts), ElementsAre(0, 3, 6));
  EXPECT_EQ(batch.padding, 1);
  ASSERT_EQ(batch.runs.size(), 2u);
  EXPECT_EQ(batch.runs[0].count, 2);
  EXPECT_EQ(batch.runs[1].first_token, 6);
}

// transformers counts RoBERTa's positions from the padding id on, and leaves padding on its own
// row.
TEST(Pack, RobertaPositionsSkipPaddingTokens) {
  const PackedBatch batch = pack_ids({{3, 1, 4}}, small_config(Family::roberta));
  EXPECT_THAT(values(batch.positions), ElementsAre(2, 1, 3));
}

TEST(Pack, RefusesWhatTheModelCannotRead) {
  const EncoderConfig config = small_config(Family::bert);
  const auto refusal = [&](const Ids& ids, const Ids& types) -> std::string {
    const SequenceView view{ids, types};
    try {
      pack(std::span(&view, 1), config);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal({1, 2, 3, 4, 9}, {0, 0, 1, 1, 1}), "accepted");
  EXPECT_THAT(refusal({1, 10}, {}), HasSubstr("token id 10"));
  EXPECT_THAT(refusal({-1}, {}), HasSubstr("token id -1"));
  EXPECT_THAT(refusal({1, 2, 3, 4, 5, 6}, {}), HasSubstr("6 tokens; the model reads at most 5"));
  EXPECT_THAT(refusal({}, {}), HasSubstr("empty"));
  EXPECT_THAT(refusal({1, 2}, {0}), HasSubstr("1 segments"));
  EXPECT_THAT(refusal({1, 2}, {0, 2}), HasSubstr("segment 2"));
}

TEST(Attend, GradientsReachQueryKeyValueAndBias) { check_gradients(4); }
TEST(Attend, GradientsReachSharedKeysAndValues) { check_gradients(2); }

}  // namespace spencer
