// The encoder of the BERT, RoBERTa and MPNet families: normalisation after each residual sum.
#pragma once

#include "spencer/nn/encoder.h"

namespace spencer {

class PostNormEncoder : public Encoder {
 public:
  explicit PostNormEncoder(const EncoderConfig& config);
  void visit(const ParameterVisitor& visitor) override;

 protected:
  void pack_layers(at::ScalarType type) override;
  at::Tensor embed(const PackedBatch& batch, const ForwardOptions& options) const override;
  /// MPNet: the bias of the attention scores, [heads, L, L]
  at::Tensor position_terms(const PackedBatch& batch) const override;
  at::Tensor layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& bias,
                   const PackedBatch& batch, const ForwardOptions& options) const override;

 private:
  struct Layer {
    Linear query, key, value, attention_output;
    Linear query_key_value;  // the three in one, where packed
    LayerNorm attention_norm;
    Linear intermediate, output;
    LayerNorm output_norm;
  };
  at::Tensor self_attention(const Layer& layer, const at::Tensor& hidden, const at::Tensor& bias,
                            const PackedBatch& batch, const ForwardOptions& options) const;
  void visit_layer(Layer& layer, const std::string& name, const ParameterVisitor& visitor);

  at::Tensor words_, positions_, types_;
  LayerNorm embedding_norm_;
  at::Tensor relative_bias_;  // MPNet: [buckets, heads]
  std::vector<Layer> layers_;
};

}  // namespace spencer
