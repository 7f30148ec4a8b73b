// Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
#pragma once

#include <functional>
#include <optional>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace spencer {

/// A layer as a function of its input and of the attention bias (which may be undefined).
using LayerFunction = std::function<at::Tensor(const at::Tensor& hidden, const at::Tensor& bias)>;

/// layer(hidden, bias), of which only the inputs are kept for the backward pass: that computes the
/// layer again, with the same random numbers and precision. Gradients reach `hidden`, `bias` and
/// every parameter the layer reads; they are those of a plain call. For `backward()` alone, which
/// adds to the parameters' gradients.
/// @param generator of the layer's random numbers; none = the device's own
at::Tensor recomputed(const at::Tensor& hidden, const at::Tensor& bias,
                      const std::optional<at::Generator>& generator, LayerFunction layer);

}  // namespace spencer
