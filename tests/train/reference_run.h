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
#include "rounding.h"
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

  /// Hands each named tensor, sampled, to `compare` with the reference's, and all that the
  /// reference has must be there. Those `unseen` by the loss are left out: their gradients are
  /// rounding noise.
  template <typename Compare>
  void expect(const std::string& kind, const NamedTensors& ours, const Compare& compare) const {
    std::size_t compared = 0;
    for (const auto& [name, tensor] : ours) {
      if (std::find(unseen.begin(), unseen.end(), name) != unseen.end()) continue;
      ASSERT_TRUE(tensors.contains(kind + "/" + name)) << name;
      compare(kind + " of " + name, sampled(tensor), tensors.tensor(kind + "/" + name));
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

/// What the tiny models of the reference runs compute.
inline constexpr std::int64_t kLayers = 3, kDimension = 32, kWidth = 48;
inline constexpr std::int64_t kBatchTokens = 360;  // no batch has more

/// @param scale what the loss multiplies cosines with; 0 if it has none
/// @param dimension the fewest numbers that a cosine is taken of
template <typename Target>
void expect_parity(const Reference& reference, Target& objective, const TrainOptions& options,
                   double scale, std::int64_t dimension = kDimension) {
  const UnsplitOperations unsplit;
  const double of_states = states_error(kLayers, kWidth);
  const double of_scores = similarity_error(scale, of_states, dimension);
  const double of_gradients = gradient_error(kLayers, kBatchTokens, of_scores);
  const auto first = objective.prepare(0);
  objective.backward(*first, 1, 0);
  reference.expect("gradient", gradients_of(objective),
                   [&](const std::string& what, const at::Tensor& ours, const at::Tensor& theirs) {
                     EXPECT_LE(relative_difference(ours, theirs), of_gradients) << what;
                   });
  clear_gradients(objective);

  std::vector<StepReport> steps;
  TrainHooks hooks;
  hooks.on_step = [&](const StepReport& step) { steps.push_back(step); };
  run_training(objective, options, hooks, at::kCPU);
  ASSERT_EQ(steps.size(), 20U);
  double way = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto theirs = [&](const char* name) {
      return reference.fields.at(name)[i].template get<double>();
    };
    EXPECT_DOUBLE_EQ(steps[i].learning_rate, theirs("learning_rate"));
    // A cross-entropy moves by at most twice what its logits do, and along the weights' errors.
    const double of_weights = adam_error(of_gradients, way, steps[i].step - 1, /*size=*/1);
    EXPECT_NEAR(steps[i].loss, theirs("loss"),
                2 * of_scores + 2 * of_states * std::max(1.0, theirs("loss")) +
                    theirs("grad_norm") * of_weights)
        << "step " << i;
    way += steps[i].learning_rate;
  }
  const double norm = reference.fields.at("grad_norm")[0].template get<double>();
  EXPECT_NEAR(steps[0].gradient_norm, norm, of_gradients * norm);
  reference.expect("weight", weights_of(objective),
                   [&](const std::string& what, const at::Tensor& ours, const at::Tensor& theirs) {
                     const double size = theirs.square().mean().sqrt().item<double>();
                     EXPECT_LE(usual_difference(ours, theirs),
                               adam_error(of_gradients, way, options.max_steps, size))
                         << what;
                   });
}

}  // namespace spencer
