// StarCoder-2's stack (arXiv 2402.19173) made an encoder, as ModularStarEncoder does (arXiv
// 2503.03008): normalisation before attention and feed-forward, rotary positions, grouped-query
// attention. Every token attends to every other: there is no causal mask and no sliding window.
#pragma once

#include "spencer/nn/encoder.h"

namespace spencer {

class PreNormEncoder : public Encoder {
 public:
  /// @throws Error{invalid_argument} for heads that cannot be grouped or turned
  explicit PreNormEncoder(const EncoderConfig& config);
  void visit(const ParameterVisitor& visitor) override;

 protected:
  void pack_layers(at::ScalarType type) override;
  at::Tensor embed(const PackedBatch& batch, const ForwardOptions& options) const override;
  /// The rotary terms, see nn/rotary.h
  at::Tensor position_terms(const PackedBatch& batch) const override;
  at::Tensor layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& rotary,
                   const PackedBatch& batch, const ForwardOptions& options) const override;
  at::Tensor finish(const at::Tensor& hidden) const override;

 private:
  struct Layer {
    LayerNorm attention_norm;
    Linear query, key, value, attention_output;
    Linear query_key_value;  // the three in one, where packed
    LayerNorm output_norm;
    Linear intermediate, output;
  };
  std::int64_t head_size() const { return config().hidden_size / config().heads; }
  at::Tensor self_attention(const Layer& layer, const at::Tensor& x, const at::Tensor& rotary,
                            const PackedBatch& batch, const ForwardOptions& options) const;
  void visit_layer(Layer& layer, const std::string& name, const ParameterVisitor& visitor);

  at::Tensor words_;
  std::vector<Layer> layers_;
  LayerNorm norm_;
};

}  // namespace spencer
