// Losses, gradients and weights against PyTorch's on the same batches (scripts/golden/
// train_reference.py): 20 steps of AdamW.
#include <gtest/gtest.h>

#include "train/cross_objective.h"
#include "train/dual_objective.h"
#include "train/pretrain_objective.h"
#include "train/reference_run.h"

namespace spencer {
namespace {

constexpr double kInContextScale = 10;  // what the in-context heads start with

void expect_dual_parity(const std::string& name, std::int64_t chunk_size, bool recompute,
                        bool code_queries = false) {
  const Reference reference(name);
  const json& settings = reference.fields.at("options");
  const TinyModel model;
  const ScratchFolder output;
  DualOptions options;
  set_reference_options(options, output.path() / "run");
  options.model = model.path();
  options.chunk_size = chunk_size;
  options.recompute = recompute;
  options.symmetric = settings.at("symmetric");
  options.learn_scale = settings.at("learn_scale");
  if (settings.contains("dimensions") && settings.at("dimensions").size() > 1) {
    options.dimensions = settings.at("dimensions").get<std::vector<std::int64_t>>();
  }
  if (settings.contains("exits")) {
    options.exits = settings.at("exits").get<std::vector<int>>();
    options.self_distill = settings.at("self_distill");
  }
  struct Texts {
    std::vector<TokenSequence> queries, codes;
  };
  std::vector<Texts> texts;
  for (const json& batch : reference.fields.at("batches")) {
    texts.push_back({sequences(batch.at("queries")), sequences(batch.at("codes"))});
    if (!batch.contains("negatives")) continue;
    for (const json& negatives : batch.at("negatives")) {
      for (TokenSequence& text : sequences(negatives)) texts.back().codes.push_back(text);
    }
  }
  const PairSet pairs = word_pairs(6);
  Scripted<DualObjective> objective(options, pairs, DualValidator(), TrainHooks(), at::kCPU);
  objective.script = [&](std::int64_t number) {
    auto batch = std::make_unique<DualObjective::Batch>();
    batch->code_queries = code_queries;
    const Texts& step = texts[static_cast<std::size_t>(number) % texts.size()];
    for (const TokenSequence& text : step.queries) batch->queries.push_back(&text);
    for (const TokenSequence& text : step.codes) batch->codes.push_back(&text);
    return batch;
  };
  const auto narrowest = options.dimensions.empty() ? kDimension : options.dimensions.back();
  expect_parity(reference, objective, options, settings.at("scale"), narrowest);
}

void expect_cross_parity(const std::string& name, PairLoss loss, std::int64_t chunk_size) {
  const Reference reference(name);
  const TinyModel model;
  const ScratchFolder output;
  CrossOptions options;
  set_reference_options(options, output.path() / "run");
  options.learning_rate = 1e-3;
  options.model = model.path();
  options.chunk_size = chunk_size;
  options.loss = loss;
  options.random_negatives = true;
  const PairSet pairs = word_pairs(6);
  Scripted<CrossObjective> objective(options, pairs, CrossValidator(), TrainHooks(), at::kCPU);
  objective.script = [&](std::int64_t number) {
    const json& step = reference.fields.at("batches")[static_cast<std::size_t>(number) % 20];
    auto batch = std::make_unique<CrossObjective::Batch>();
    const auto add = [&](const json& ids, const json& types) {
      batch->inputs.push_back({ids.get<TokenIds>(), types.get<TokenIds>()});
    };
    if (loss == PairLoss::pairs) {  // right and wrong ones take turns
      for (std::size_t i = 0; i < step.at("pairs").size(); ++i) {
        EXPECT_EQ(step.at("labels")[i].get<int>(), i % 2 == 0 ? 1 : 0);
        add(step.at("pairs")[i], step.at("types")[i]);
        if (i % 2 == 0) batch->sizes.push_back(2);
      }
    } else {
      for (std::size_t i = 0; i < step.at("groups").size(); ++i) {
        const json& group = step.at("groups")[i];
        for (std::size_t j = 0; j < group.size(); ++j) add(group[j], step.at("types")[i][j]);
        batch->sizes.push_back(group.size());
      }
    }
    return batch;
  };
  expect_parity(reference, objective, options, /*scale=*/0);
}

void expect_pretrain_parity(const std::string& name, std::int64_t chunk_size, bool recompute) {
  const Reference reference(name);
  const json& settings = reference.fields.at("options");
  const TinyModel model(reference.fields.at("model"));
  const ScratchFolder output;
  PretrainOptions options;
  set_reference_options(options, output.path() / "run");
  options.model = model.path();
  options.chunk_size = chunk_size;
  options.recompute = recompute;
  options.exits = settings.at("exits").get<std::vector<int>>();
  options.mlm_weight = settings.at("mlm_weight");
  options.icc_weight = settings.at("icc_weight");
  const SnippetSet snippets = word_snippets(2, 4);
  Scripted<PretrainObjective> objective(options, snippets, SnippetSet(), TrainHooks(), at::kCPU);
  objective.script = [&](std::int64_t number) {
    const json& step = reference.fields.at("batches")[static_cast<std::size_t>(number) % 20];
    auto batch = std::make_unique<PretrainObjective::Batch>();
    for (std::size_t i = 0; i < step.at("inputs").size(); ++i) {
      const auto span = [&](const char* text) {
        const json& places = step.at(text)[i];
        return TokenSpan{places[0], places[1]};
      };
      batch->inputs.push_back({{step.at("inputs")[i].get<TokenIds>(),
                                step.at("types")[i].get<TokenIds>(), span("first"), span("second")},
                               step.at("positions")[i].get<std::vector<std::int32_t>>(),
                               step.at("targets")[i].get<TokenIds>()});
      batch->same_repository.push_back(step.at("labels")[i].get<int>() == 1);
    }
    return batch;
  };
  expect_parity(reference, objective, options, kInContextScale);
}

TEST(TrainingParity, Contrastive) { expect_dual_parity("dual", 0, false); }
TEST(TrainingParity, ContrastiveInPiecesWithCachedGradients) {
  expect_dual_parity("dual", 2, false);
}
TEST(TrainingParity, ContrastiveWithLayersComputedAgain) { expect_dual_parity("dual", 0, true); }
TEST(TrainingParity, ContrastiveWithCodesAsQueries) {
  expect_dual_parity("dual", 0, false, /*code_queries=*/true);
}
TEST(TrainingParity, SymmetricLearnedScaleNegativesAndMatryoshka) {
  expect_dual_parity("dual_full", 0, false);
}
TEST(TrainingParity, ExitsTrainedTogetherWithSelfDistillation) {
  expect_dual_parity("exits", 0, false);
}
TEST(TrainingParity, ExitsInPiecesComputedAgain) { expect_dual_parity("exits", 2, true); }
TEST(TrainingParity, PairClassification) { expect_cross_parity("cross", PairLoss::pairs, 0); }
TEST(TrainingParity, PairClassificationInPieces) {
  expect_cross_parity("cross", PairLoss::pairs, 4);
}
TEST(TrainingParity, Listwise) { expect_cross_parity("cross_listwise", PairLoss::listwise, 0); }
TEST(TrainingParity, Pretraining) { expect_pretrain_parity("pretrain", 0, false); }
TEST(TrainingParity, PretrainingInPiecesComputedAgain) {
  expect_pretrain_parity("pretrain", 2, true);
}
TEST(TrainingParity, PretrainingOfAPreNormEncoder) {
  expect_pretrain_parity("pretrain_mose", 0, false);
}

}  // namespace
}  // namespace spencer
