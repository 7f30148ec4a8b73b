// What makes a vector of an encoder's state at an exit: each exit has its own projection.
// ModularStarEncoder (arXiv 2503.03008).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include <ATen/core/Tensor.h>

#include "spencer/nn/batch.h"
#include "spencer/nn/encoder_config.h"
#include "spencer/nn/layers.h"
#include "spencer/nn/safetensors.h"

namespace spencer {

/// A linear layer per exit. States inside a pre-norm stack are not normalised, so exits before a
/// pre-norm encoder's last layer have a norm of their own, over each token's state, too.
class ExitHeads {
 public:
  /// Heads whose parameters are undefined; `visit` sets them.
  /// @param config of the whole encoder, not of one cut at an exit
  /// @param exits ascending, from 1 to config.layers
  /// @param dimension of the vectors
  /// @throws Error{invalid_argument}
  ExitHeads(const EncoderConfig& config, const std::vector<int>& exits, std::int64_t dimension);

  std::vector<int> exits() const;
  std::int64_t dimension() const { return dimension_; }

  /// Visits by ascending exit: `exits.N.norm.weight` and `.bias` [H] where there is a norm,
  /// `exits.N.weight` [dimension, H], `exits.N.bias` [dimension].
  void visit(const ParameterVisitor& visitor);

  /// Norm, pooling, projection; the result is not normalised. With gradients where parameters or
  /// the state ask for them.
  /// @param hidden [N, H], the encoder's state after the exit  @return [B, dimension]
  /// @throws Error{invalid_argument} for an exit without a head
  at::Tensor forward(const at::Tensor& hidden, const PackedBatch& batch, Pooling pooling,
                     int exit) const;

  /// The first of these three: every token's state, normalised where the exit has a norm. [N, H]
  at::Tensor normed(const at::Tensor& hidden, int exit) const;
  /// The last: of pooled states, or of each token's. @param states [rows, H] as `normed` gives them
  /// @return [rows, dimension]
  at::Tensor project(const at::Tensor& states, int exit) const;

 private:
  struct Head {
    bool normed = false;
    LayerNorm norm;
    Linear projection;
  };
  const Head& head(int exit) const;

  std::int64_t hidden_size_ = 0;
  std::int64_t dimension_ = 0;
  double layer_norm_eps_ = 0;
  std::map<int, Head> heads_;
};

/// Heads to train from: the projections keep the first `dimension` numbers of the pooled state and
/// the norms scale by 1, float32. @throws Error{invalid_argument}; also if dimension > H
ExitHeads make_exit_heads(const EncoderConfig& config, const std::vector<int>& exits,
                          std::int64_t dimension);

/// Sets the parameters as float32.
/// @throws Error{corrupt} naming a missing tensor, Error{shape} naming one of another shape
void load_parameters(ExitHeads& heads, const Weights& weights);

/// Writes the heads' file into a model folder; its name and tensors are all that a folder needs for
/// its exits to be read with them (docs/formats.md). @throws Error{io}
void save_exit_heads(ExitHeads& heads, const std::filesystem::path& model_folder);

}  // namespace spencer
