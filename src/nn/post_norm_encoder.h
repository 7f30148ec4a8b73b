// The encoder of the BERT, RoBERTa and MPNet families: normalisation after each residual sum.
#pragma once

#include "spencer/nn/encoder.h"

namespace spencer {

class PostNormEncoder : public Encoder {
 public:
  explicit PostNormEncoder(const EncoderConfig& config);
  void visit(const ParameterVisitor& visitor) override;

 protected:
  at::Tensor embed(const PackedBatch& batch, const ForwardOptions& options) const override;
  at::Tensor attention_bias(const PackedBatch& batch) const override;
  at::Tensor layer(std::size_t index, const at::Tensor& hidden, const at::Tensor& bias,
                   const PackedBatch& batch, const ForwardOptions& options) const override;

 private:
  struct Layer {
    Linear query, key, value, attention_output;
    LayerNorm attention_norm;
    Linear intermediate, output;
    LayerNorm output_norm;
  };
  void visit_layer(Layer& layer, const std::string& name, const ParameterVisitor& visitor);

  at::Tensor words_, positions_, types_;
  LayerNorm embedding_norm_;
  at::Tensor relative_bias_;  // MPNet: [buckets, heads]
  std::vector<Layer> layers_;
};

}  // namespace spencer
