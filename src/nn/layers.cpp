#include "spencer/nn/layers.h"

#include <ATen/ATen.h>

#include "spencer/base/error.h"

#include "nn/packed_linear.h"

namespace spencer {

void Linear::visit(const std::string& name, std::int64_t in, std::int64_t out,
                   const ParameterVisitor& visitor, bool with_bias) {
  visitor(name + ".weight", weight, {out, in});
  if (with_bias) visitor(name + ".bias", bias, {out});
}

at::Tensor Linear::forward(const at::Tensor& x) const {
  return is_packed() ? packed_linear(x, packed_weight_, packed_bias_) : at::linear(x, weight, bias);
}

at::Tensor Linear::forward_activated(const at::Tensor& x, const std::string& activation) const {
  return is_packed() ? packed_linear_activated(x, packed_weight_, packed_bias_, activation)
                     : activate(at::linear(x, weight, bias), activation);
}

at::Tensor Linear::forward_residual(const at::Tensor& x, const at::Tensor& around,
                                    double dropout) const {
  if (is_packed()) return packed_linear_added(x, packed_weight_, packed_bias_, around);
  const at::Tensor sum = at::linear(x, weight, bias);
  return (dropout > 0 ? at::dropout(sum, dropout, true) : sum) + around;
}

void Linear::pack(at::ScalarType type) {
  packed_weight_ = pack_weight(weight.to(type));
  if (bias.defined()) packed_bias_ = bias.to(type);
  weight.reset();
  bias.reset();
}

Linear concatenate(at::ArrayRef<const Linear*> layers) {
  std::vector<at::Tensor> weights, biases;
  for (const Linear* layer : layers) {
    weights.push_back(layer->weight);
    if (layer->bias.defined()) biases.push_back(layer->bias);
  }
  Linear all;
  all.weight = at::cat(weights);
  if (!biases.empty()) all.bias = at::cat(biases);
  return all;
}

void LayerNorm::visit(const std::string& name, std::int64_t width,
                      const ParameterVisitor& visitor) {
  visitor(name + ".weight", weight, {width});
  visitor(name + ".bias", bias, {width});
}

at::Tensor LayerNorm::forward(const at::Tensor& x, double eps) const {
  return at::layer_norm(x, {x.size(-1)}, weight, bias, eps);
}

at::Tensor activate(const at::Tensor& x, const std::string& name) {
  if (name == "gelu") return at::gelu(x);
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return at::gelu(x, "tanh");
  if (name == "relu") return at::relu(x);
  throw Error(ErrorKind::unsupported, "activation '" + name +
                                          "' is not known; gelu, gelu_new, gelu_pytorch_tanh and "
                                          "relu are");
}

at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const at::Tensor& bias, std::int64_t heads, const PackedBatch& batch,
                  double dropout) {
  const std::int64_t width = query.size(1);
  const std::int64_t head_size = width / heads;
  const bool grouped = key.size(1) != width;
  std::vector<at::Tensor> contexts;
  contexts.reserve(batch.runs.size());
  for (const SequenceRun& run : batch.runs) {
    const std::int64_t tokens = run.count * run.length;
    const auto split = [&](const at::Tensor& x) {
      return x.narrow(0, run.first_token, tokens)
          .view({run.count, run.length, -1, head_size})
          .transpose(1, 2);
    };
    std::optional<at::Tensor> mask;
    if (bias.defined()) {
      mask = bias.narrow(1, 0, run.length)
                 .narrow(2, 0, run.length)
                 .unsqueeze(0)
                 .expand({run.count, heads, run.length, run.length});
    }
    const at::Tensor context =
        at::scaled_dot_product_attention(split(query), split(key), split(value), mask, dropout,
                                         /*is_causal=*/false, /*scale=*/std::nullopt, grouped);
    contexts.push_back(context.transpose(1, 2).reshape({tokens, width}));
  }
  if (batch.padding > 0) contexts.push_back(query.new_zeros({batch.padding, width}));
  return contexts.size() == 1 ? contexts.front() : at::cat(contexts);
}

at::Tensor pool(const at::Tensor& hidden, const PackedBatch& batch, Pooling pooling) {
  if (pooling == Pooling::cls) return hidden.index_select(0, batch.starts);
  std::vector<at::Tensor> means;
  means.reserve(batch.runs.size());
  for (const SequenceRun& run : batch.runs) {
    means.push_back(hidden.narrow(0, run.first_token, run.count * run.length)
                        .view({run.count, run.length, hidden.size(1)})
                        .mean(1));
  }
  return means.size() == 1 ? means.front() : at::cat(means);
}

at::Tensor normalize_rows(const at::Tensor& x) {
  return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace spencer
