// The layers encoders are made of. They hold their parameters and run with or without autograd.
#pragma once

#include <functional>
#include <string>

#include <ATen/core/Tensor.h>

#include "spencer/nn/batch.h"

namespace spencer {

/// Called with a parameter's full name (as Hugging Face names it), itself, and its shape.
using ParameterVisitor =
    std::function<void(const std::string& name, at::Tensor& parameter, at::IntArrayRef shape)>;

/// What a forward pass may vary.
struct ForwardOptions {
  int exit_layer = 0;     ///< stop after this many layers; 0 = all
  bool training = false;  ///< apply dropout
};

struct Linear {
  at::Tensor weight;  ///< [out, in]
  at::Tensor bias;    ///< [out]

  void visit(const std::string& name, std::int64_t in, std::int64_t out,
             const ParameterVisitor& visitor);
  /// x [N, in] -> [N, out]
  at::Tensor forward(const at::Tensor& x) const;
};

struct LayerNorm {
  at::Tensor weight;  ///< [width]
  at::Tensor bias;    ///< [width]

  void visit(const std::string& name, std::int64_t width, const ParameterVisitor& visitor);
  at::Tensor forward(const at::Tensor& x, double eps) const;
};

/// `name` as in `config.json`'s hidden_act. @throws Error{unsupported} naming the known ones
at::Tensor activate(const at::Tensor& x, const std::string& name);

/// Softmax attention within each sequence of the batch.
/// @param query, key, value [N, heads * d]
/// @param bias [heads, L, L] added to the scaled scores, L at least the longest sequence; may be
///        undefined
/// @return [N, heads * d]
at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const at::Tensor& bias, std::int64_t heads, const PackedBatch& batch,
                  double dropout);

/// The mean of each sequence's rows, or its first row. @param hidden [N, H] @return [B, H]
at::Tensor pool(const at::Tensor& hidden, const PackedBatch& batch, Pooling pooling);

/// Rows of L2 norm 1 (rows of zeros stay so). @param x [B, H]
at::Tensor normalize_rows(const at::Tensor& x);

}  // namespace spencer
