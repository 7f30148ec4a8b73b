// Losses, gradients and weights against PyTorch's on the same batches (scripts/golden/
// train_reference.py): 20 steps of AdamW.
#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/nn/safetensors.h"
#include "spencer/train/loop.h"

#include "train/cross_objective.h"
#include "train/dual_objective.h"
#include "train/parallel.h"
#include "train/train_test_support.h"

namespace spencer {
namespace {

using nlohmann::json;

std::vector<TokenSequence> sequences(const json& texts) {
  std::vector<TokenSequence> all;
  for (const json& ids : texts) all.push_back({ids.get<TokenIds>(), {}});
  return all;
}

/// What PyTorch computed.
struct Reference {
  explicit Reference(const std::string& name)
      : fields(json::parse(read_file(train_data(name + ".json")))),
        tensors(Weights::open_file(train_data(name + ".safetensors"))),
        unseen(fields.at("unseen").get<std::vector<std::string>>()) {}

  /// A tensor as the script keeps it: every fifth element.
  static at::Tensor sampled(const at::Tensor& tensor) {
    return tensor.detach().reshape({-1}).slice(0, 0, std::nullopt, 5);
  }

  /// Compares each named tensor, and all that the reference has must be there. Those `unseen` by
  /// the loss are left out: their gradients are rounding noise.
  void expect(const std::string& kind, const NamedTensors& ours, double tolerance) const {
    std::size_t compared = 0;
    for (const auto& [name, tensor] : ours) {
      if (std::find(unseen.begin(), unseen.end(), name) != unseen.end()) {
        compared += tensors.contains(kind + "/" + name) ? 1 : 0;
        continue;
      }
      ASSERT_TRUE(tensors.contains(kind + "/" + name)) << name;
      const at::Tensor theirs = tensors.tensor(kind + "/" + name);
      const at::Tensor mine = sampled(tensor);
      ASSERT_EQ(mine.sizes(), theirs.sizes()) << name;
      const double difference = (mine - theirs).abs().max().item<double>();
      const double scale = std::max(theirs.abs().max().item<double>(), 1e-3);
      EXPECT_LT(difference, tolerance * scale) << kind << " of " << name;
      ++compared;
    }
    std::size_t held = 0;
    for (const std::string& name : tensors.names()) held += name.starts_with(kind + "/") ? 1 : 0;
    EXPECT_EQ(compared, held) << kind;
  }

  json fields;
  Weights tensors;
  std::vector<std::string> unseen;
};

/// An objective of the library that is given its batches.
template <typename Base>
class Scripted : public Base {
 public:
  using Base::Base;
  std::function<std::unique_ptr<TrainingBatch>(std::int64_t)> script;
  std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const override {
    return script(number);
  }
};

NamedTensors gradients_of(const Objective& objective) {
  NamedTensors all;
  for (const TrainedParameter& parameter : objective.parameters()) {
    all.emplace_back(parameter.name, parameter.value.grad());
  }
  return all;
}

NamedTensors weights_of(const Objective& objective) {
  NamedTensors all;
  for (const TrainedParameter& parameter : objective.parameters()) {
    all.emplace_back(parameter.name, parameter.value);
  }
  return all;
}

void clear_gradients(const Objective& objective) {
  for (TrainedParameter& parameter : objective.parameters()) parameter.value.mutable_grad().reset();
}

template <typename Target>
void expect_parity(const Reference& reference, Target& objective, const TrainOptions& options) {
  const UnsplitOperations unsplit;
  const auto first = objective.prepare(0);
  objective.backward(*first, 1, 0);
  reference.expect("gradient", gradients_of(objective), 1e-5);
  clear_gradients(objective);

  std::vector<StepReport> steps;
  TrainHooks hooks;
  hooks.on_step = [&](const StepReport& step) { steps.push_back(step); };
  run_training(objective, options, hooks, at::kCPU);
  ASSERT_EQ(steps.size(), 20U);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto near = [&](double ours, const char* name) {
      const double theirs = reference.fields.at(name)[i].template get<double>();
      EXPECT_NEAR(ours, theirs, 1e-5 * std::max(1.0, std::abs(theirs))) << name << " " << i;
    };
    near(steps[i].loss, "loss");
    near(steps[i].learning_rate, "learning_rate");
  }
  EXPECT_NEAR(steps[0].gradient_norm, reference.fields.at("grad_norm")[0].template get<double>(),
              1e-4);
  reference.expect("weight", weights_of(objective), 1e-4);
}

void expect_dual_parity(const std::string& name, std::int64_t chunk_size, bool recompute) {
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
    const Texts& step = texts[static_cast<std::size_t>(number) % texts.size()];
    for (const TokenSequence& text : step.queries) batch->queries.push_back(&text);
    for (const TokenSequence& text : step.codes) batch->codes.push_back(&text);
    return batch;
  };
  expect_parity(reference, objective, options);
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
  expect_parity(reference, objective, options);
}

TEST(TrainingParity, Contrastive) { expect_dual_parity("dual", 0, false); }
TEST(TrainingParity, ContrastiveInPiecesWithCachedGradients) {
  expect_dual_parity("dual", 2, false);
}
TEST(TrainingParity, ContrastiveWithLayersComputedAgain) { expect_dual_parity("dual", 0, true); }
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

}  // namespace
}  // namespace spencer
