#include "spencer/nn/layers.h"

#include <cmath>
#include <limits>

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
                                    const Dropout& dropout) const {
  if (is_packed()) return packed_linear_added(x, packed_weight_, packed_bias_, around);
  return dropout(at::linear(x, weight, bias)) + around;
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

at::Tensor Dropout::operator()(const at::Tensor& x) const {
  if (probability == 0) return x;
  if (!generator) return at::dropout(x, probability, /*train=*/true);
  // Four 16-bit numbers out of each 64-bit draw: a draw per element would cost a tenth of a step.
  const std::int64_t draws = (x.numel() + 3) / 4;
  const at::Tensor random =
      at::empty({draws}, x.options().dtype(at::kLong))
          .random_(std::numeric_limits<std::int64_t>::min(), std::nullopt, generator)
          .view(at::kShort)
          .narrow(0, 0, x.numel())
          .view(x.sizes());
  const std::int64_t threshold = std::llround(probability * 65536) - 32768;
  const double kept = 1 - static_cast<double>(threshold + 32768) / 65536;
  return x * (random >= threshold).to(x.scalar_type()).div_(kept);
}

namespace {

constexpr std::int64_t kShortSequence = 128;

/// @param query [sequences, heads, L, d]  @param key, value [sequences, k, L, d]
/// @param mask [sequences, heads, L, L], or none
at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const std::optional<at::Tensor>& mask, const Dropout& dropout) {
  // The backward pass of the CPU's fused kernel is slow on short sequences.
  const bool short_backward =
      query.requires_grad() && query.is_cpu() && query.size(2) <= kShortSequence;
  const bool random = dropout.probability > 0 && dropout.generator;
  if (!random && !short_backward) {
    return at::scaled_dot_product_attention(query, key, value, mask, dropout.probability,
                                            /*is_causal=*/false, /*scale=*/std::nullopt,
                                            /*enable_gqa=*/query.size(1) != key.size(1));
  }
  const std::int64_t shared = query.size(1) / key.size(1);
  const auto repeated = [&](const at::Tensor& x) {
    return shared == 1 ? x : x.repeat_interleave(shared, 1);
  };
  const double scale = 1 / std::sqrt(static_cast<double>(query.size(3)));
  at::Tensor scores = at::matmul(query * scale, repeated(key).transpose(2, 3));
  if (mask) scores = scores + *mask;
  return at::matmul(dropout(at::softmax(scores, -1)), repeated(value));
}

/// The rows of each run. All at once, for the gradient of a narrowed tensor is as large as the
/// whole, and there would be one to add up for every length.
std::vector<at::Tensor> rows_of_runs(const at::Tensor& x, const PackedBatch& batch) {
  std::vector<std::int64_t> sizes;
  for (const SequenceRun& run : batch.runs) sizes.push_back(run.count * run.length);
  if (batch.padding > 0) sizes.push_back(batch.padding);
  std::vector<at::Tensor> rows = at::split_with_sizes(x, sizes);
  rows.resize(batch.runs.size());
  return rows;
}

}  // namespace

at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                  const at::Tensor& bias, std::int64_t heads, const PackedBatch& batch,
                  const Dropout& dropout) {
  const std::int64_t width = query.size(1);
  const std::int64_t head_size = width / heads;
  const auto queries = rows_of_runs(query, batch), keys = rows_of_runs(key, batch),
             values = rows_of_runs(value, batch);
  std::vector<at::Tensor> contexts;
  contexts.reserve(batch.runs.size());
  for (std::size_t i = 0; i < batch.runs.size(); ++i) {
    const SequenceRun& run = batch.runs[i];
    const auto split = [&](const at::Tensor& rows) {
      return rows.view({run.count, run.length, -1, head_size}).transpose(1, 2);
    };
    std::optional<at::Tensor> mask;
    if (bias.defined()) {
      mask = bias.narrow(1, 0, run.length)
                 .narrow(2, 0, run.length)
                 .unsqueeze(0)
                 .expand({run.count, heads, run.length, run.length});
    }
    const at::Tensor context =
        attention(split(queries[i]), split(keys[i]), split(values[i]), mask, dropout);
    contexts.push_back(context.transpose(1, 2).reshape({run.count * run.length, width}));
  }
  if (batch.padding > 0) contexts.push_back(query.new_zeros({batch.padding, width}));
  return contexts.size() == 1 ? contexts.front() : at::cat(contexts);
}

at::Tensor pool(const at::Tensor& hidden, const PackedBatch& batch, Pooling pooling) {
  if (pooling == Pooling::cls) return hidden.index_select(0, batch.starts);
  const auto rows = rows_of_runs(hidden, batch);
  std::vector<at::Tensor> means;
  means.reserve(batch.runs.size());
  for (std::size_t i = 0; i < batch.runs.size(); ++i) {
    const SequenceRun& run = batch.runs[i];
    means.push_back(rows[i].view({run.count, run.length, hidden.size(1)}).mean(1));
  }
  return means.size() == 1 ? means.front() : at::cat(means);
}

at::Tensor normalize_rows(const at::Tensor& x) {
  return x / x.norm(2, {1}, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace spencer
