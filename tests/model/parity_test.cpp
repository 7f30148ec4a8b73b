// Hidden states, embeddings and scores against what transformers computes (scripts/golden).
#include <functional>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/model/engine.h"
#include "spencer/model/model_folder.h"
#include "spencer/nn/classifier.h"
#include "spencer/nn/encoder.h"

#include "bfloat16.h"
#include "model/golden.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kTinyLayers = 4;  // of the deepest tiny model

/// Each layer's states against the golden ones.
/// @param type what is computed in
/// @param error what is allowed after so many layers, for a text of so many tokens
void expect_hidden_states(
    const fs::path& folder_path, const std::string& golden_name, at::ScalarType type,
    const std::function<double(std::int64_t layers, std::int64_t length)>& error) {
  const c10::InferenceMode inference;
  const Golden golden(golden_name);
  const ModelFolder folder = ModelFolder::open(folder_path);
  const auto encoder = make_encoder(folder);
  load_parameters(*encoder, Weights::open(folder_path));
  encoder->visit([&](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
    parameter = parameter.to(type);
  });
  std::vector<SequenceView> views;
  for (const TokenSequence& sequence : golden.sequences) views.push_back({sequence.ids, {}});
  const PackedBatch batch = pack(views, folder);
  const auto states = encoder->hidden_states(batch);
  ASSERT_EQ(static_cast<std::int64_t>(states.size()), folder.layers + 1);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto length = static_cast<std::int64_t>(views[i].ids.size());
    const at::Tensor ours = sampled(states, start, length), theirs = golden.of(i, "hidden");
    for (std::int64_t layers = 0; layers <= folder.layers; ++layers) {
      EXPECT_LE(relative_difference(ours[layers], theirs[layers]), error(layers, length))
          << golden_name << ", sequence " << i << ", layer " << layers;
    }
    start += length;
  }
}

std::function<double(std::int64_t, std::int64_t)> float32_states(std::int64_t width) {
  return [=](std::int64_t layers, std::int64_t) { return states_error(layers, width); };
}

double tiny_rotary_states(std::int64_t layers, std::int64_t length) {
  return states_error(layers, kTinyWidth) + rotary_error(layers, length);
}

/// All of them: one alone may be small beside the terms it is the sum of. The head counts as a
/// layer.
at::Tensor golden_scores(const Golden& golden) {
  std::vector<at::Tensor> scores;
  for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
    scores.push_back(golden.of(i, "score"));
  }
  return at::cat(scores);
}

void expect_embeddings(const std::string& name, std::int64_t layers, std::int64_t width) {
  const Golden golden(name);
  const at::Tensor ours = encode(deps_model(name), golden.sequences, cpu(Precision::float32));
  for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
    const at::Tensor vector = ours[static_cast<std::int64_t>(i)];
    EXPECT_LE(relative_difference(vector, golden.of(i, "embedding")), states_error(layers, width))
        << name << ", text " << i;
    EXPECT_NEAR(vector.norm().item<double>(), 1, chain_error(2, vector.numel()));
  }
}

}  // namespace

TEST(HiddenStates, OfMiniLm) {
  expect_hidden_states(deps_model("all-MiniLM-L6-v2"), "all-MiniLM-L6-v2", at::kFloat,
                       float32_states(1536));
}
TEST(HiddenStates, OfMpnet) {
  expect_hidden_states(deps_model("all-mpnet-base-v2"), "all-mpnet-base-v2", at::kFloat,
                       float32_states(3072));
}
TEST(HiddenStates, OfTinyModels) {
  for (const char* name : {"tiny-bert", "tiny-roberta", "tiny-mpnet"}) {
    expect_hidden_states(model_data(name), name, at::kFloat, float32_states(kTinyWidth));
  }
  expect_hidden_states(model_data("tiny-starcoder2"), "tiny-starcoder2", at::kFloat,
                       tiny_rotary_states);
}
TEST(HiddenStates, OfShards) {
  expect_hidden_states(model_data("tiny-roberta-sharded"), "tiny-roberta", at::kFloat,
                       float32_states(kTinyWidth));
  expect_hidden_states(model_data("tiny-starcoder2-sharded"), "tiny-starcoder2-sharded", at::kFloat,
                       tiny_rotary_states);
}

// The formulas themselves: in float64, nothing is left between ours and the golden values but the
// one rounding that they are stored with. A norm's other epsilon, or another gelu, shows.
TEST(HiddenStates, InFloat64AreThoseOfTheReferenceToTheLastBitStored) {
  const auto stored = [](std::int64_t, std::int64_t) { return kRounding; };
  for (const char* name : {"tiny-bert", "tiny-roberta", "tiny-mpnet"}) {
    expect_hidden_states(model_data(name), name, at::kDouble, stored);
  }
  expect_hidden_states(deps_model("all-MiniLM-L6-v2"), "all-MiniLM-L6-v2", at::kDouble, stored);
}

// Rotary angles are float32 whatever the states are, as in transformers.
TEST(HiddenStates, InFloat64WithRotaryPositionsAreThoseOfTheReferenceButForTheAngles) {
  for (const char* name : {"tiny-starcoder2", "tiny-starcoder2-sharded"}) {
    expect_hidden_states(model_data(name), name, at::kDouble,
                         [](std::int64_t layers, std::int64_t length) {
                           return kRounding + rotary_error(layers, length);
                         });
  }
}

// The files are rounded to 11 and 8 bits, and each weight takes part in one product.
TEST(HiddenStates, OfHalfPrecisionFiles) {
  const auto rounded_to = [](double rounding) {
    return [=](std::int64_t layers, std::int64_t) { return short_states_error(layers, rounding); };
  };
  expect_hidden_states(model_data("tiny-roberta-float16"), "tiny-roberta", at::kFloat,
                       rounded_to(kFloat16Rounding));
  expect_hidden_states(model_data("tiny-roberta-bfloat16"), "tiny-roberta", at::kFloat,
                       rounded_to(kBfloat16Rounding));
}

// As on a device: all parameters in bfloat16, nothing packed.
TEST(HiddenStates, OfParametersInBfloat16) {
  const c10::InferenceMode inference;
  for (const char* name : {"tiny-bert", "tiny-roberta", "tiny-mpnet", "tiny-starcoder2"}) {
    const Golden golden(name);
    const ModelFolder folder = ModelFolder::open(model_data(name));
    const auto encoder = make_encoder(folder);
    load_parameters(*encoder, Weights::open(folder.path));
    encoder->visit([](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
      parameter = parameter.to(at::kBFloat16);
    });
    const SequenceView view{golden.sequences[4].ids, {}};
    const auto states = encoder->hidden_states(pack(std::span(&view, 1), folder));
    EXPECT_EQ(states.back().scalar_type(), at::kBFloat16);
    const at::Tensor ours = sampled(states, 0, static_cast<std::int64_t>(view.ids.size()));
    EXPECT_LE(relative_difference(ours, golden.of(4, "hidden")),
              short_states_error(folder.layers, kBfloat16Rounding))
        << name;
  }
}

TEST(Embeddings, OfRealModelsInFloat32) {
  expect_embeddings("all-MiniLM-L6-v2", 6, 1536);
  expect_embeddings("all-mpnet-base-v2", 12, 3072);
}

TEST(Embeddings, OfRealModelsInBfloat16) {
  for (const auto& [name, layers] : {std::pair("all-MiniLM-L6-v2", 6), {"all-mpnet-base-v2", 12}}) {
    const Golden golden(name);
    at::Tensor ours;
    if (!computed_in_bfloat16(
            [&] { ours = encode(deps_model(name), golden.sequences, cpu(Precision::bfloat16)); })) {
      return;
    }
    for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
      EXPECT_LE(relative_difference(ours[static_cast<std::int64_t>(i)], golden.of(i, "embedding")),
                short_states_error(layers, kBfloat16Rounding))
          << name << ", text " << i;
    }
  }
}

TEST(Embeddings, InBfloat16AreRefusedBeforeAnyWeightIsRead) {
  const ProcessesWithoutAvx512 limited;
  EXPECT_EXIT(exit_refused([] {
                const ChangedFolder folder("tiny-bert");
                folder.write("model.safetensors", "damaged");
                load_engine().text_encoder(folder.path(), cpu(Precision::bfloat16));
              }),
              ::testing::ExitedWithCode(0), ::testing::HasSubstr(kBfloat16Refusal));
}

// Packed weights and fused operations against the plain layers, on the same inputs.
TEST(Embeddings, OfTheFastPathEqualThoseOfThePlainOne) {
  for (const char* name :
       {"tiny-bert", "tiny-roberta", "tiny-mpnet", "tiny-starcoder2", "tiny-starcoder2-sharded"}) {
    const Golden golden(name);
    EngineOptions plain = cpu(Precision::float32);
    plain.few_inputs = true;
    const at::Tensor expected = encode(model_data(name), golden.sequences, plain);
    for (const std::int64_t batch_tokens : {0, 1, 30}) {
      EngineOptions packed = cpu(Precision::float32);
      packed.batch_tokens = batch_tokens;
      const at::Tensor ours = encode(model_data(name), golden.sequences, packed);
      EXPECT_LE(relative_difference(ours, expected), 2 * states_error(kTinyLayers, kTinyWidth))
          << name << ", batch " << batch_tokens;
    }
  }
}

TEST(Embeddings, PoolingComesFromTheFolder) {
  const Golden golden("tiny-roberta");
  for (const std::string pooling : {"cls", "mean"}) {
    const ScratchFolder folder;
    folder.fill_from(model_data("tiny-roberta"));
    write_file_atomically(folder.path() / "modules.json",
                          R"([{"type": "sentence_transformers.models.Transformer", "path": ""},
                              {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
                              {"type": "sentence_transformers.models.Normalize", "path": "2"}])");
    fs::create_directory(folder.path() / "1_Pooling");
    write_file_atomically(
        folder.path() / "1_Pooling" / "config.json",
        pooling == "cls"
            ? R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})"
            : R"({"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true})");
    const at::Tensor ours = encode(folder.path(), golden.sequences, cpu(Precision::float32));
    for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
      EXPECT_LE(relative_difference(ours[static_cast<std::int64_t>(i)], golden.of(i, pooling)),
                states_error(3, kTinyWidth));
    }
  }
}

TEST(Gradients, OfStarcoder2AreThoseOfTransformers) {
  const Golden golden("tiny-starcoder2");
  const ModelFolder folder = ModelFolder::open(model_data("tiny-starcoder2"));
  const auto encoder = make_encoder(folder);
  load_parameters(*encoder, Weights::open(folder.path));
  encoder->visit([](const std::string&, at::Tensor& parameter, at::IntArrayRef) {
    parameter.requires_grad_();
  });
  const SequenceView view{golden.sequences[5].ids, {}};
  const at::Tensor state = encoder->forward(pack(std::span(&view, 1), folder));
  (state * golden.values.tensor("gradient_weights")).sum().backward();
  int compared = 0;
  encoder->visit([&](const std::string& name, at::Tensor& parameter, at::IntArrayRef) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    if (!golden.values.contains("gradient." + name)) return;
    const at::Tensor expected = golden.values.tensor("gradient." + name);
    EXPECT_LE(relative_difference(parameter.grad(), expected),
              gradient_error(folder.layers, kTinyWidth, /*of_scores=*/0))
        << name;
    ++compared;
  });
  EXPECT_EQ(compared, 5);
}

// The state after two layers of three is that of the golden file's third row.
TEST(Exits, StopAfterTheirLayer) {
  const c10::InferenceMode inference;
  const Golden golden("tiny-bert");
  const ModelFolder folder = ModelFolder::open(model_data("tiny-bert"));
  const auto encoder = make_encoder(folder);
  load_parameters(*encoder, Weights::open(folder.path));
  const SequenceView view{golden.sequences[4].ids, {}};
  const PackedBatch batch = pack(std::span(&view, 1), folder);
  ForwardOptions options;
  options.exit_layer = 2;
  const auto length = static_cast<std::int64_t>(view.ids.size());
  const at::Tensor state = sampled({encoder->forward(batch, options)}, 0, length)[0];
  EXPECT_LE(relative_difference(state, golden.of(4, "hidden")[2]), states_error(2, kTinyWidth));
  EXPECT_GT(relative_difference(state, golden.of(4, "hidden")[3]), 0.1);
  options.exit_layer = 4;
  EXPECT_THROW(encoder->forward(batch, options), Error);
}

TEST(Scores, OfTinyCrossEncoders) {
  for (const char* name : {"tiny-bert", "tiny-roberta", "tiny-mpnet"}) {
    const Golden golden(name);
    const auto scorer = load_engine().pair_scorer(model_data(name), cpu(Precision::float32));
    std::vector<float> scores(golden.sequences.size());
    scorer->score(golden.sequences, scores);
    EXPECT_LE(relative_difference(at::tensor(scores), golden_scores(golden)),
              states_error(3 + 1, kTinyWidth))
        << name;
  }
}

// The real encoder's file and the random head's are two shards of one model.
TEST(Scores, OfMiniLmUnderARandomHead) {
  const ScratchFolder folder;
  const fs::path minilm = deps_model("all-MiniLM-L6-v2");
  fs::create_symlink(minilm / "model.safetensors", folder.path() / "encoder.safetensors");
  fs::create_symlink(model_data("minilm-head.safetensors"), folder.path() / "head.safetensors");
  write_file_atomically(folder.path() / "model.safetensors.index.json",
                        R"({"weight_map": {"a": "encoder.safetensors", "b": "head.safetensors"}})");
  std::string config = read_file(minilm / "config.json");
  config.replace(config.find("BertModel"), 9, "BertForSequenceClassification");
  config.insert(config.find('{') + 1, R"("id2label": {"0": "LABEL_0"},)");
  write_file_atomically(folder.path() / "config.json", config);
  const Golden golden("minilm-cross");
  const auto scorer = load_engine().pair_scorer(folder.path(), cpu(Precision::float32));
  std::vector<float> scores(golden.sequences.size());
  scorer->score(golden.sequences, scores);
  EXPECT_LE(relative_difference(at::tensor(scores), golden_scores(golden)),
            states_error(6 + 1, 1536));
}

}  // namespace spencer
