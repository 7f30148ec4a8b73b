// Rotary position embeddings (RoFormer, arXiv 2104.09864), laid out as Hugging Face's models are:
// number i of a head's first half turns with number i of its second half.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace spencer {

/// Cosines and sines of the angles position * theta^(-2i / head_size).
/// @param positions int64 [N]  @return float32 [2, N, 1, head_size / 2]
at::Tensor rotary_terms(const at::Tensor& positions, std::int64_t head_size, double theta);

/// Turns every head, in float32. @param x [N, heads * head_size], of any number of heads and any
/// type  @return likewise
at::Tensor rotate(const at::Tensor& x, const at::Tensor& terms);

}  // namespace spencer
