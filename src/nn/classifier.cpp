#include "spencer/nn/classifier.h"

#include <ATen/ATen.h>

#include "spencer/base/error.h"

namespace spencer {

ClassifierHead::ClassifierHead(const EncoderConfig& config) : config_(config) {
  if (config.labels <= 0) {
    throw Error(ErrorKind::invalid_argument, "a classification head needs at least one label");
  }
  if (config.family == Family::starcoder2) {
    throw Error(ErrorKind::unsupported,
                "cross-encoders of the starcoder2 family are not read; bert, roberta and mpnet "
                "ones are");
  }
}

void ClassifierHead::visit(const ParameterVisitor& visitor) {
  const bool bert = config_.family == Family::bert;
  dense_.visit(bert ? "bert.pooler.dense" : "classifier.dense", config_.hidden_size,
               config_.hidden_size, visitor);
  output_.visit(bert ? "classifier" : "classifier.out_proj", config_.hidden_size, config_.labels,
                visitor);
}

at::Tensor ClassifierHead::forward(const at::Tensor& hidden, const PackedBatch& batch,
                                   const ForwardOptions& options) const {
  const Dropout drop = options.dropout(config_.hidden_dropout);
  const at::Tensor first = pool(hidden, batch, Pooling::cls);
  // BERT drops out after its pooler alone, the others before their dense layer too.
  const at::Tensor input = config_.family == Family::bert ? first : drop(first);
  return output_.forward(drop(at::tanh(dense_.forward(input))));
}

void load_parameters(ClassifierHead& head, const Weights& weights) {
  constexpr std::string_view prefix = "bert.";
  head.visit([&](const std::string& name, at::Tensor& parameter, at::IntArrayRef shape) {
    const bool bare = name.starts_with(prefix) && !weights.contains(name);
    parameter = weights.tensor(bare ? name.substr(prefix.size()) : name, shape).to(at::kFloat);
  });
}

}  // namespace spencer
