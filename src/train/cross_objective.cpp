#include "train/cross_objective.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "spencer/base/error.h"
#include "spencer/model/dual_encoder.h"
#include "spencer/model/encode_blocks.h"
#include "spencer/nn/safetensors.h"
#include "spencer/train/batch_plan.h"
#include "spencer/train/loss.h"
#include "spencer/train/negatives.h"

#include "train/model_writer.h"
#include "train/parallel.h"

namespace spencer {
namespace fs = std::filesystem;
CrossObjective::CrossObjective(const CrossOptions& options, const PairSet& pairs,
                               CrossValidator validate, const TrainHooks& hooks, at::Device device)
    : options_(options), pairs_(pairs), validate_(std::move(validate)), hooks_(hooks) {
  if (pairs.codes().size() < 2) {
    throw Error(ErrorKind::invalid_argument,
                "all pairs have the same code; there is no wrong answer to learn from");
  }
  const ModelFolder folder = ModelFolder::open(options.model, WeightFiles::optional);
  options_.length =
      options.length == 0 ? folder.max_length : std::min(options.length, folder.position_limit());
  tokenizer_ = Tokenizer::load(options.model);
  tower_ = std::make_unique<Tower>(folder, options, device);
  make_heads(options.seed);
  plan_ = std::make_unique<BatchPlan>(pairs, options.batch_size, options.seed, /*distinct=*/false);
  if (!options.random_negatives) mine();
}

CrossObjective::~CrossObjective() = default;

void CrossObjective::make_heads(std::uint64_t seed) {
  const ModelFolder& folder = tower_->folder();
  EncoderConfig config = tower_->config();
  config.labels = 1;
  at::manual_seed(mix(seed, 1));
  for (std::size_t lane = 0; lane < tower_->lanes(); ++lane) {
    Head head{ClassifierHead(config), {}};
    if (lane == 0 && has_weights(folder) && folder.labels == 1) {
      load_parameters(head.layers, Weights::open(folder.path));
    }
    head.layers.visit([&](const std::string& name, at::Tensor& value, at::IntArrayRef shape) {
      if (lane > 0) {
        value = alias_of(heads_.front().weights[head.weights.size()].second);
      } else if (value.defined()) {
        value = value.to(tower_->device(), at::kFloat, /*non_blocking=*/false, /*copy=*/true)
                    .set_requires_grad(true);
      } else {
        value = fresh_parameter(shape, 0, tower_->device()).set_requires_grad(true);
      }
      head.weights.emplace_back(name, value);
    });
    heads_.push_back(std::move(head));
  }
}

void CrossObjective::mine() {
  const auto dual = DualEncoder::open(options_.dual, options_.engine);
  const auto vectors = [&](const std::vector<std::string>& texts, const EncodeTexts& encode,
                           const char* stage) {
    const std::vector<float> rows =
        encode_blocks(texts, dual->dimension(), encode, stage, hooks_.progress, hooks_.stop);
    return at::tensor(rows).view({-1, dual->dimension()}).to(tower_->device());
  };
  const at::Tensor queries = vectors(
      pairs_.queries(), [&](auto texts, auto out) { dual->encode_queries(texts, out); },
      "encode queries");
  const at::Tensor codes = vectors(
      pairs_.codes(), [&](auto texts, auto out) { dual->encode_codes(texts, out); },
      "encode codes");
  mined_ =
      mine_negatives(queries, codes, pairs_, options_.mining, {}, hooks_.progress, hooks_.stop);
}

std::vector<TrainedParameter> CrossObjective::parameters() const {
  std::vector<TrainedParameter> all = tower_->parameters();
  for (const auto& [name, value] : heads_.front().weights)
    all.push_back({name, value, value.dim() > 1});
  return all;
}

std::int64_t CrossObjective::batches_per_epoch() const { return plan_->batches_per_epoch(); }

std::unique_ptr<TrainingBatch> CrossObjective::prepare(std::int64_t number) const {
  auto batch = std::make_unique<Batch>();
  for (const std::int32_t position : plan_->batch(number)) {
    const TrainingPair& pair = pairs_.pairs()[static_cast<std::size_t>(position)];
    batch->ids.push_back(pair.id);
    const std::uint64_t seed = mix(mix(options_.seed, static_cast<std::uint64_t>(number)),
                                   static_cast<std::uint64_t>(position));
    std::vector<std::int32_t> codes =
        choose_negatives(pairs_, pair, mined_, static_cast<std::size_t>(options_.mining.count),
                         /*fill_at_random=*/true, seed);
    codes.insert(codes.begin(), pair.code);
    for (const std::int32_t code : codes) {
      batch->inputs.push_back(
          tokenizer_->encode_pair(pairs_.queries()[static_cast<std::size_t>(pair.query)],
                                  pairs_.codes()[static_cast<std::size_t>(code)],
                                  static_cast<std::size_t>(options_.length)));
      batch->tokens += static_cast<std::int64_t>(batch->inputs.back().ids.size());
    }
    batch->sizes.push_back(codes.size());
  }
  batch->pairs = static_cast<std::int64_t>(batch->inputs.size());
  return batch;
}

at::Tensor CrossObjective::logits(std::span<const TokenSequence* const> inputs,
                                  const ForwardOptions& options, std::size_t lane) const {
  const LengthOrder order = by_length(inputs, tower_->device());
  std::vector<const TokenSequence*> sorted;
  for (const std::size_t place : order.order) sorted.push_back(inputs[place]);
  const Tower::Pass pass = tower_->forward(sorted, options, lane);
  return heads_[lane]
      .layers.forward(pass.states.back().to(at::kFloat), pass.batch, options)
      .squeeze(1)
      .index_select(0, order.back);
}

at::Tensor CrossObjective::group_loss(const at::Tensor& logits,
                                      std::span<const std::size_t> sizes) const {
  std::vector<at::Tensor> losses;
  std::int64_t first = 0;
  for (const std::size_t size : sizes) {
    const auto count = static_cast<std::int64_t>(size);
    const at::Tensor scores = logits.narrow(0, first, count);
    if (options_.loss == PairLoss::listwise) {
      losses.push_back(listwise_loss(scores.unsqueeze(0)));
    } else {
      at::Tensor labels = at::zeros_like(scores);
      labels[0] = 1;
      losses.push_back(pair_loss(scores, labels) * static_cast<double>(count));
    }
    first += count;
  }
  return at::stack(losses).sum();
}

std::vector<CrossObjective::Piece> CrossObjective::cut(const Batch& batch) const {
  const std::size_t all = batch.inputs.size(), lanes = tower_->lanes();
  const std::size_t share = (all + lanes - 1) / lanes;
  const std::size_t limit = options_.chunk_size > 0
                                ? std::min(share, static_cast<std::size_t>(options_.chunk_size))
                                : share;
  std::vector<Piece> pieces;
  std::size_t input = 0;
  for (std::size_t group = 0; group < batch.sizes.size(); ++group) {
    const std::size_t size = batch.sizes[group];
    if (pieces.empty() || pieces.back().inputs + size > std::max(limit, size)) {
      pieces.push_back({group, 0, input, 0});
    }
    ++pieces.back().groups;
    pieces.back().inputs += size;
    input += size;
  }
  return pieces;
}

LossTerms CrossObjective::backward(const TrainingBatch& prepared, double weight,
                                   std::uint64_t seed) {
  const auto& batch = dynamic_cast<const Batch&>(prepared);
  // The mean over pairs, or over lists, of the whole batch, however it is cut.
  const bool lists = options_.loss == PairLoss::listwise;
  const auto units = static_cast<double>(lists ? batch.sizes.size() : batch.inputs.size());
  const std::vector<Piece> pieces = cut(batch);
  std::vector<double> losses(pieces.size());
  in_shares(pieces.size(), tower_->lanes(), [&](std::size_t i, std::size_t lane) {
    const Piece& piece = pieces[i];
    std::vector<const TokenSequence*> inputs;
    for (std::size_t j = 0; j < piece.inputs; ++j) {
      inputs.push_back(&batch.inputs[piece.first_input + j]);
    }
    const at::Tensor scores = logits(inputs, tower_->training_options(mix(seed, i)), lane);
    const at::Tensor loss =
        group_loss(scores, std::span(batch.sizes).subspan(piece.first_group, piece.groups)) / units;
    torch::autograd::backward({loss * weight}, {});
    losses[i] = loss.item<double>();
  });
  tower_->gather();
  for (std::size_t lane = 1; lane < heads_.size(); ++lane) {
    move_gradients(heads_[lane].weights, heads_.front().weights);
  }
  return {{lists ? "listwise" : "pairs", std::accumulate(losses.begin(), losses.end(), 0.0)}};
}

ValidationFigures CrossObjective::validate() {
  if (!validate_) return {};
  return validate_([this](std::span<const std::pair<std::string, std::string>> pairs) {
    std::vector<TokenSequence> inputs;
    for (const auto& [query, code] : pairs) {
      inputs.push_back(
          tokenizer_->encode_pair(query, code, static_cast<std::size_t>(options_.length)));
    }
    std::vector<float> out(inputs.size());
    const auto groups = groups_of(inputs, tower_->device().is_cpu() ? kCpuTokens : kDeviceTokens);
    in_shares(groups.size(), tower_->lanes(), [&](std::size_t i, std::size_t lane) {
      const c10::NoGradGuard no_grad;
      std::vector<const TokenSequence*> group;
      for (const std::size_t place : groups[i]) group.push_back(&inputs[place]);
      const at::Tensor scores = logits(group, {}, lane).to(at::kFloat).cpu().contiguous();
      for (std::size_t j = 0; j < group.size(); ++j) {
        out[groups[i][j]] = scores.const_data_ptr<float>()[j];
      }
    });
    return out;
  });
}

RunIdentity CrossObjective::identity() const {
  const MiningOptions& mining = options_.mining;
  return {
      {"objective", "cross"},
      {"model", tower_->fingerprint()},
      {"precision", tower_->precision()},
      {"data", pairs_.checksum()},
      {"loss", options_.loss == PairLoss::listwise ? "listwise" : "pairs"},
      {"negatives", std::to_string(mining.count) +
                        (options_.random_negatives ? std::string(", random")
                                                   : " of ranks " + std::to_string(mining.from) +
                                                         " to " + std::to_string(mining.to))},
      {"length", std::to_string(options_.length)}};
}

void CrossObjective::save(const fs::path& folder) const {
  write_classifier_folder(folder, tower_->folder(), tower_->weights(), heads_.front().weights,
                          options_.length);
}

}  // namespace spencer
