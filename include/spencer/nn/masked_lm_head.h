// What turns hidden states into predictions of words: the head of masked language modelling.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "spencer/nn/encoder_config.h"
#include "spencer/nn/layers.h"

namespace spencer {

/// A dense layer, the activation, a norm, and the table of word embeddings as the decoder (tied),
/// with a bias: transformers' BertForMaskedLM, RobertaForMaskedLM and MPNetForMaskedLM. StarCoder-2
/// has none there; it gets RoBERTa's, with its own activation.
class MaskedLmHead {
 public:
  /// Parameters are undefined; `visit` sets them.
  explicit MaskedLmHead(const EncoderConfig& config);

  /// Visits the parameters by their full Hugging Face names: `cls.predictions.*` in BERT,
  /// `lm_head.*` in the other families.
  void visit(const ParameterVisitor& visitor);

  /// @param states [M, H]  @param embeddings of words, [V, H]  @return logits [M, V]
  at::Tensor forward(const at::Tensor& states, const at::Tensor& embeddings) const;

 private:
  EncoderConfig config_;
  Linear dense_;
  LayerNorm norm_;
  at::Tensor bias_;
};

}  // namespace spencer
