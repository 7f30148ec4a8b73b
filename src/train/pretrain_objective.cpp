#include "train/pretrain_objective.h"

#include <algorithm>
#include <optional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "spencer/base/error.h"
#include "spencer/nn/autocast.h"
#include "spencer/train/batch_plan.h"

#include "train/model_writer.h"
#include "train/parallel.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kHeldOutSeed = 0;  // runs of other seeds are judged by the same inputs

/// The tensors a model folder has of heads; each may be absent.
class SavedHeads {
 public:
  explicit SavedHeads(const ModelFolder& folder) {
    if (has_weights(folder)) model_ = Weights::open(folder.path);
    const fs::path own = folder.path / kPretrainingFile;
    if (fs::exists(own)) own_ = Weights::open_file(own);
  }

  at::Tensor find(const std::string& name, at::IntArrayRef shape) const {
    for (const auto* file : {&own_, &model_}) {
      if (*file && (*file)->contains(name)) return (*file)->tensor(name, shape);
    }
    return {};
  }

 private:
  std::optional<Weights> model_, own_;
};

at::Tensor word_loss(const at::Tensor& logits, const at::Tensor& targets) {
  return at::cross_entropy_loss(logits.to(at::kFloat), targets, {}, at::Reduction::Sum);
}

at::Tensor context_loss(const at::Tensor& logits, const at::Tensor& labels) {
  return at::binary_cross_entropy_with_logits(logits, labels, {}, {}, at::Reduction::Sum);
}

/// At most `limit` pairs (0 = one per snippet), the same for every run.
std::vector<SnippetPair> held_out_pairs(const SnippetSet& snippets, std::int64_t limit) {
  try {
    const auto all = static_cast<std::int64_t>(snippets.snippets().size());
    std::vector<SnippetPair> pairs = SnippetPairPlan(snippets, all, kHeldOutSeed).batch(0);
    if (limit > 0) pairs.resize(std::min(pairs.size(), static_cast<std::size_t>(limit)));
    return pairs;
  } catch (const Error& error) {
    throw Error(error.kind(), std::string("the held-out data: ") + error.what());
  }
}

void require_room(const Tokenizer& tokenizer, std::int64_t length) {
  const auto special = static_cast<std::int64_t>(
      tokenizer.encode_pair("", "", static_cast<std::size_t>(length)).ids.size());
  if (length >= special + 2) return;
  throw Error(ErrorKind::invalid_argument,
              "a length of " + std::to_string(length) + " tokens has no room for two snippets " +
                  "beside the " + std::to_string(special) + " special ones");
}

/// What a parameter starts from that no file has; matrices start at random.
double start_of(const std::string& name) {
  if (name.ends_with(".weight")) return 1;  // of a norm
  if (name.ends_with(".scale")) return InContextHead::kStartingScale;
  if (name.ends_with(".threshold")) return InContextHead::kStartingThreshold;
  return 0;
}

/// The rows of the tokens of one snippet per input, the shorter ones padded with any row; a snippet
/// without tokens is read at the special token before it.
class SnippetRows {
 public:
  void add(TokenSpan snippet, std::int64_t first_row) {
    if (snippet.begin == snippet.end) {
      snippet.begin = std::max(snippet.begin - 1, 0);
      snippet.end = snippet.begin + 1;
    }
    starts_.push_back(first_row + snippet.begin);
    lengths_.push_back(snippet.end - snippet.begin);
  }

  SnippetWords words(at::Device device) const {
    const at::Tensor places = at::arange(*std::ranges::max_element(lengths_), at::kLong);
    const at::Tensor padding = places >= at::tensor(lengths_, at::kLong).unsqueeze(1);
    const at::Tensor rows = at::tensor(starts_, at::kLong).unsqueeze(1) + places;
    return {rows.masked_fill(padding, 0).to(device), padding.to(device)};
  }

 private:
  std::vector<std::int64_t> starts_, lengths_;
};

std::int64_t count_masked(const std::vector<MaskedInput>& inputs) {
  std::size_t count = 0;
  for (const MaskedInput& input : inputs) count += input.positions.size();
  return static_cast<std::int64_t>(std::max<std::size_t>(count, 1));
}

}  // namespace

PretrainObjective::PretrainObjective(const PretrainOptions& options, const SnippetSet& train,
                                     const SnippetSet& valid, const TrainHooks& /*hooks*/,
                                     at::Device device)
    : options_(options), train_(train) {
  const ModelFolder folder = ModelFolder::open(options.model, WeightFiles::optional);
  options_.length =
      options.length == 0 ? folder.max_length : std::min(options.length, folder.position_limit());
  plan_ = std::make_unique<SnippetPairPlan>(train, options.batch_size, options.seed);
  tokenizer_ = Tokenizer::load(options.model);
  require_room(*tokenizer_, options_.length);
  masking_ = std::make_unique<Masking>(*tokenizer_, options.mask);
  if (options.exits.empty()) options_.exits = folder.exits;
  tower_ = std::make_unique<Tower>(folder, options, device, options_.exits);
  if (options.exit_weights.empty()) options_.exit_weights = depth_weights(tower_->exits());
  make_heads(options.seed);
  if (!valid.snippets().empty()) {
    fill(held_out_, valid, held_out_pairs(valid, options.valid_pairs), kHeldOutSeed);
  }
}

PretrainObjective::~PretrainObjective() = default;

void PretrainObjective::make_heads(std::uint64_t seed) {
  const ModelFolder& folder = tower_->folder();
  const SavedHeads saved(folder);
  at::manual_seed(mix(seed, 1));
  for (std::size_t lane = 0; lane < tower_->lanes(); ++lane) {
    Heads heads{MaskedLmHead(folder), std::vector<InContextHead>(tower_->exits().size()), {}, {}};
    const auto set = [&](NamedTensors Heads::*weights) {
      return [&, weights](const std::string& name, at::Tensor& value, at::IntArrayRef shape) {
        NamedTensors& own = heads.*weights;
        if (lane > 0) {
          value = alias_of((heads_.front().*weights)[own.size()].second);
        } else {
          value = saved.find(name, shape);
          value = value.defined() ? value.to(tower_->device(), at::kFloat, /*non_blocking=*/false,
                                             /*copy=*/true)
                                  : fresh_parameter(shape, start_of(name), tower_->device());
          value.set_requires_grad(true);
        }
        own.emplace_back(name, value);
      };
    };
    heads.masked_lm.visit(set(&Heads::masked_lm_weights));
    for (std::size_t exit = 0; exit < heads.in_context.size(); ++exit) {
      heads.in_context[exit].visit("icc." + std::to_string(tower_->exits()[exit]),
                                   folder.dimension(), set(&Heads::in_context_weights));
    }
    heads_.push_back(std::move(heads));
  }
}

std::vector<TrainedParameter> PretrainObjective::parameters() const {
  std::vector<TrainedParameter> all = tower_->parameters();
  const Heads& heads = heads_.front();
  for (const NamedTensors* weights : {&heads.masked_lm_weights, &heads.in_context_weights}) {
    for (const auto& [name, value] : *weights) all.push_back({name, value, value.dim() > 1});
  }
  return all;
}

std::int64_t PretrainObjective::batches_per_epoch() const { return plan_->batches_per_epoch(); }

void PretrainObjective::fill(Batch& batch, const SnippetSet& snippets,
                             const std::vector<SnippetPair>& pairs, std::uint64_t seed) const {
  for (const SnippetPair& pair : pairs) {
    const Snippet& first = snippets.snippets()[static_cast<std::size_t>(pair.first)];
    const Snippet& second = snippets.snippets()[static_cast<std::size_t>(pair.second)];
    batch.inputs.push_back(masking_->apply(
        tokenizer_->encode_pair(first.code, second.code, static_cast<std::size_t>(options_.length)),
        mix(seed, batch.inputs.size())));
    batch.same_repository.push_back(pair.same_repository);
    batch.ids.push_back(first.id + " with " + second.id);
    batch.tokens += static_cast<std::int64_t>(batch.inputs.back().input.ids.size());
  }
  batch.pairs = static_cast<std::int64_t>(batch.inputs.size());
}

std::unique_ptr<TrainingBatch> PretrainObjective::prepare(std::int64_t number) const {
  auto batch = std::make_unique<Batch>();
  fill(*batch, train_, plan_->batch(number),
       mix(options_.seed, static_cast<std::uint64_t>(number)));
  return batch;
}

std::vector<std::vector<std::size_t>> PretrainObjective::deal(const Batch& batch) const {
  const std::size_t count = batch.inputs.size();
  const auto chunk = static_cast<std::size_t>(options_.chunk_size);
  const std::size_t chunks = chunk > 0 ? (count + chunk - 1) / chunk : 1;
  std::vector<std::vector<std::size_t>> hands(std::min(count, std::max(chunks, tower_->lanes())));
  std::vector<const TokenSequence*> texts;
  for (const MaskedInput& input : batch.inputs) texts.push_back(&input.input);
  const LengthOrder order = by_length(texts, at::kCPU);
  for (std::size_t i = 0; i < count; ++i) hands[i % hands.size()].push_back(order.order[i]);
  return hands;
}

PretrainObjective::Piece PretrainObjective::piece_of(const Batch& batch,
                                                     const std::vector<std::size_t>& places) const {
  Piece piece;
  std::vector<std::int64_t> masked, targets;
  std::vector<float> labels;
  SnippetRows first, second;
  std::int64_t first_row = 0;
  for (const std::size_t place : places) {
    const MaskedInput& input = batch.inputs[place];
    piece.texts.push_back(&input.input);
    for (const std::int32_t position : input.positions) masked.push_back(first_row + position);
    targets.insert(targets.end(), input.targets.begin(), input.targets.end());
    labels.push_back(batch.same_repository[place] ? 1.0F : 0.0F);
    first.add(input.input.first, first_row);
    second.add(input.input.second, first_row);
    first_row += static_cast<std::int64_t>(input.input.ids.size());
  }
  const at::Device device = tower_->device();
  piece.masked = at::tensor(masked, at::kLong).to(device);
  piece.targets = at::tensor(targets, at::kLong).to(device);
  piece.labels = at::tensor(labels).to(device);
  piece.first = first.words(device);
  piece.second = second.words(device);
  return piece;
}

PretrainObjective::Predictions PretrainObjective::predict(const at::Tensor& hidden,
                                                          const Piece& piece, std::size_t exit,
                                                          std::size_t lane) const {
  const at::Tensor states = tower_->token_states(hidden, exit, lane);
  const Heads& heads = heads_[lane];
  Predictions predictions;
  predictions.same_repository = heads.in_context[exit].forward(
      tower_->projected(states, exit, lane), piece.first, piece.second);
  const Autocast autocast(tower_->device().type(), tower_->bfloat16());
  predictions.words =
      heads.masked_lm.forward(states.index_select(0, piece.masked), tower_->word_embeddings(lane));
  return predictions;
}

PretrainObjective::Tally PretrainObjective::tally(const Predictions& predictions,
                                                  const Piece& piece) const {
  const auto sum = [](const at::Tensor& right) { return right.sum().item<double>(); };
  Tally tally;
  tally.mlm_loss = word_loss(predictions.words, piece.targets).item<double>();
  tally.mlm_right = sum(predictions.words.argmax(1) == piece.targets);
  tally.icc_loss = context_loss(predictions.same_repository, piece.labels).item<double>();
  tally.icc_right = sum((predictions.same_repository > 0) == (piece.labels > 0.5));
  return tally;
}

std::string PretrainObjective::name_of(std::size_t exit, const char* figure) const {
  if (tower_->exits().size() == 1) return figure;
  return "exit_" + std::to_string(tower_->exits()[exit]) + "_" + figure;
}

LossTerms PretrainObjective::backward(const TrainingBatch& prepared, double weight,
                                      std::uint64_t seed) {
  const auto& batch = dynamic_cast<const Batch&>(prepared);
  // The means over masked tokens and over inputs of the whole batch, however it is cut.
  const double mlm_unit = options_.mlm_weight / static_cast<double>(count_masked(batch.inputs));
  const double icc_unit = options_.icc_weight / static_cast<double>(batch.inputs.size());
  const auto hands = deal(batch);
  const std::size_t exits = tower_->exits().size();
  struct Losses {
    double mlm = 0, icc = 0;
  };
  std::vector<std::vector<Losses>> losses(hands.size(), std::vector<Losses>(exits));
  in_shares(hands.size(), tower_->lanes(), [&](std::size_t i, std::size_t lane) {
    const Piece piece = piece_of(batch, hands[i]);
    const Tower::Pass pass =
        tower_->forward(piece.texts, tower_->training_options(mix(seed, i)), lane);
    // Exit by exit down to its state, so that one exit's logits are held at a time; then all of
    // them down the encoder at once.
    std::vector<at::Tensor> states, gradients;
    for (std::size_t exit = 0; exit < exits; ++exit) {
      const at::Tensor state = pass.states[exit].detach().requires_grad_();
      const Predictions predictions = predict(state, piece, exit, lane);
      const double share = options_.exit_weights[exit];
      const at::Tensor mlm = word_loss(predictions.words, piece.targets) * (share * mlm_unit);
      const at::Tensor icc =
          context_loss(predictions.same_repository, piece.labels) * (share * icc_unit);
      torch::autograd::backward({(mlm + icc) * weight}, {});
      losses[i][exit] = {mlm.item<double>(), icc.item<double>()};
      if (!pass.states[exit].requires_grad()) continue;  // all below is frozen
      states.push_back(pass.states[exit]);
      gradients.push_back(state.grad());
    }
    if (!states.empty()) torch::autograd::backward(states, gradients);
  });
  tower_->gather();
  for (std::size_t lane = 1; lane < heads_.size(); ++lane) {
    move_gradients(heads_[lane].masked_lm_weights, heads_.front().masked_lm_weights);
    move_gradients(heads_[lane].in_context_weights, heads_.front().in_context_weights);
  }
  LossTerms terms;
  for (std::size_t exit = 0; exit < exits; ++exit) {
    Losses sum;
    for (const auto& piece : losses) {
      sum.mlm += piece[exit].mlm;
      sum.icc += piece[exit].icc;
    }
    terms.emplace_back(name_of(exit, "mlm"), sum.mlm);
    terms.emplace_back(name_of(exit, "icc"), sum.icc);
  }
  return terms;
}

ValidationFigures PretrainObjective::validate() {
  if (held_out_.inputs.empty()) return {};
  const std::size_t exits = tower_->exits().size();
  std::vector<TokenSequence> texts;
  for (const MaskedInput& input : held_out_.inputs) texts.push_back(input.input);
  const auto groups = groups_of(texts, tower_->device().is_cpu() ? kCpuTokens : kDeviceTokens);
  std::vector<std::vector<Tally>> tallies(groups.size());
  in_shares(groups.size(), tower_->lanes(), [&](std::size_t i, std::size_t lane) {
    const c10::NoGradGuard no_grad;
    const Piece piece = piece_of(held_out_, groups[i]);
    const Tower::Pass pass = tower_->forward(piece.texts, {}, lane);
    for (std::size_t exit = 0; exit < exits; ++exit) {
      tallies[i].push_back(tally(predict(pass.states[exit], piece, exit, lane), piece));
    }
  });
  const auto masked = static_cast<double>(count_masked(held_out_.inputs));
  const auto inputs = static_cast<double>(held_out_.inputs.size());
  ValidationFigures figures{{"accuracy", 0}};  // the mean over exits and both tasks decides
  for (std::size_t exit = 0; exit < exits; ++exit) {
    Tally sum;
    for (const auto& group : tallies) {
      sum.mlm_loss += group[exit].mlm_loss / masked;
      sum.mlm_right += group[exit].mlm_right / masked;
      sum.icc_loss += group[exit].icc_loss / inputs;
      sum.icc_right += group[exit].icc_right / inputs;
    }
    figures.front().second += (sum.mlm_right + sum.icc_right) / (2 * static_cast<double>(exits));
    figures.emplace_back(name_of(exit, "mlm_acc"), sum.mlm_right);
    figures.emplace_back(name_of(exit, "icc_acc"), sum.icc_right);
    figures.emplace_back(name_of(exit, "mlm_loss"), sum.mlm_loss);
    figures.emplace_back(name_of(exit, "icc_loss"), sum.icc_loss);
  }
  return figures;
}

RunIdentity PretrainObjective::identity() const {
  return {{"objective", "pretrain"},
          {"model", tower_->fingerprint()},
          {"precision", tower_->precision()},
          {"data", train_.checksum()},
          {"exits", weighted_exits(tower_->exits(), options_.exit_weights)},
          {"mask", std::to_string(options_.mask)},
          {"weights",
           std::to_string(options_.mlm_weight) + " and " + std::to_string(options_.icc_weight)},
          {"length", std::to_string(options_.length)}};
}

void PretrainObjective::save(const fs::path& folder) const {
  const Heads& heads = heads_.front();
  write_pretrained_folder(folder, tower_->folder(), tower_->weights(), tower_->head_weights(),
                          heads.masked_lm_weights, heads.in_context_weights, options_.length);
}

}  // namespace spencer
