#include "train/dual_objective.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "spencer/base/error.h"
#include "spencer/model/prefix.h"
#include "spencer/model/two_stage_folder.h"
#include "spencer/train/loss.h"
#include "spencer/train/negatives.h"

#include "train/model_writer.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr double kLargestScale = 100;  // a learned scale stops there, as in CLIP

std::int64_t resolve_length(std::int64_t asked, const ModelFolder& model) {
  return asked == 0 ? model.max_length : std::min(asked, model.position_limit());
}

/// Which codes must not count as wrong answers to which queries; undefined where there are none.
at::Tensor excluded(const PairSet& pairs, const std::vector<std::int32_t>& queries,
                    const std::vector<std::int32_t>& codes) {
  at::Tensor mask = at::zeros(
      {static_cast<std::int64_t>(queries.size()), static_cast<std::int64_t>(codes.size())},
      at::kBool);
  bool any = false;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    for (std::size_t j = 0; j < codes.size(); ++j) {
      if (i == j || !pairs.is_right(queries[i], codes[j])) continue;
      mask[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)] = true;
      any = true;
    }
  }
  return any ? mask : at::Tensor();
}

}  // namespace

DualObjective::DualObjective(const DualOptions& options, const DualPairs& pairs,
                             DualValidator validate, const TrainHooks& hooks, at::Device device)
    : options_(options), validate_(std::move(validate)), hooks_(hooks) {
  const ModelFolder folder = ModelFolder::open(options.model, WeightFiles::optional);
  for (const std::int64_t dimension : options.dimensions) {
    if (dimension > folder.dimension()) {
      throw Error(ErrorKind::invalid_argument, "dimension " + std::to_string(dimension) +
                                                   " is more than the model's " +
                                                   std::to_string(folder.dimension()));
    }
  }
  options_.query_length = resolve_length(options.query_length, folder);
  options_.code_length = resolve_length(options.code_length, folder);
  if (!options.query_prefix) options_.query_prefix = folder.query_prefix;
  if (!options.code_prefix) options_.code_prefix = folder.code_prefix;
  tokenizer_ = Tokenizer::load(options.model);
  if (!pairs.text.pairs().empty()) text_.emplace(source(pairs.text, /*code_queries=*/false));
  if (!pairs.code.pairs().empty()) code_.emplace(source(pairs.code, /*code_queries=*/true));
  mix_.emplace(!code_ ? 0 : text_ ? options.code_pair_share : 1, options.seed);
  if (options.exits.empty()) options_.exits = folder.exits;
  query_tower_ = std::make_unique<Tower>(folder, options, device, options_.exits);
  if (options.separate_towers) {
    code_tower_ = std::make_unique<Tower>(folder, options, device, options_.exits);
  }
  if (options.exit_weights.empty()) options_.exit_weights = depth_weights(query_tower_->exits());
  log_scale_ = at::full({}, std::log(options.scale), at::kFloat).to(device);
  log_scale_.set_requires_grad(options.learn_scale);
  if (!options.mining.veto.empty()) {
    veto_ = CrossEncoder::open(options.mining.veto, options.engine);
  }
}

DualObjective::~DualObjective() = default;

DualObjective::Source DualObjective::source(const PairSet& pairs, bool code_queries) const {
  Source made{pairs,
              code_queries,
              tokenize(pairs.queries(), !code_queries),
              tokenize(pairs.codes(), /*as_queries=*/false),
              BatchPlan(pairs, options_.batch_size, options_.seed, /*distinct=*/true),
              {}};
  const MiningOptions& mining = options_.mining;
  if (mining.count > 0) {
    made.mined =
        at::full({static_cast<std::int64_t>(made.queries.size()), mining.to - mining.from + 1}, -1,
                 at::kInt);
  }
  return made;
}

TokenSequence DualObjective::tokenize_query(const std::string& text) const {
  return encode_prefixed(*tokenizer_, *options_.query_prefix, text, options_.query_length);
}

TokenSequence DualObjective::tokenize_code(const std::string& text) const {
  return encode_prefixed(*tokenizer_, *options_.code_prefix, text, options_.code_length);
}

std::vector<TokenSequence> DualObjective::tokenize(const std::vector<std::string>& texts,
                                                   bool as_queries) const {
  if (hooks_.progress != nullptr) {
    hooks_.progress->begin("tokenize", static_cast<std::int64_t>(texts.size()), "texts");
  }
  std::vector<TokenSequence> sequences;
  sequences.reserve(texts.size());
  for (const std::string& text : texts) {
    sequences.push_back(as_queries ? tokenize_query(text) : tokenize_code(text));
    if (hooks_.progress != nullptr) hooks_.progress->advance(1);
  }
  if (hooks_.progress != nullptr) hooks_.progress->end();
  return sequences;
}

std::vector<TrainedParameter> DualObjective::parameters() const {
  std::vector<TrainedParameter> all = query_tower_->parameters(code_tower_ ? "query." : "");
  if (code_tower_) {
    for (TrainedParameter& parameter : code_tower_->parameters("code.")) {
      all.push_back(std::move(parameter));
    }
  }
  if (options_.learn_scale) all.push_back({"log_scale", log_scale_, false});
  return all;
}

std::int64_t DualObjective::batches_per_epoch() const {
  return mix_->total((text_ ? *text_ : *code_).plan.batches_per_epoch());
}

std::unique_ptr<TrainingBatch> DualObjective::prepare(std::int64_t number) const {
  const BatchMix::Place place = mix_->at(number);
  const Source& source = place.second ? *code_ : *text_;
  auto batch = std::make_unique<Batch>();
  batch->code_queries = source.code_queries;
  std::vector<std::int32_t> queries, codes, negatives;
  for (const std::int32_t position : source.plan.batch(place.number)) {
    const TrainingPair& pair = source.pairs.pairs()[static_cast<std::size_t>(position)];
    batch->ids.push_back(pair.id);
    queries.push_back(pair.query);
    codes.push_back(pair.code);
    const std::size_t count =
        std::max(pair.negatives.size(), static_cast<std::size_t>(options_.mining.count));
    const std::uint64_t seed = mix(mix(options_.seed, static_cast<std::uint64_t>(number)),
                                   static_cast<std::uint64_t>(position));
    for (const std::int32_t code : choose_negatives(source.pairs, pair, source.mined, count,
                                                    /*fill_at_random=*/false, seed)) {
      negatives.push_back(code);
    }
  }
  for (const std::int32_t code : negatives) {  // each code once: a copy would weigh double
    if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
  }
  batch->pairs = static_cast<std::int64_t>(queries.size());
  batch->excluded = excluded(source.pairs, queries, codes);
  const auto add = [&](const TokenSequence& text, std::vector<const TokenSequence*>& texts) {
    texts.push_back(&text);
    batch->tokens += static_cast<std::int64_t>(text.ids.size());
  };
  for (const std::int32_t q : queries) {
    add(source.queries[static_cast<std::size_t>(q)], batch->queries);
  }
  for (const std::int32_t c : codes) add(source.codes[static_cast<std::size_t>(c)], batch->codes);
  return batch;
}

LossTerms DualObjective::backward(const TrainingBatch& prepared, double weight,
                                  std::uint64_t seed) {
  const auto& batch = dynamic_cast<const Batch&>(prepared);
  EncodedTexts queries(tower_of_queries(batch.code_queries), batch.queries, options_.chunk_size,
                       mix(seed, 0));
  EncodedTexts codes(code_tower(), batch.codes, options_.chunk_size, mix(seed, 1));
  const auto exits = static_cast<std::int64_t>(query_tower_->exits().size());
  std::vector<std::pair<std::string, at::Tensor>> losses;
  at::Tensor targets;  // the last exit's scores
  for (std::int64_t exit = exits - 1; exit >= 0; --exit) {
    const auto place = static_cast<std::size_t>(exit);
    const double share = options_.exit_weights[place];
    const Contrast contrast = contrast_at(exit, queries, codes, batch);
    const std::string name = exits == 1 ? std::string("contrastive")
                                        : "exit_" + std::to_string(query_tower_->exits()[place]);
    losses.emplace_back(name, share * contrastive_loss(contrast));
    if (!options_.self_distill) continue;
    const at::Tensor scores = contrast_scores(contrast);
    if (!targets.defined()) {
      targets = scores;
    } else {
      losses.emplace_back("self_" + name, share * soft_target_loss(scores, targets));
    }
  }
  at::Tensor sum = losses.front().second;
  for (std::size_t i = 1; i < losses.size(); ++i) sum = sum + losses[i].second;
  torch::autograd::backward({sum * weight}, {});
  queries.backward();
  codes.backward();
  LossTerms terms;
  for (const auto& [name, loss] : losses) terms.emplace_back(name, loss.item<double>());
  return terms;
}

Contrast DualObjective::contrast_at(std::int64_t exit, const EncodedTexts& queries,
                                    const EncodedTexts& codes, const Batch& batch) const {
  Contrast contrast{queries.vectors().select(1, exit),
                    codes.vectors().select(1, exit),
                    log_scale_.exp().clamp_max(std::max(kLargestScale, options_.scale)),
                    {},
                    options_.symmetric,
                    options_.dimensions};
  if (batch.excluded.defined()) contrast.excluded = batch.excluded.to(log_scale_.device());
  return contrast;
}

bool DualObjective::refreshes_at(std::int64_t step) const {
  if (options_.mining.count == 0) return false;
  return step == 0 || (options_.mining.every > 0 && step % options_.mining.every == 0);
}

void DualObjective::refresh() {
  PairScoring veto;
  if (veto_) {
    veto = [this](std::span<const std::pair<std::string, std::string>> texts) {
      return veto_->score(texts);
    };
  }
  const at::Device device = query_tower_->device();
  const auto at_last_exit = [&](const Tower& tower, const std::vector<TokenSequence>& texts) {
    return encode(tower, texts)[-1].to(device);
  };
  for (const auto& source : {&text_, &code_}) {
    if (!*source) continue;
    const Source& of = **source;
    of.mined.copy_(mine_negatives(at_last_exit(tower_of_queries(of.code_queries), of.queries),
                                  at_last_exit(code_tower(), of.codes), of.pairs, options_.mining,
                                  veto, hooks_.progress, hooks_.stop));
  }
}

NamedTensors DualObjective::refreshed() const {
  NamedTensors all;
  if (text_ && text_->mined.defined()) all.emplace_back("mined", text_->mined);
  if (code_ && code_->mined.defined()) all.emplace_back("mined_code_pairs", code_->mined);
  return all;
}

ValidationFigures DualObjective::validate() {
  if (!validate_) return {};
  const auto encoder = [this](const Tower& tower, bool as_queries) {
    return [=, this, &tower](std::span<const std::string> texts, std::span<float> out) {
      std::vector<TokenSequence> sequences;
      for (const std::string& text : texts) {
        sequences.push_back(as_queries ? tokenize_query(text) : tokenize_code(text));
      }
      const at::Tensor vectors = encode(tower, sequences);
      std::copy_n(vectors.const_data_ptr<float>(), out.size(), out.data());
    };
  };
  const std::vector<int>& exits = query_tower_->exits();
  const std::vector<ValidationFigures> figures = validate_(
      {query_tower_->folder().dimension(), exits.size(),
       encoder(*query_tower_, /*as_queries=*/true), encoder(code_tower(), /*as_queries=*/false)});
  if (exits.size() == 1) return figures.front();
  ValidationFigures all{{figures.front().front().first, 0}};  // the mean over exits, which decides
  for (std::size_t i = 0; i < exits.size(); ++i) {
    all.front().second += figures[i].front().second / static_cast<double>(exits.size());
    for (const auto& [name, value] : figures[i]) {
      all.emplace_back("exit_" + std::to_string(exits[i]) + "_" + name, value);
    }
  }
  return all;
}

RunIdentity DualObjective::identity() const {
  std::string dimensions;
  for (const std::int64_t dimension : options_.dimensions) {
    dimensions += std::to_string(dimension) + " ";
  }
  const MiningOptions& mining = options_.mining;
  return {{"objective", "dual"},
          {"model", query_tower_->fingerprint()},
          {"precision", query_tower_->precision()},
          {"data", text_ ? text_->pairs.checksum() : "none"},
          {"code pairs", code_ ? code_->pairs.checksum() : "none"},
          {"share of code pairs",
           text_ && code_ ? std::to_string(options_.code_pair_share) : "all or none"},
          {"towers", options_.separate_towers ? "separate" : "shared"},
          {"scale", std::to_string(options_.scale) + (options_.learn_scale ? " learned" : "")},
          {"symmetric", options_.symmetric ? "yes" : "no"},
          {"dimensions", dimensions},
          {"exits", weighted_exits(query_tower_->exits(), options_.exit_weights) +
                        (options_.self_distill ? "with self-distillation" : "")},
          {"mined negatives", std::to_string(mining.count) + " of ranks " +
                                  std::to_string(mining.from) + " to " + std::to_string(mining.to)},
          {"query length", std::to_string(options_.query_length)},
          {"code length", std::to_string(options_.code_length)},
          {"query prefix", *options_.query_prefix},
          {"code prefix", *options_.code_prefix}};
}

ModelFolder DualObjective::saved_folder() const {
  ModelFolder folder = query_tower_->folder();
  folder.query_prefix = *options_.query_prefix;
  folder.code_prefix = *options_.code_prefix;
  return folder;
}

void DualObjective::save(const fs::path& folder) const {
  const ModelFolder source = saved_folder();
  TwoStageFolder two_stage;
  two_stage.query_length = options_.query_length;
  two_stage.code_length = options_.code_length;
  two_stage.query_encoder = two_stage.code_encoder = folder;
  if (code_tower_) {
    two_stage.query_encoder = folder / "query_encoder";
    two_stage.code_encoder = folder / "code_encoder";
    fs::create_directories(two_stage.query_encoder);
    fs::create_directories(two_stage.code_encoder);
    write_encoder_folder(two_stage.query_encoder, source, query_tower_->weights(),
                         query_tower_->head_weights(), options_.query_length);
    write_encoder_folder(two_stage.code_encoder, source, code_tower_->weights(),
                         code_tower_->head_weights(), options_.code_length);
  } else {
    write_encoder_folder(folder, source, query_tower_->weights(), query_tower_->head_weights(),
                         std::max(options_.query_length, options_.code_length));
  }
  two_stage.save(folder);
}

}  // namespace spencer
