// Transformer encoders: token ids in, hidden states out, of every layer and up to any exit.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "spencer/nn/batch.h"
#include "spencer/nn/encoder_config.h"
#include "spencer/nn/layers.h"
#include "spencer/nn/safetensors.h"

namespace spencer {

/// A stack of layers over embeddings. Gradients flow to the parameters that ask for them; without
/// any, and in inference mode, nothing is recorded.
class Encoder {
 public:
  virtual ~Encoder() = default;

  const EncoderConfig& config() const { return config_; }

  /// Visits every parameter in a fixed order, by the family's Hugging Face name without prefix.
  virtual void visit(const ParameterVisitor& visitor) = 0;

  /// Prepares for inference on the CPU: hidden states are of `type` (float32 or bfloat16) from now
  /// on, and the layers multiply with packed copies in place of their weights. Not for training.
  void pack(at::ScalarType type);

  /// The hidden state after the exit layer; a pre-norm encoder's last one is normalised, those
  /// before are not. @return [N, H], row i for token i of the batch
  at::Tensor forward(const PackedBatch& batch, const ForwardOptions& options = {}) const;

  /// The hidden states after several exits, of one pass. @param exits ascending
  std::vector<at::Tensor> states_at(const PackedBatch& batch, std::span<const int> exits,
                                    const ForwardOptions& options = {}) const;

  /// The embeddings' output and that of every layer up to the exit, each as `forward` gives it:
  /// 1 + layers tensors [N, H].
  std::vector<at::Tensor> hidden_states(const PackedBatch& batch,
                                        const ForwardOptions& options = {}) const;

 protected:
  explicit Encoder(const EncoderConfig& config) : config_(config) {}
  /// Packs every layer's weights.
  virtual void pack_layers(at::ScalarType type) = 0;
  /// x in the type that `pack` was given; as it is where nothing is packed.
  at::Tensor to_packed_type(const at::Tensor& x) const;
  virtual at::Tensor embed(const PackedBatch& batch, const ForwardOptions& options) const = 0;
  /// What the attention of every layer reads of the batch's positions, in the family's own shape;
  /// may be undefined.
  virtual at::Tensor position_terms(const PackedBatch& batch) const = 0;
  virtual at::Tensor layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& positions,
                           const PackedBatch& batch, const ForwardOptions& options) const = 0;
  /// What follows the last layer.
  virtual at::Tensor finish(const at::Tensor& hidden) const { return hidden; }

 private:
  std::int64_t depth(const ForwardOptions& options) const;
  at::Tensor step(std::int64_t index, const at::Tensor& hidden, const at::Tensor& positions,
                  const PackedBatch& batch, const ForwardOptions& options) const;

  EncoderConfig config_;
  std::optional<at::ScalarType> packed_type_;
};

/// An encoder of the configured family whose parameters are undefined; `visit` sets them.
/// @throws Error{unsupported, invalid_argument} for a configuration that makes no sense
std::unique_ptr<Encoder> make_encoder(const EncoderConfig& config);

/// What stands before the encoder's names in these weights: "", "bert.", "roberta.", "mpnet." or
/// "model.".
/// @throws Error{corrupt} if they hold no encoder
std::string encoder_prefix(const Weights& weights);

/// Sets an encoder's parameters from a file as float32. Float32 tensors are used in place, mapped
/// and read-only; others are converted.
/// @throws Error{corrupt} naming a missing tensor, Error{shape} naming one of another shape
void load_parameters(Encoder& encoder, const Weights& weights);

}  // namespace spencer
