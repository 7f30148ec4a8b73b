#include "nn/rotary.h"

#include <ATen/ATen.h>

namespace spencer {

at::Tensor rotary_terms(const at::Tensor& positions, std::int64_t head_size, double theta) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(positions.device());
  const at::Tensor exponents = at::arange(0, head_size, 2, options) / head_size;
  const at::Tensor frequencies = at::pow(theta, exponents).reciprocal();
  const at::Tensor angles = positions.to(at::kFloat).unsqueeze(1) * frequencies;
  return at::stack({angles.cos(), angles.sin()}).unsqueeze(2);
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& terms) {
  const at::Tensor cosine = terms[0], sine = terms[1];
  const at::Tensor halves = x.view({x.size(0), -1, 2, terms.size(3)});
  const at::Tensor first = halves.select(2, 0), second = halves.select(2, 1);
  return at::stack({first * cosine - second * sine, second * cosine + first * sine}, 2)
      .view(x.sizes())
      .to(x.scalar_type());
}

}  // namespace spencer
