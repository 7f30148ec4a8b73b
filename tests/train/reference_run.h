// Runs of an objective against PyTorch's on the same batches (scripts/golden/train_reference.py).
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/nn/safetensors.h"
#include "spencer/train/loop.h"

#include "nn/unsplit.h"
#include "train/train_test_support.h"

namespace spencer {

using nlohmann::json;

inline std::vector<TokenSequence> sequences(const json& texts) {
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

inline NamedTensors gradients_of(const Objective& objective) {
  NamedTensors all;
  for (const TrainedParameter& parameter : objective.parameters()) {
    all.emplace_back(parameter.name, parameter.value.grad());
  }
  return all;
}

inline NamedTensors weights_of(const Objective& objective) {
  NamedTensors all;
  for (const TrainedParameter& parameter : objective.parameters()) {
    all.emplace_back(parameter.name, parameter.value);
  }
  return all;
}

inline void clear_gradients(const Objective& objective) {
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

}  // namespace spencer
