// How far float32 results may lie from exact ones, as follows from what is computed.
//
// An operation's result is off by at most a share of u = 2^-24 of it, up or down as if by chance. A
// sum of n products of either sign is then off by less than sqrt(n) u times the size such sums have
// (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, SIAM J. Sci. Comput.
// 41(5), 2019, and Sharper Probabilistic Backward Error Analysis, 42(5), 2020). That holds for
// every order of its terms, which is all that kernels, instruction sets and numbers of threads
// change. A chain of sums hands errors on. Were they independent, k of them would come to
// sqrt(k) sqrt(n) u; they are allowed k sqrt(n) u here, which leaves room for what magnifies an
// error on its way: the softmax of large scores, and sums smaller than their terms.
//
// Errors are relative and of whole tensors: |a - b| / |b| in the L2 norm.
#pragma once

#include <cmath>
#include <cstdint>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace spencer {

inline constexpr double kRounding = 0x1p-24;                         // u of float32
inline constexpr double kFloat16Rounding = 0x1p-11;                  // of float16's 11 bits
inline constexpr double kBfloat16Rounding = 0x1p-8;                  // of bfloat16's 8 bits
inline constexpr std::int64_t kSumsPerNorm = 2;                      // mean and variance
inline constexpr std::int64_t kSumsPerLayer = 6 + 2 * kSumsPerNorm;  // with six products

inline double relative_difference(const at::Tensor& ours, const at::Tensor& expected) {
  EXPECT_EQ(ours.sizes(), expected.sizes());
  const at::Tensor a = ours.detach().to(at::kDouble), b = expected.detach().to(at::kDouble);
  return ((a - b).norm() / b.norm()).item<double>();
}

/// Of so many sums one after another. @param width terms of the widest
inline double chain_error(std::int64_t sums, std::int64_t width) {
  return static_cast<double>(sums) * std::sqrt(static_cast<double>(width)) * kRounding;
}

/// Sums one after another in an encoder of so many layers; the embeddings have a norm too.
inline std::int64_t encoder_sums(std::int64_t layers) {
  return kSumsPerLayer * layers + kSumsPerNorm;
}

/// Of hidden states, and of vectors made of them.
inline double states_error(std::int64_t layers, std::int64_t width) {
  return chain_error(encoder_sums(layers), width);
}

/// To be added where queries and keys are rotated: the angles, of up to `length` radians, are
/// rounded too.
inline double rotary_error(std::int64_t layers, std::int64_t length) {
  return static_cast<double>(layers * (length - 1)) * kRounding;
}

/// Of hidden states where each sum's terms or its result are rounded to fewer bits; the sum itself
/// is float32's.
inline double short_states_error(std::int64_t layers, double rounding) {
  return static_cast<double>(encoder_sums(layers)) * rounding;
}

/// Of `scale` times the cosine of two vectors that are off by `error`, absolute. An error has no
/// direction of its own: a cosine sees its share along one of so many dimensions.
inline double similarity_error(double scale, double error, std::int64_t dimension) {
  return scale * error * std::sqrt(2.0 / static_cast<double>(dimension));
}

/// Of a loss's gradients: the forward pass, its scores' errors, and as long a way back.
/// @param width terms of the widest sum, over a batch's tokens too
inline double gradient_error(std::int64_t layers, std::int64_t width, double of_scores) {
  return 2 * states_error(layers, width) + of_scores;
}

/// Of weights after so many steps of Adam, absolute, in the root mean square. A step is about the
/// learning rate long, and a ratio of two figures of the gradient, each off by its error; and every
/// step rounds the weight.
/// @param way sum of the learning rates  @param size root mean square of the weights
inline double adam_error(double of_gradients, double way, std::int64_t steps, double size) {
  return 2 * of_gradients * way + static_cast<double>(steps) * kRounding * size;
}

/// The root mean square difference of all but a tenth of the elements, those furthest apart: where
/// a gradient is as small as its error, Adam makes a full step of it either way.
inline double usual_difference(const at::Tensor& ours, const at::Tensor& expected) {
  EXPECT_EQ(ours.sizes(), expected.sizes());
  const at::Tensor apart = (ours.detach().to(at::kDouble) - expected.to(at::kDouble)).abs();
  const std::int64_t kept = apart.numel() - apart.numel() / 10;
  const at::Tensor nearest = std::get<0>(apart.reshape({-1}).sort()).narrow(0, 0, kept);
  return nearest.square().mean().sqrt().item<double>();
}

}  // namespace spencer
