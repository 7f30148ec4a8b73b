// Late interaction by hand, and what must not change it. Values of training: tests/train.
#include "spencer/nn/in_context_head.h"

#include <cmath>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "rounding.h"

namespace spencer {
namespace {

/// The norms of two vectors of at most 8 numbers, their product, a softmax, its sum, the mean.
const double kCosineError = chain_error(6, 8);

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

/// A snippet of these rows, the last `padding` of which are none of its words.
SnippetWords words(std::int64_t begin, std::int64_t end, std::int64_t padding = 0) {
  const at::Tensor rows = at::arange(begin, end, at::kLong).unsqueeze(0);
  return {rows, rows >= end - padding};
}

TEST(InContextHead, EachWordsBestMatchCountsByItsWeight) {
  // Weights of exp(0) and exp(log 3): a quarter and three quarters.
  const InContextHead head = head_of(at::tensor({0.0F, std::log(3.0F)}), 2, 0.25);
  const at::Tensor vectors = at::tensor({1.0F, 0.0F, 0.0F, 1.0F, 0.6F, 0.8F}).view({3, 2});
  const SnippetWords first = words(0, 2), second = words(2, 3);
  const double to_second = 0.25 * 0.6 + 0.75 * 0.8, to_first = 0.8;
  const double expected = 2 * ((to_second + to_first) / 2 - 0.25), error = 2 * kCosineError;
  EXPECT_NEAR(head.forward(vectors, first, second).item<double>(), expected, error);
  EXPECT_NEAR(head.forward(vectors, second, first).item<double>(), expected, error);
}

TEST(InContextHead, PaddingChangesNothing) {
  at::manual_seed(0);
  const InContextHead head = head_of(at::randn({8}), 10, 0.5);
  const at::Tensor vectors = at::randn({16, 8});
  const auto alone = head.forward(vectors, words(0, 5), words(9, 12)).item<double>();
  vectors.slice(0, 5, 9) *= 100;
  vectors.slice(0, 12, 16) *= 100;
  EXPECT_NEAR(head.forward(vectors, words(0, 9, 4), words(9, 16, 4)).item<double>(), alone,
              2 * 10 * kCosineError);  // two computations, a scale of 10
}

}  // namespace
}  // namespace spencer
