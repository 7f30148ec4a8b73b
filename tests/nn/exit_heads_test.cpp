#include "spencer/nn/exit_heads.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"

#include "rounding.h"

namespace spencer {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

EncoderConfig two_wide_config(Family family) {
  EncoderConfig config;
  config.family = family;
  config.vocabulary_size = 10;
  config.hidden_size = 2;
  config.layers = 4;
  config.max_positions = 5;
  config.layer_norm_eps = 0;
  return config;
}

PackedBatch one_sequence(const EncoderConfig& config) {
  static const std::vector<std::int32_t> ids{3, 4};
  const SequenceView view{ids, {}};
  return pack(std::span(&view, 1), config);
}

std::vector<float> floats(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

template <typename Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST(ExitHeads, NewOnesGiveTheFirstNumbersOfThePooledState) {
  const EncoderConfig config = two_wide_config(Family::bert);
  const at::Tensor hidden = at::tensor({1.F, 5.F, 3.F, 9.F}).view({2, 2});
  const ExitHeads whole = make_exit_heads(config, {2, 4}, 2);
  EXPECT_THAT(whole.exits(), ElementsAre(2, 4));
  EXPECT_THAT(floats(whole.forward(hidden, one_sequence(config), Pooling::mean, 2)),
              ElementsAre(2, 7));
  const ExitHeads narrow = make_exit_heads(config, {2, 4}, 1);
  EXPECT_THAT(floats(narrow.forward(hidden, one_sequence(config), Pooling::cls, 4)),
              ElementsAre(1));
}

// By hand: of two numbers, the norm makes -1 and 1; each token's before the mean.
TEST(ExitHeads, StatesInsideAPreNormStackAreNormalisedTokenByToken) {
  const EncoderConfig config = two_wide_config(Family::starcoder2);
  const at::Tensor hidden = at::tensor({1.F, 5.F, 900.F, 3.F}).view({2, 2});
  const ExitHeads heads = make_exit_heads(config, {2, 4}, 2);
  const PackedBatch batch = one_sequence(config);
  const auto near = [](float x) { return FloatNear(x, static_cast<float>(chain_error(4, 2))); };
  EXPECT_THAT(floats(heads.forward(hidden, batch, Pooling::cls, 2)),
              ElementsAre(near(-1), near(1)));
  EXPECT_THAT(floats(heads.forward(hidden, batch, Pooling::mean, 2)),
              ElementsAre(near(0), near(0)));
  // The last state is the encoder's own norm's.
  EXPECT_THAT(floats(heads.forward(hidden, batch, Pooling::cls, 4)), ElementsAre(1, 5));
}

TEST(ExitHeads, NameTheirParametersByExit) {
  ExitHeads heads(two_wide_config(Family::starcoder2), {2, 4}, 3);
  std::vector<std::string> names;
  heads.visit(
      [&](const std::string& name, at::Tensor&, at::IntArrayRef) { names.push_back(name); });
  EXPECT_THAT(names, ElementsAre("exits.2.norm.weight", "exits.2.norm.bias", "exits.2.weight",
                                 "exits.2.bias", "exits.4.weight", "exits.4.bias"));
}

TEST(ExitHeads, TrainOneExitAtATime) {
  const EncoderConfig config = two_wide_config(Family::bert);
  ExitHeads heads = make_exit_heads(config, {2, 4}, 2);
  heads.visit([](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
    parameter.requires_grad_();
  });
  const at::Tensor hidden = at::tensor({1.F, 5.F, 3.F, 9.F}).view({2, 2});
  heads.forward(hidden, one_sequence(config), Pooling::mean, 2).sum().backward();
  heads.visit([](const std::string& name, at::Tensor& parameter, at::IntArrayRef) {
    EXPECT_EQ(parameter.grad().defined(), name.starts_with("exits.2")) << name;
    if (name == "exits.2.weight") {
      EXPECT_THAT(floats(parameter.grad()), ElementsAre(2, 7, 2, 7));
    }
  });
}

TEST(ExitHeads, RefuseWhatMakesNoSense) {
  const EncoderConfig config = two_wide_config(Family::bert);
  EXPECT_THAT(refusal([&] { ExitHeads(config, {}, 2); }), HasSubstr("no exit"));
  EXPECT_THAT(refusal([&] { ExitHeads(config, {2, 2}, 2); }), HasSubstr("do not ascend"));
  EXPECT_THAT(refusal([&] { ExitHeads(config, {2, 5}, 2); }), HasSubstr("layers 1 to 4"));
  EXPECT_THAT(refusal([&] { ExitHeads(config, {2}, 0); }), HasSubstr("0 numbers"));
  EXPECT_THAT(refusal([&] { make_exit_heads(config, {2}, 3); }), HasSubstr("more than its 2"));
  const ExitHeads heads = make_exit_heads(config, {2, 4}, 2);
  EXPECT_THAT(refusal([&] {
                heads.forward(at::ones({2, 2}), one_sequence(config), Pooling::mean, 3);
              }),
              HasSubstr("exit 3 has no head; these have: 2, 4"));
}

}  // namespace spencer
