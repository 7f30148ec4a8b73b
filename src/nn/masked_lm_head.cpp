#include "spencer/nn/masked_lm_head.h"

#include <ATen/ATen.h>

namespace spencer {

MaskedLmHead::MaskedLmHead(const EncoderConfig& config) : config_(config) {
  // RobertaLMHead and MPNetLMHead have gelu whatever the configuration says.
  if (config.family == Family::roberta || config.family == Family::mpnet) {
    config_.activation = "gelu";
  }
}

void MaskedLmHead::visit(const ParameterVisitor& visitor) {
  const bool bert = config_.family == Family::bert;
  const std::string head = bert ? "cls.predictions." : "lm_head.";
  const std::string layers = bert ? head + "transform." : head;
  dense_.visit(layers + "dense", config_.hidden_size, config_.hidden_size, visitor);
  norm_.visit(layers + (bert ? "LayerNorm" : "layer_norm"), config_.hidden_size, visitor);
  visitor(head + "bias", bias_, {config_.vocabulary_size});
}

at::Tensor MaskedLmHead::forward(const at::Tensor& states, const at::Tensor& embeddings) const {
  const at::Tensor dense = dense_.forward_activated(states, config_.activation);
  return at::linear(norm_.forward(dense, config_.layer_norm_eps), embeddings, bias_);
}

}  // namespace spencer
