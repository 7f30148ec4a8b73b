// Gradients that must not depend on how the work is cut, on the real MiniLM.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "spencer/nn/encoder.h"

#include "nn/unsplit.h"
#include "rounding.h"
#include "train/dual_objective.h"
#include "train/train_test_support.h"

namespace spencer {
namespace {

PairSet code_pairs() {
  PairSet pairs;
  const char* verbs[] = {"read", "sort", "hash", "parse", "close", "send", "count", "merge"};
  for (int i = 0; i < 24; ++i) {
    const std::string verb = verbs[i % 8];
    const std::string noun = "item" + std::to_string(i);
    std::string code = "def " + verb + "_" + noun + "(x):\n";
    for (int line = 0; line <= i % 7; ++line) code += "    x = " + verb + "(x, " + noun + ")\n";
    pairs.add({std::to_string(i), verb + " the " + noun, code + "    return x"});
  }
  return pairs;
}

NamedTensors gradients(DualOptions options) {
  const UnsplitOperations unsplit;
  options.model = deps_model("all-MiniLM-L6-v2");
  options.output = "unused";
  options.batch_size = 24;
  options.engine.precision = Precision::float32;
  const PairSet pairs = code_pairs();
  DualObjective objective(options, pairs, {}, {}, at::kCPU);
  objective.backward(*objective.prepare(0), 1, 5);
  NamedTensors all;
  for (const TrainedParameter& parameter : objective.parameters()) {
    all.emplace_back(parameter.name, parameter.value.grad().clone());
  }
  return all;
}

/// Both are float32: each may be off by the error of its own sums.
void expect_near(const NamedTensors& a, const NamedTensors& b) {
  constexpr std::int64_t layers = 6, width = 1536, dimension = 384, tokens = 3000;
  const double of_scores =
      similarity_error(DualOptions().scale, states_error(layers, width), dimension);
  ASSERT_EQ(a.size(), b.size());
  double total = 0, apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    total += a[i].second.square().sum().item<double>();
    apart += (a[i].second - b[i].second).square().sum().item<double>();
  }
  EXPECT_GT(total, 0);
  EXPECT_LE(std::sqrt(apart / total), 2 * gradient_error(layers, tokens, of_scores));
}

DualOptions without_dropout(int threads) {
  DualOptions options;
  options.dropout = 0;
  options.engine.threads = threads;
  return options;
}

TEST(Gradients, CachedOnesAreThoseOfTheWholeBatch) {
  DualOptions pieces = without_dropout(2);
  pieces.chunk_size = 5;
  expect_near(gradients(without_dropout(2)), gradients(pieces));
}

TEST(Gradients, LanesAddUpToThoseOfOneThread) {
  expect_near(gradients(without_dropout(1)), gradients(without_dropout(3)));
}

TEST(Gradients, RecomputedLayersDropOutTheSameAgain) {
  DualOptions plain;
  plain.engine.threads = 2;
  DualOptions again = plain;
  again.recompute = true;
  expect_near(gradients(plain), gradients(again));
}

TEST(Gradients, AreTheSameBitForBitEveryTime) {
  DualOptions options;
  options.engine.threads = 3;
  options.chunk_size = 7;
  const NamedTensors first = gradients(options), second = gradients(options);
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_TRUE(at::equal(first[i].second, second[i].second)) << first[i].first;
  }
}

TEST(Gradients, FrozenParametersAreNotTrained) {
  DualOptions options = without_dropout(2);
  options.freeze_embeddings = true;
  options.freeze_layers = 4;
  for (const auto& [name, gradient] : gradients(options)) {
    EXPECT_TRUE(name.starts_with("encoder.layer.4.") || name.starts_with("encoder.layer.5."))
        << name;
  }
}

TEST(Dropout, KeepsTheMeanAndDropsTheShareAskedFor) {
  const Dropout dropout{0.1, at::globalContext().defaultGenerator(at::kCPU)};
  const at::Tensor x = at::ones({1000, 1003});
  const at::Tensor y = dropout(x);
  const double deviation = std::sqrt(0.1 * 0.9 / static_cast<double>(x.numel()));
  EXPECT_NEAR((y == 0).to(at::kFloat).mean().item<double>(), 0.1, 6 * deviation);
  EXPECT_NEAR(y.mean().item<double>(), 1, 6 * deviation / 0.9);
  EXPECT_FALSE(at::equal(y, dropout(x))) << "every call draws anew";
}

}  // namespace
}  // namespace spencer
