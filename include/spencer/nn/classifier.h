// The sequence-classification head of the BERT, RoBERTa and MPNet families: what makes an encoder a
// cross-encoder.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "spencer/nn/batch.h"
#include "spencer/nn/encoder_config.h"
#include "spencer/nn/layers.h"
#include "spencer/nn/safetensors.h"

namespace spencer {

/// A dense layer with tanh over the first token's state, and one with `config.labels` outputs.
class ClassifierHead {
 public:
  /// @throws Error{invalid_argument} if config.labels is not positive, Error{unsupported} for
  ///         StarCoder-2's family, whose own head reads a decoder's last token
  explicit ClassifierHead(const EncoderConfig& config);

  /// Visits the parameters by their full Hugging Face names: BERT's dense layer is its pooler,
  /// `bert.pooler.dense`; the others' is `classifier.dense`.
  void visit(const ParameterVisitor& visitor);

  /// @param hidden [N, H], the encoder's last state  @return logits [B, labels]
  at::Tensor forward(const at::Tensor& hidden, const PackedBatch& batch,
                     const ForwardOptions& options = {}) const;

 private:
  EncoderConfig config_;
  Linear dense_;
  Linear output_;
};

/// Sets the head's parameters as float32. BERT's pooler is found with or without its prefix.
/// @throws Error{corrupt} naming a missing tensor, Error{shape} naming one of another shape
void load_parameters(ClassifierHead& head, const Weights& weights);

}  // namespace spencer
