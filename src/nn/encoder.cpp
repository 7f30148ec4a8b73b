#include "spencer/nn/encoder.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "spencer/base/error.h"

#include "nn/post_norm_encoder.h"
#include "nn/pre_norm_encoder.h"
#include "nn/recompute.h"

namespace spencer {
namespace {

void check_positive(std::int64_t value, const char* name) {
  if (value <= 0) {
    throw Error(ErrorKind::invalid_argument, std::string("the encoder's ") + name + " is " +
                                                 std::to_string(value) + "; it must be positive");
  }
}

}  // namespace

void Encoder::pack(at::ScalarType type) {
  packed_type_ = type;
  pack_layers(type);
}

at::Tensor Encoder::to_packed_type(const at::Tensor& x) const {
  return packed_type_ ? x.to(*packed_type_) : x;
}

std::int64_t Encoder::depth(const ForwardOptions& options) const {
  if (options.exit_layer < 0 || options.exit_layer > config_.layers) {
    throw Error(ErrorKind::invalid_argument, "exit layer " + std::to_string(options.exit_layer) +
                                                 " is not one of 1 to " +
                                                 std::to_string(config_.layers));
  }
  return options.exit_layer == 0 ? config_.layers : options.exit_layer;
}

at::Tensor Encoder::step(std::int64_t index, const at::Tensor& hidden, const at::Tensor& positions,
                         const PackedBatch& batch, const ForwardOptions& options) const {
  const at::Tensor next = layer(static_cast<std::size_t>(index), hidden, positions, batch, options);
  return index + 1 == config_.layers ? finish(next) : next;
}

at::Tensor Encoder::forward(const PackedBatch& batch, const ForwardOptions& options) const {
  const int last = static_cast<int>(depth(options));
  return states_at(batch, {&last, 1}, options).front();
}

std::vector<at::Tensor> Encoder::states_at(const PackedBatch& batch, std::span<const int> exits,
                                           const ForwardOptions& options) const {
  std::vector<at::Tensor> states;
  at::Tensor hidden = embed(batch, options);
  const at::Tensor positions = position_terms(batch);
  const bool recompute = options.recompute && c10::GradMode::is_enabled();
  const auto kept = recompute ? std::make_shared<const PackedBatch>(batch) : nullptr;
  for (std::int64_t i = 0; i < exits.back(); ++i) {
    if (recompute) {
      const auto run = [=, this](const at::Tensor& x, const at::Tensor& terms) {
        return step(i, x, terms, *kept, options);
      };
      hidden = recomputed(hidden, positions, options.generator, run);
    } else {
      hidden = step(i, hidden, positions, batch, options);
    }
    if (i + 1 == exits[states.size()]) states.push_back(hidden);
  }
  return states;
}

std::vector<at::Tensor> Encoder::hidden_states(const PackedBatch& batch,
                                               const ForwardOptions& options) const {
  std::vector<at::Tensor> states{embed(batch, options)};
  const at::Tensor positions = position_terms(batch);
  const std::int64_t layers = depth(options);
  for (std::int64_t i = 0; i < layers; ++i) {
    states.push_back(step(i, states.back(), positions, batch, options));
  }
  return states;
}

std::unique_ptr<Encoder> make_encoder(const EncoderConfig& config) {
  check_positive(config.vocabulary_size, "vocabulary size");
  check_positive(config.hidden_size, "hidden size");
  check_positive(config.layers, "number of layers");
  check_positive(config.heads, "number of heads");
  check_positive(config.intermediate_size, "intermediate size");
  check_positive(config.position_limit(), "number of positions");
  if (config.hidden_size % config.heads != 0) {
    throw Error(ErrorKind::invalid_argument,
                "the encoder's hidden size " + std::to_string(config.hidden_size) +
                    " is no multiple of its " + std::to_string(config.heads) + " heads");
  }
  if (config.family == Family::mpnet) check_positive(config.relative_buckets, "relative buckets");
  if (config.pre_norm()) return std::make_unique<PreNormEncoder>(config);
  return std::make_unique<PostNormEncoder>(config);
}

std::string encoder_prefix(const Weights& weights) {
  for (const char* prefix : {"", "bert.", "roberta.", "mpnet."}) {
    if (weights.contains(std::string(prefix) + "embeddings.word_embeddings.weight")) return prefix;
  }
  for (const char* prefix : {"", "model."}) {
    if (weights.contains(std::string(prefix) + "embed_tokens.weight")) return prefix;
  }
  throw Error(ErrorKind::corrupt,
              "the weights hold no encoder: there is neither a tensor "
              "'embeddings.word_embeddings.weight', with or without 'bert.', 'roberta.' or "
              "'mpnet.' before it, nor 'embed_tokens.weight', with or without 'model.'");
}

void load_parameters(Encoder& encoder, const Weights& weights) {
  const std::string prefix = encoder_prefix(weights);
  encoder.visit([&](const std::string& name, at::Tensor& parameter, at::IntArrayRef shape) {
    parameter = weights.tensor(prefix + name, shape).to(at::kFloat);
  });
}

}  // namespace spencer
