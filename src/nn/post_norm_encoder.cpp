#include "nn/post_norm_encoder.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace spencer {
namespace {

constexpr std::int64_t kMaxDistance = 128;  // MPNet's, beyond which all distances share a bucket

/// MPNet's bucket of every pair of positions (T5's bidirectional scheme). int64 [length, length]
at::Tensor relative_buckets(std::int64_t length, std::int64_t buckets, at::Device device) {
  const at::Tensor position = at::arange(length, at::TensorOptions(at::kLong).device(device));
  const at::Tensor distance = position.unsqueeze(1) - position.unsqueeze(0);
  const std::int64_t half = buckets / 2;
  const std::int64_t exact = half / 2;
  const at::Tensor magnitude = distance.abs();
  const double scale = std::log(static_cast<double>(kMaxDistance) / static_cast<double>(exact));
  const at::Tensor far =
      (exact + ((magnitude.to(at::kFloat) / exact).log() / scale * (half - exact)).to(at::kLong))
          .clamp_max(half - 1);
  return (distance < 0).to(at::kLong) * half + at::where(magnitude < exact, magnitude, far);
}

}  // namespace

PostNormEncoder::PostNormEncoder(const EncoderConfig& config)
    : Encoder(config), layers_(static_cast<std::size_t>(config.layers)) {}

void PostNormEncoder::visit(const ParameterVisitor& visitor) {
  const EncoderConfig& c = config();
  visitor("embeddings.word_embeddings.weight", words_, {c.vocabulary_size, c.hidden_size});
  visitor("embeddings.position_embeddings.weight", positions_, {c.max_positions, c.hidden_size});
  if (c.type_vocabulary_size > 0) {
    visitor("embeddings.token_type_embeddings.weight", types_,
            {c.type_vocabulary_size, c.hidden_size});
  }
  embedding_norm_.visit("embeddings.LayerNorm", c.hidden_size, visitor);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    visit_layer(layers_[i], "encoder.layer." + std::to_string(i) + ".", visitor);
  }
  if (c.family == Family::mpnet) {
    visitor("encoder.relative_attention_bias.weight", relative_bias_,
            {c.relative_buckets, c.heads});
  }
}

void PostNormEncoder::visit_layer(Layer& layer, const std::string& name,
                                  const ParameterVisitor& visitor) {
  const std::int64_t hidden = config().hidden_size;
  const bool mpnet = config().family == Family::mpnet;
  const auto attention = [&](Linear& linear, const char* mpnet_name, const char* bert_name) {
    linear.visit(name + "attention." + (mpnet ? mpnet_name : bert_name), hidden, hidden, visitor);
  };
  attention(layer.query, "attn.q", "self.query");
  attention(layer.key, "attn.k", "self.key");
  attention(layer.value, "attn.v", "self.value");
  attention(layer.attention_output, "attn.o", "output.dense");
  layer.attention_norm.visit(name + (mpnet ? "attention.LayerNorm" : "attention.output.LayerNorm"),
                             hidden, visitor);
  layer.intermediate.visit(name + "intermediate.dense", hidden, config().intermediate_size,
                           visitor);
  layer.output.visit(name + "output.dense", config().intermediate_size, hidden, visitor);
  layer.output_norm.visit(name + "output.LayerNorm", hidden, visitor);
}

at::Tensor PostNormEncoder::embed(const PackedBatch& batch, const ForwardOptions& options) const {
  at::Tensor sum = at::embedding(words_, batch.ids) + at::embedding(positions_, batch.positions);
  if (types_.defined()) sum = sum + at::embedding(types_, batch.types);
  const at::Tensor normed = embedding_norm_.forward(sum, config().layer_norm_eps);
  return to_packed_type(options.dropout(config().hidden_dropout)(normed));
}

at::Tensor PostNormEncoder::position_terms(const PackedBatch& batch) const {
  if (!relative_bias_.defined()) return {};
  std::int64_t longest = 0;
  for (const SequenceRun& run : batch.runs) longest = std::max(longest, run.length);
  const at::Tensor buckets =
      relative_buckets(longest, config().relative_buckets, relative_bias_.device());
  const at::Tensor bias = at::embedding(relative_bias_, buckets).permute({2, 0, 1});
  return to_packed_type(bias.contiguous());
}

at::Tensor PostNormEncoder::self_attention(const Layer& layer, const at::Tensor& hidden,
                                           const at::Tensor& bias, const PackedBatch& batch,
                                           const ForwardOptions& options) const {
  const std::int64_t heads = config().heads;
  if (layer.query_key_value.is_packed()) {
    const auto parts = layer.query_key_value.forward(hidden).chunk(3, 1);
    return attend(parts[0], parts[1], parts[2], bias, heads, batch, {});
  }
  return attend(layer.query.forward(hidden), layer.key.forward(hidden), layer.value.forward(hidden),
                bias, heads, batch, options.dropout(config().attention_dropout));
}

at::Tensor PostNormEncoder::layer(std::size_t index, const at::Tensor& hidden,
                                  const at::Tensor& bias, const PackedBatch& batch,
                                  const ForwardOptions& options) const {
  const double eps = config().layer_norm_eps;
  const Dropout dropout = options.dropout(config().hidden_dropout);
  const Layer& l = layers_[index];
  const at::Tensor context = self_attention(l, hidden, bias, batch, options);
  const at::Tensor attended =
      l.attention_norm.forward(l.attention_output.forward_residual(context, hidden, dropout), eps);
  const at::Tensor inner = l.intermediate.forward_activated(attended, config().activation);
  return l.output_norm.forward(l.output.forward_residual(inner, attended, dropout), eps);
}

void PostNormEncoder::pack_layers(at::ScalarType type) {
  for (Layer& layer : layers_) {
    layer.query_key_value = concatenate({&layer.query, &layer.key, &layer.value});
    layer.query = layer.key = layer.value = {};
    for (Linear* linear :
         {&layer.query_key_value, &layer.attention_output, &layer.intermediate, &layer.output}) {
      linear->pack(type);
    }
  }
}

}  // namespace spencer
