// Pre-training runs on tiny models: what they learn, leave behind, and hand on.
#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/model/dual_encoder.h"
#include "spencer/nn/safetensors.h"
#include "spencer/train/trainer.h"

#include "train/pretrain_objective.h"
#include "train/run_test_support.h"
#include "train/train_test_support.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

struct PretrainRun {
  TinyModel model;
  ScratchFolder output;
  SnippetSet snippets = word_snippets(4, 12);

  explicit PretrainRun(const std::string& name = "model") : model(name) {}
  fs::path folder() const { return output.path() / "run"; }
  PretrainOptions options() const {
    PretrainOptions options;
    set_reference_options(options, folder());
    options.model = model.path();
    options.dropout.reset();
    options.batch_size = 8;
    options.save_every = 3;
    options.exits = {1, 3};
    return options;
  }
};

TrainReport pretrain(const PretrainOptions& options, const SnippetSet& snippets,
                     const SnippetSet& valid = {}, const TrainHooks& hooks = {}) {
  return load_trainer().train_pretrain(options, snippets, valid, hooks);
}

double figure(const ValidationFigures& figures, const std::string& name) {
  for (const auto& [key, value] : figures) {
    if (key == name) return value;
  }
  ADD_FAILURE() << name;
  return 0;
}

TEST(Pretraining, ResumedEndsWithTheWeightsOfAnUnbrokenOneBitForBit) {
  for (const char* name : {"model", "mose"}) {
    const PretrainRun whole(name), broken(name);
    pretrain(whole.options(), whole.snippets);
    PretrainOptions options = broken.options();
    const auto train = [&](const PretrainOptions& o, const TrainHooks& hooks) {
      pretrain(o, broken.snippets, {}, hooks);
    };
    interrupt_after(4, options, train);
    options.resume = true;
    interrupt_after(11, options, train);
    pretrain(options, broken.snippets);
    expect_equal_weights(whole.folder() / "model", broken.folder() / "model");
    for (const char* file : {"exits.safetensors", "pretraining.safetensors"}) {
      EXPECT_EQ(read_file(whole.folder() / "last" / file),
                read_file(broken.folder() / "last" / file))
          << file;
    }
    options.mask = 0.3;
    EXPECT_NE(refusal([&] { pretrain(options, broken.snippets); }, ErrorKind::invalid_argument)
                  .find("mask"),
              std::string::npos);
  }
}

TEST(Pretraining, EveryExitIsJudgedAndTheMeanDecides) {
  const PretrainRun run;
  std::vector<ValidationReport> reports;
  TrainHooks hooks;
  hooks.on_validation = [&](const ValidationReport& report) { reports.push_back(report); };
  PretrainOptions options = run.options();
  options.max_steps = 600;
  options.valid_every = 300;
  options.dropout = 0;
  options.learning_rate = 3e-3;
  const TrainReport report = pretrain(options, run.snippets, run.snippets, hooks);
  ASSERT_EQ(reports.size(), 3U);
  const ValidationFigures &before = reports.front().figures, &after = reports.back().figures;
  ASSERT_EQ(after.size(), 9U);
  double sum = 0;
  for (const char* exit : {"exit_1_", "exit_3_"}) {
    const auto at = [&](const char* name) { return std::string(exit) + name; };
    EXPECT_LT(figure(after, at("mlm_loss")), figure(before, at("mlm_loss")));
    EXPECT_LT(figure(after, at("icc_loss")), figure(before, at("icc_loss")));
    sum += figure(after, at("mlm_acc")) + figure(after, at("icc_acc"));
  }
  EXPECT_EQ(after.front().first, "accuracy");
  EXPECT_DOUBLE_EQ(after.front().second, sum / 4);
  EXPECT_GT(figure(after, "exit_3_icc_acc"), 0.9) << "the repositories share no words";
  EXPECT_EQ(report.best, reports[static_cast<std::size_t>(report.best_step / 300)].figures);
}

/// A run of as many steps that changes nothing but what is not frozen.
DualOptions frozen(const PretrainRun& run, const ScratchFolder& output) {
  DualOptions options;
  set_reference_options(options, output.path() / "dual");
  options.model = run.folder() / "model";
  options.batch_size = 8;
  options.max_steps = 1;
  options.freeze_embeddings = true;
  options.freeze_layers = 3;
  return options;
}

TEST(Pretraining, TheResultIsWhereADualEncoderStarts) {
  for (const char* name : {"model", "mose"}) {
    const PretrainRun run(name);
    fs::remove(run.model.path() / "model.safetensors");  // from random weights
    pretrain(run.options(), run.snippets);
    const ModelFolder folder = ModelFolder::open(run.folder() / "model");
    EXPECT_EQ(folder.exits, (std::vector<int>{1, 3}));
    const ScratchFolder output;
    load_trainer().train_dual(frozen(run, output), word_pairs(20), {}, {});
    const Weights before = Weights::open(run.folder() / "model");
    const Weights after = Weights::open(output.path() / "dual/model");
    int compared = 0;
    for (const std::string& weight : after.names()) {
      if (!weight.starts_with("encoder.layer.") && !weight.starts_with("layers.")) continue;
      const std::string own = before.contains(weight) ? weight : "bert." + weight;
      EXPECT_TRUE(at::equal(before.tensor(own), after.tensor(weight))) << weight;
      ++compared;
    }
    EXPECT_GE(compared, 3 * 16);
    EngineOptions engine;
    engine.device = "cpu";
    engine.exit_layer = 1;
    EXPECT_EQ(DualEncoder::open(output.path() / "dual/model", engine)->encode_codes({"w40"}).size(),
              32U);
  }
}

TEST(Pretraining, GoesOnFromItsOwnResultHeadsIncluded) {
  const PretrainRun run("mose");
  pretrain(run.options(), run.snippets);
  PretrainOptions options = run.options();
  options.model = run.folder() / "model";
  const PretrainObjective objective(options, run.snippets, {}, {}, at::kCPU);
  const Weights heads = Weights::open_file(run.folder() / "model/pretraining.safetensors");
  int compared = 0;
  for (const TrainedParameter& parameter : objective.parameters()) {
    if (!heads.contains(parameter.name)) continue;
    EXPECT_TRUE(at::equal(parameter.value, heads.tensor(parameter.name))) << parameter.name;
    ++compared;
  }
  EXPECT_EQ(compared, 5 + 2 * 3) << "of words, and of two exits";
}

TEST(Pretraining, TheFileHasTheTensorsThatTransformersWrites) {
  const PretrainRun run("masked_lm");
  PretrainOptions options = run.options();
  options.max_steps = 1;
  pretrain(options, run.snippets);
  EXPECT_EQ(Weights::open(run.folder() / "model").names(),
            Weights::open(train_data("masked_lm")).names());
  const auto config = nlohmann::json::parse(read_file(run.folder() / "model/config.json"));
  EXPECT_EQ(config.at("architectures"), nlohmann::json({"BertForMaskedLM"}));
}

TEST(Pretraining, TheSmallModelOfTheConfigurationsIsOne) {
  const ModelFolder folder = ModelFolder::open(
      fs::path(SPENCER_TEST_DATA) / "../../configs/mose-small", WeightFiles::optional);
  EXPECT_EQ(folder.family, Family::starcoder2);
  EXPECT_EQ(folder.vocabulary_size,
            Tokenizer::load(deps_model("all-MiniLM-L6-v2"))->vocabulary_size());
}

TEST(Pretraining, FrozenLayersStayAndTheHeadsAboveLearn) {
  const PretrainRun run;
  PretrainOptions options = run.options();
  options.freeze_embeddings = true;
  options.freeze_layers = 3;
  pretrain(options, run.snippets);
  const Weights before = Weights::open(run.model.path());
  const Weights after = Weights::open(run.folder() / "model");
  for (const char* name :
       {"bert.embeddings.word_embeddings.weight", "bert.encoder.layer.2.output.dense.weight"}) {
    EXPECT_TRUE(at::equal(before.tensor(name), after.tensor(name))) << name;
  }
}

TEST(Pretraining, LongSnippetsAreCutToTheLength) {
  const PretrainRun run;
  SnippetSet snippets;
  std::string code;
  for (int i = 0; i < 500; ++i) code += "w" + std::to_string(40 + i % 50) + " ";
  for (int i = 0; i < 4; ++i) snippets.add({"", i < 2 ? "a" : "b", code + std::to_string(i)});
  PretrainOptions options = run.options();
  options.length = 16;
  const PretrainObjective objective(options, snippets, {}, {}, at::kCPU);
  const auto batch = objective.prepare(0);
  for (const MaskedInput& input : dynamic_cast<const PretrainObjective::Batch&>(*batch).inputs) {
    EXPECT_EQ(input.input.ids.size(), 16U);
    EXPECT_EQ(input.positions.size(), 2U) << "15% of 13";
  }
}

TEST(Pretraining, SnippetsWithoutTokensAreReadAtTheSpecialTokenBefore) {
  const PretrainRun run;
  SnippetSet snippets;
  for (const char* repository : {"a", "b"}) {
    snippets.add({"", repository, std::string("w40 ") + repository});
    snippets.add({"", repository, *repository == 'a' ? "\u200b" : "\u200b\u200b"});  // no token
  }
  PretrainOptions options = run.options();
  options.valid_pairs = 0;
  PretrainObjective objective(options, snippets, snippets, {}, at::kCPU);
  const auto batch = objective.prepare(0);
  const auto& inputs = dynamic_cast<const PretrainObjective::Batch&>(*batch).inputs;
  EXPECT_TRUE(std::ranges::any_of(inputs, [](const MaskedInput& masked) {
    return masked.input.second.begin == masked.input.second.end;
  }));
  for (const auto& [name, loss] : objective.backward(*batch, 1, 0)) {
    EXPECT_TRUE(std::isfinite(loss)) << name;
  }
  for (const auto& [name, value] : objective.validate()) EXPECT_TRUE(std::isfinite(value)) << name;
}

TEST(Pretraining, WhatCannotBeTrainedOnIsRefused) {
  const PretrainRun run;
  EXPECT_NE(
      refusal([&] { pretrain(run.options(), word_snippets(1, 20)); }, ErrorKind::invalid_argument)
          .find("two repositories"),
      std::string::npos);
  EXPECT_NE(refusal([&] { pretrain(run.options(), run.snippets, word_snippets(1, 20)); },
                    ErrorKind::invalid_argument)
                .find("held-out"),
            std::string::npos);
  const auto refused = [&](const std::function<void(PretrainOptions&)>& change) {
    PretrainOptions options = run.options();
    change(options);
    return refusal([&] { pretrain(options, run.snippets); }, ErrorKind::invalid_argument);
  };
  refused([](auto& options) { options.mask = 0; });
  refused([](auto& options) { options.mask = 1; });
  refused([](auto& options) { options.mlm_weight = -1; });
  refused([](auto& options) { options.mlm_weight = options.icc_weight = 0; });
  refused([](auto& options) { options.exits = {3, 1}; });
  refused([](auto& options) { options.exits = {2, 9}; });
  refused([](auto& options) { options.exit_weights = {1}; });
  refused([](auto& options) { options.length = 3; });
}

}  // namespace
}  // namespace spencer
