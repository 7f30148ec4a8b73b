#include "train/tower.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "spencer/base/error.h"
#include "spencer/base/hash.h"
#include "spencer/nn/autocast.h"
#include "spencer/nn/exits.h"
#include "spencer/nn/safetensors.h"
#include "spencer/train/batch_plan.h"

#include "train/parallel.h"

namespace spencer {
namespace {

constexpr std::int64_t kRowMultiple = 64;  // oneDNN compiles a kernel for each number of rows

/// The number of the layer a parameter belongs to, or -1: "encoder.layer.3.output...",
/// "layers.3.mlp..." -> 3
std::int64_t layer_of(const std::string& name) {
  for (const std::string_view mark : {"encoder.layer.", "layers."}) {
    if (name.starts_with(mark)) return std::stoll(name.substr(mark.size()));
  }
  return -1;
}

bool is_embedding(const std::string& name) {
  return name.starts_with("embeddings.") || name.starts_with("embed_tokens.");
}

at::Tensor index_of(std::span<const std::size_t> positions, at::Device device) {
  std::vector<std::int64_t> values(positions.begin(), positions.end());
  return at::tensor(values, at::kLong).to(device);
}

std::vector<std::size_t> longest_first(std::span<const std::size_t> lengths) {
  std::vector<std::size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  return order;
}

}  // namespace

bool has_weights(const ModelFolder& folder) {
  return std::filesystem::exists(folder.path / "model.safetensors") ||
         std::filesystem::exists(folder.path / "model.safetensors.index.json");
}

bool use_bfloat16(Precision precision, at::Device device) {
  if (precision == Precision::automatic) return !device.is_cpu() || cpu_prefers_bfloat16();
  if (precision == Precision::bfloat16) require_bfloat16(device);
  return precision == Precision::bfloat16;
}

at::Tensor fresh_parameter(at::IntArrayRef shape, double fill, at::Device device) {
  const at::Tensor value = shape.size() > 1 ? at::normal(0, 0.02, shape, std::nullopt, at::kFloat)
                                            : at::full(shape, fill, at::kFloat);
  return value.to(device);
}

Tower::Tower(const ModelFolder& folder, const TrainOptions& options, at::Device device,
             const std::vector<int>& exits)
    : folder_(folder),
      device_(device),
      exits_(exits.empty() ? std::vector<int>{static_cast<int>(folder.layers)} : exits),
      bfloat16_(use_bfloat16(options.engine.precision, device)),
      recompute_(options.recompute) {
  EncoderConfig config = folder;
  if (options.dropout) config.hidden_dropout = config.attention_dropout = *options.dropout;
  if (options.freeze_layers > config.layers) {
    throw Error(ErrorKind::invalid_argument,
                std::to_string(options.freeze_layers) + " layers are to be frozen; " +
                    folder.path.string() + " has " + std::to_string(config.layers));
  }
  std::optional<Weights> file;
  std::string prefix;
  if (has_weights(folder)) {
    file = Weights::open(folder.path);
    prefix = encoder_prefix(*file);
  }
  at::manual_seed(options.seed);
  lanes_.push_back(make_lane(config, [&](std::size_t, const std::string& name, auto shape) {
    // The file's own bytes are mapped and read-only: what is trained is a copy.
    at::Tensor value = file ? file->tensor(prefix + name, shape)
                                  .to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true)
                            : fresh_parameter(shape, name.ends_with(".weight") ? 1 : 0, device);
    const std::int64_t layer = layer_of(name);
    frozen_.push_back((is_embedding(name) && options.freeze_embeddings) ||
                      (layer >= 0 && layer < options.freeze_layers));
    return value.set_requires_grad(!frozen_.back());
  }));
  while (lanes_.size() < lane_count(options.engine, device)) {
    lanes_.push_back(make_lane(config, [&](std::size_t i, const std::string&, auto) {
      return alias_of(lanes_.front().weights[i].second);
    }));
  }
  if (!exits.empty()) add_heads();
}

void Tower::add_heads() {
  const std::int64_t dimension = folder_.dimension();
  ExitHeads first = make_exit_heads(folder_, exits_, dimension);
  if (folder_.head_dimension > 0 && folder_.exits == exits_) {
    load_parameters(first, Weights::open_file(folder_.path / kExitHeadsFile));
  }
  first.visit([&](const std::string& name, at::Tensor& value, at::IntArrayRef) {
    value = value.to(device_, at::kFloat, /*non_blocking=*/false, /*copy=*/true)
                .set_requires_grad(true);
    lanes_.front().head_weights.emplace_back(name, value);
  });
  lanes_.front().heads = std::move(first);
  for (std::size_t lane = 1; lane < lanes_.size(); ++lane) {
    ExitHeads heads(folder_, exits_, dimension);
    heads.visit([&](const std::string& name, at::Tensor& value, at::IntArrayRef) {
      NamedTensors& own = lanes_[lane].head_weights;
      value = alias_of(head_weights()[own.size()].second);
      own.emplace_back(name, value);
    });
    lanes_[lane].heads = std::move(heads);
  }
}

Tower::Lane Tower::make_lane(const EncoderConfig& config,
                             const std::function<at::Tensor(std::size_t, const std::string&,
                                                            at::IntArrayRef)>& parameter) const {
  Lane lane{make_encoder(config), {}, {}, {}};
  lane.encoder->visit([&](const std::string& name, at::Tensor& value, at::IntArrayRef shape) {
    value = parameter(lane.weights.size(), name, shape);
    lane.weights.emplace_back(name, value);
  });
  return lane;
}

at::Tensor alias_of(const at::Tensor& parameter) {
  return parameter.detach().set_requires_grad(parameter.requires_grad());
}

void move_gradients(const NamedTensors& from, const NamedTensors& to) {
  const c10::NoGradGuard no_grad;
  for (std::size_t i = 0; i < from.size(); ++i) {
    at::Tensor& gradient = from[i].second.mutable_grad();
    if (!gradient.defined()) continue;
    at::Tensor& sum = to[i].second.mutable_grad();
    if (sum.defined()) {
      sum.add_(gradient);
    } else {
      sum = gradient;
    }
    gradient.reset();
  }
}

void Tower::gather() {
  for (std::size_t lane = 1; lane < lanes_.size(); ++lane) {
    move_gradients(lanes_[lane].weights, weights());
    move_gradients(lanes_[lane].head_weights, head_weights());
  }
}

std::string Tower::fingerprint() const {
  return has_weights(folder_) ? folder_.fingerprint()
                              : "fresh " + file_checksum(folder_.path / "config.json");
}

std::vector<TrainedParameter> Tower::parameters(const std::string& prefix) const {
  std::vector<TrainedParameter> all;
  for (std::size_t i = 0; i < weights().size(); ++i) {
    const auto& [name, value] = weights()[i];
    if (!frozen_[i]) all.push_back({prefix + name, value, value.dim() > 1});
  }
  for (const auto& [name, value] : head_weights()) {
    all.push_back({prefix + name, value, value.dim() > 1});
  }
  return all;
}

ForwardOptions Tower::training_options(std::uint64_t seed) const {
  ForwardOptions options;
  options.training = true;
  options.recompute = recompute_;
  if (device_.is_cpu()) {
    options.generator = at::detail::createCPUGenerator(seed);
  } else {
    at::manual_seed(seed);  // a device's dropout kernels draw from its own generator
  }
  return options;
}

Tower::Pass Tower::forward(std::span<const TokenSequence* const> texts,
                           const ForwardOptions& options, std::size_t lane) const {
  std::vector<SequenceView> views;
  views.reserve(texts.size());
  for (const TokenSequence* text : texts) views.push_back({text->ids, text->type_ids});
  PackedBatch batch = pack(views, config(), device_, kRowMultiple);
  const Autocast autocast(device_.type(), bfloat16_);
  std::vector<at::Tensor> states = lanes_[lane].encoder->states_at(batch, exits_, options);
  return {std::move(batch), std::move(states)};
}

at::Tensor Tower::vectors(const Pass& pass, std::size_t lane) const {
  std::vector<at::Tensor> all;
  for (std::size_t i = 0; i < exits_.size(); ++i) {
    const at::Tensor states = token_states(pass.states[i], i, lane);
    all.push_back(projected(pool(states, pass.batch, folder_.pooling), i, lane));
  }
  return at::stack(all, 1);
}

at::Tensor Tower::token_states(const at::Tensor& hidden, std::size_t exit, std::size_t lane) const {
  const at::Tensor state = hidden.to(at::kFloat);
  const auto& heads = lanes_[lane].heads;
  return heads ? heads->normed(state, exits_[exit]) : state;
}

at::Tensor Tower::projected(const at::Tensor& states, std::size_t exit, std::size_t lane) const {
  const auto& heads = lanes_[lane].heads;
  return heads ? heads->project(states, exits_[exit]) : states;
}

const at::Tensor& Tower::word_embeddings(std::size_t lane) const {
  const NamedTensors& all = lanes_[lane].weights;
  const auto found = std::find_if(all.begin(), all.end(), [](const auto& weight) {
    return weight.first == "embeddings.word_embeddings.weight" ||
           weight.first == "embed_tokens.weight";
  });
  if (found == all.end()) throw Error(ErrorKind::internal, "an encoder without embeddings");
  return found->second;
}

EncodedTexts::EncodedTexts(Tower& tower, std::vector<const TokenSequence*> texts,
                           std::int64_t per_pass, std::uint64_t seed)
    : tower_(tower),
      texts_(std::move(texts)),
      order_(by_length(texts_, tower.device())),
      seed_(seed) {
  cut(per_pass);
  const bool again = ends_.size() > tower.lanes();
  std::vector<at::Tensor> parts(ends_.size());
  in_shares(parts.size(), tower.lanes(), [&](std::size_t i, std::size_t lane) {
    const c10::AutoGradMode gradients(!again);
    parts[i] = pass(i, lane);
  });
  vectors_ = at::cat(parts).detach().index_select(0, order_.back).requires_grad_();
  if (!again) graphs_ = std::move(parts);
}

void EncodedTexts::cut(std::int64_t per_pass) {
  const std::size_t count = texts_.size();
  if (per_pass > 0 && static_cast<std::size_t>(per_pass) < count) {
    const auto step = static_cast<std::size_t>(per_pass);
    for (std::size_t end = step; end < count; end += step) ends_.push_back(end);
  } else {  // a share of about equally many tokens for every lane
    std::size_t total = 0, used = 0;
    for (const TokenSequence* text : texts_) total += text->ids.size();
    for (std::size_t i = 0; i + 1 < count; ++i) {
      used += texts_[order_.order[i]]->ids.size();
      if (used * tower_.lanes() >= total * (ends_.size() + 1)) ends_.push_back(i + 1);
    }
  }
  ends_.push_back(count);
}

at::Tensor EncodedTexts::pass(std::size_t index, std::size_t lane) const {
  std::vector<const TokenSequence*> texts;
  for (std::size_t i = index == 0 ? 0 : ends_[index - 1]; i < ends_[index]; ++i) {
    texts.push_back(texts_[order_.order[i]]);
  }
  const Tower::Pass pass = tower_.forward(texts, tower_.training_options(mix(seed_, index)), lane);
  return tower_.vectors(pass, lane);
}

void EncodedTexts::backward() {
  const at::Tensor sorted =
      vectors_.grad().index_select(0, index_of(order_.order, tower_.device()));
  in_shares(ends_.size(), tower_.lanes(), [&](std::size_t i, std::size_t lane) {
    const auto first = static_cast<std::int64_t>(i == 0 ? 0 : ends_[i - 1]);
    const at::Tensor gradient = sorted.slice(0, first, static_cast<std::int64_t>(ends_[i]));
    const at::Tensor vectors = graphs_.empty() ? pass(i, lane) : graphs_[i];
    torch::autograd::backward({vectors}, {gradient});
  });
  graphs_.clear();
  tower_.gather();
}

LengthOrder by_length(std::span<const TokenSequence* const> texts, at::Device device) {
  std::vector<std::size_t> lengths;
  for (const TokenSequence* text : texts) lengths.push_back(text->ids.size());
  LengthOrder result{longest_first(lengths), {}};
  std::vector<std::size_t> rank(texts.size());
  for (std::size_t i = 0; i < rank.size(); ++i) rank[result.order[i]] = i;
  result.back = index_of(rank, device);
  return result;
}

std::vector<std::vector<std::size_t>> groups_of(std::span<const TokenSequence> texts,
                                                std::int64_t tokens) {
  std::vector<std::size_t> lengths;
  for (const TokenSequence& text : texts) lengths.push_back(text.ids.size());
  std::vector<std::vector<std::size_t>> groups;
  auto used = static_cast<std::size_t>(tokens);
  for (const std::size_t place : longest_first(lengths)) {
    if (groups.empty() || used + lengths[place] > static_cast<std::size_t>(tokens)) {
      groups.emplace_back();
      used = 0;
    }
    groups.back().push_back(place);
    used += lengths[place];
  }
  return groups;
}

std::string weighted_exits(const std::vector<int>& exits, const std::vector<double>& weights) {
  std::string text;
  for (std::size_t i = 0; i < exits.size(); ++i) {
    text += std::to_string(exits[i]) + " by " + std::to_string(weights[i]) + " ";
  }
  return text;
}

at::Tensor encode(const Tower& tower, std::span<const TokenSequence> texts) {
  const auto exits = static_cast<std::int64_t>(tower.exits().size());
  at::Tensor vectors = at::empty(
      {exits, static_cast<std::int64_t>(texts.size()), tower.folder().dimension()}, at::kFloat);
  const std::int64_t tokens = tower.device().is_cpu() ? kCpuTokens : kDeviceTokens;
  const auto groups = groups_of(texts, tokens);
  in_shares(groups.size(), tower.lanes(), [&](std::size_t i, std::size_t lane) {
    const c10::NoGradGuard no_grad;
    std::vector<const TokenSequence*> group;
    for (const std::size_t place : groups[i]) group.push_back(&texts[place]);
    const Tower::Pass pass = tower.forward(group, {}, lane);
    const at::Tensor rows = tower.vectors(pass, lane).cpu();  // [group, exits, D]
    for (std::int64_t exit = 0; exit < exits; ++exit) {
      const at::Tensor unit = normalize_rows(rows.select(1, exit));
      for (std::size_t row = 0; row < groups[i].size(); ++row) {
        vectors[exit][static_cast<std::int64_t>(groups[i][row])].copy_(
            unit[static_cast<std::int64_t>(row)]);
      }
    }
  });
  return vectors;
}

}  // namespace spencer
