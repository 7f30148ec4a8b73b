// Late interaction by hand, and what must not change it. Values of training: tests/train.
#include "spencer/nn/in_context_head.h"

#include <cmath>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace spencer {
namespace {

InContextHead head_of(const at::Tensor& weight, double scale, double threshold) {
  InContextHead head;
  head.visit("icc.1", weight.numel(),
             [&](const std::string& name, at::Tensor& value, at::IntArrayRef shape) {
               if (name == "icc.1.weight") value = weight.view(shape);
               if (name == "icc.1.scale") value = at::full(shape, scale);
               if (name == "icc.1.threshold") value = at::full(shape, threshold);
             });
  return head;
}

SnippetWords words(const at::Tensor& vectors) {
  return {vectors, at::zeros({vectors.size(0), vectors.size(1)}, at::kBool)};
}

TEST(InContextHead, EachWordsBestMatchCountsByItsWeight) {
  // Weights of exp(0) and exp(log 3): a quarter and three quarters.
  const InContextHead head = head_of(at::tensor({0.0F, std::log(3.0F)}), 2, 0.25);
  const SnippetWords first = words(at::tensor({1.0F, 0.0F, 0.0F, 1.0F}).view({1, 2, 2}));
  const SnippetWords second = words(at::tensor({0.6F, 0.8F}).view({1, 1, 2}));
  const double to_second = 0.25 * 0.6 + 0.75 * 0.8, to_first = 0.8;
  EXPECT_NEAR(head.forward(first, second).item<double>(), 2 * ((to_second + to_first) / 2 - 0.25),
              1e-6);
  EXPECT_NEAR(head.forward(second, first).item<double>(), 2 * ((to_second + to_first) / 2 - 0.25),
              1e-6);
}

TEST(InContextHead, PaddingChangesNothing) {
  at::manual_seed(0);
  const InContextHead head = head_of(at::randn({8}), 10, 0.5);
  const SnippetWords first = words(at::randn({1, 5, 8})), second = words(at::randn({1, 3, 8}));
  const auto padded = [](const SnippetWords& snippet) {
    return SnippetWords{at::cat({snippet.vectors, at::randn({1, 4, 8}) * 100}, 1),
                        at::cat({snippet.padding, at::ones({1, 4}, at::kBool)}, 1)};
  };
  const auto alone = head.forward(first, second).item<double>();
  EXPECT_NEAR(head.forward(padded(first), padded(second)).item<double>(), alone, 1e-5);
}

}  // namespace
}  // namespace spencer
