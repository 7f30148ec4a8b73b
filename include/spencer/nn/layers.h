// The layers encoders are made of. They hold their parameters and run with or without autograd.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "spencer/nn/batch.h"

namespace spencer {

/// Called with a parameter's full name (as Hugging Face names it), itself, and its shape.
using ParameterVisitor =
    std::function<void(const std::string& name, at::Tensor& parameter, at::IntArrayRef shape)>;

/// Dropout with random numbers of its own, or else of the device's generator.
struct Dropout {
  double probability = 0;
  std::optional<at::Generator> generator;
  at::Tensor operator()(const at::Tensor& x) const;
};

/// What a forward pass may vary.
struct ForwardOptions {
  int exit_layer = 0;      ///< stop after this many layers; 0 = all
  bool training = false;   ///< apply dropout
  bool recompute = false;  ///< keep no layer's inner states for the backward pass: compute it again
  std::optional<at::Generator> generator;  ///< for dropout; none = the device's own

  /// @param probability in training
  Dropout dropout(double probability) const { return {training ? probability : 0, generator}; }
};

struct Linear {
  at::Tensor weight;  ///< [out, in]
  at::Tensor bias;    ///< [out], or undefined

  void visit(const std::string& name, std::int64_t in, std::int64_t out,
             const ParameterVisitor& visitor, bool with_bias = true);
  /// x [N, in] -> [N, out]
  at::Tensor forward(const at::Tensor& x) const;
  /// activate(forward(x)), in one pass where the weights are packed
  at::Tensor forward_activated(const at::Tensor& x, const std::string& activation) const;
  /// The sum of a residual connection: forward(x), dropped out, plus what went around.
  /// @param around [N, out]
  at::Tensor forward_residual(const at::Tensor& x, const at::Tensor& around,
                              const Dropout& dropout) const;

  /// Gives `weight` and `bias` up for a copy in the layout oneDNN multiplies fastest, for inference
  /// on the CPU with inputs of this type.
  void pack(at::ScalarType type);
  bool is_packed() const { return packed_weight_.defined(); }

 private:
  at::Tensor packed_weight_;
  at::Tensor packed_bias_;
};

/// One layer whose output is theirs side by side. @param layers with biases, or all without
Linear concatenate(at::ArrayRef<const Linear*> layers);

struct LayerNorm {
  at::Tensor weight;  ///< [width]
  at::Tensor bias;    ///< [width]

  void visit(const std::string& name, std::int64_t width, const ParameterVisitor& visitor);
  at::Tensor forward(const at::Tensor& x, double eps) const;
};

/// `name` as in `config.json`'s hidden_act. @throws Error{unsupported} naming the known ones
at::Tensor activate(const at::Tensor& x, const std::string& name);

/// Softmax attention within each sequence of the batch.
/// @param query [N, heads * d]
/// @param key, value [N, k * d], where each of k heads serves heads / k query heads in turn
///        (grouped-query attention, arXiv 2305.13245)
/// @param bias [heads, L, L] added to the scaled scores, L at least the longest sequence; may be
///        undefined
/// @return [N, heads * d]; zeros in the batch's padding rows
at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const at::Tensor& bias, std::int64_t heads, const PackedBatch& batch,
                  const Dropout& dropout);

/// The mean of each sequence's rows, or its first row. @param hidden [N, H] @return [B, H]
at::Tensor pool(const at::Tensor& hidden, const PackedBatch& batch, Pooling pooling);

/// For where bfloat16 was asked for by name.
/// @throws Error{unsupported} if `device` is the CPU and oneDNN has no bfloat16 products there
void require_bfloat16(at::Device device);

/// Whether this CPU multiplies bfloat16 matrices at least 1.3 times as fast as float32 ones.
/// Measured once per process (about 50 ms): the instructions alone do not tell, since some CPUs
/// that have them run them at half the rate of float32. False where there are none.
bool cpu_prefers_bfloat16();

/// Rows of L2 norm 1 (rows of zeros stay so). @param x [B, H]
at::Tensor normalize_rows(const at::Tensor& x);

}  // namespace spencer
