// oneDNN's products with packed weights and fused endings, which libtorch offers as operators.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace spencer {

/// @param weight [out, in], float32 or bfloat16, on the CPU
at::Tensor pack_weight(const at::Tensor& weight);

/// x [N, in] of the packed type -> [N, out]. Inference only. `bias` may be undefined.
at::Tensor packed_linear(const at::Tensor& x, const at::Tensor& packed, const at::Tensor& bias);
at::Tensor packed_linear_activated(const at::Tensor& x, const at::Tensor& packed,
                                   const at::Tensor& bias, const std::string& activation);
at::Tensor packed_linear_added(const at::Tensor& x, const at::Tensor& packed,
                               const at::Tensor& bias, const at::Tensor& other);

}  // namespace spencer
