#include "nn/pre_norm_encoder.h"

#include <ATen/ATen.h>

#include "spencer/base/error.h"

#include "nn/rotary.h"

namespace spencer {
namespace {

void check(const EncoderConfig& config) {
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::invalid_argument, "the encoder's " + what);
  };
  if (config.key_value_heads <= 0 || config.heads % config.key_value_heads != 0) {
    refuse(std::to_string(config.heads) + " heads cannot share " +
           std::to_string(config.key_value_heads) + " key-value heads");
  }
  if (const std::int64_t size = config.hidden_size / config.heads; size % 2 != 0) {
    refuse("heads have " + std::to_string(size) + " numbers each; rotary positions need pairs");
  }
  if (!(config.rope_theta > 0)) refuse("rope_theta must be positive");
}

}  // namespace

PreNormEncoder::PreNormEncoder(const EncoderConfig& config)
    : Encoder(config), layers_(static_cast<std::size_t>(config.layers)) {
  check(config);
}

void PreNormEncoder::visit(const ParameterVisitor& visitor) {
  const EncoderConfig& c = config();
  visitor("embed_tokens.weight", words_, {c.vocabulary_size, c.hidden_size});
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    visit_layer(layers_[i], "layers." + std::to_string(i) + ".", visitor);
  }
  if (c.final_norm) norm_.visit("norm", c.hidden_size, visitor);
}

void PreNormEncoder::visit_layer(Layer& layer, const std::string& name,
                                 const ParameterVisitor& visitor) {
  const std::int64_t hidden = config().hidden_size;
  const std::int64_t grouped = config().key_value_heads * head_size();
  const auto visit_linear = [&](Linear& linear, const char* part, std::int64_t in,
                                std::int64_t out) {
    linear.visit(name + part, in, out, visitor, config().linear_bias);
  };
  layer.attention_norm.visit(name + "input_layernorm", hidden, visitor);
  visit_linear(layer.query, "self_attn.q_proj", hidden, hidden);
  visit_linear(layer.key, "self_attn.k_proj", hidden, grouped);
  visit_linear(layer.value, "self_attn.v_proj", hidden, grouped);
  visit_linear(layer.attention_output, "self_attn.o_proj", hidden, hidden);
  layer.output_norm.visit(name + "post_attention_layernorm", hidden, visitor);
  visit_linear(layer.intermediate, "mlp.c_fc", hidden, config().intermediate_size);
  visit_linear(layer.output, "mlp.c_proj", config().intermediate_size, hidden);
}

at::Tensor PreNormEncoder::embed(const PackedBatch& batch, const ForwardOptions& options) const {
  const at::Tensor words = at::embedding(words_, batch.ids);
  return to_packed_type(options.dropout(config().embedding_dropout)(words));
}

at::Tensor PreNormEncoder::position_terms(const PackedBatch& batch) const {
  return rotary_terms(batch.positions, head_size(), config().rope_theta);
}

at::Tensor PreNormEncoder::self_attention(const Layer& layer, const at::Tensor& x,
                                          const at::Tensor& rotary, const PackedBatch& batch,
                                          const ForwardOptions& options) const {
  const std::int64_t width = config().hidden_size;
  const std::int64_t grouped = config().key_value_heads * head_size();
  const at::Tensor all =
      layer.query_key_value.is_packed()
          ? layer.query_key_value.forward(x)
          : at::cat({layer.query.forward(x), layer.key.forward(x), layer.value.forward(x)}, 1);
  const auto parts = at::split_with_sizes(all, {width + grouped, grouped}, 1);
  const auto turned = at::split_with_sizes(rotate(parts[0], rotary), {width, grouped}, 1);
  return attend(turned[0], turned[1], parts[1], /*bias=*/{}, config().heads, batch,
                options.dropout(config().attention_dropout));
}

at::Tensor PreNormEncoder::layer(std::size_t index, const at::Tensor& hidden,
                                 const at::Tensor& rotary, const PackedBatch& batch,
                                 const ForwardOptions& options) const {
  const double eps = config().layer_norm_eps;
  const Dropout dropout = options.dropout(config().hidden_dropout);
  const Layer& l = layers_[index];
  const at::Tensor context =
      self_attention(l, l.attention_norm.forward(hidden, eps), rotary, batch, options);
  const at::Tensor attended = l.attention_output.forward_residual(context, hidden, dropout);
  const at::Tensor inner =
      l.intermediate.forward_activated(l.output_norm.forward(attended, eps), config().activation);
  return l.output.forward_residual(inner, attended, dropout);
}

at::Tensor PreNormEncoder::finish(const at::Tensor& hidden) const {
  return config().final_norm ? norm_.forward(hidden, config().layer_norm_eps) : hidden;
}

void PreNormEncoder::pack_layers(at::ScalarType type) {
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
