// Hidden states, embeddings and scores against what transformers computes (scripts/golden).
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/model/engine.h"
#include "spencer/model/model_folder.h"
#include "spencer/nn/classifier.h"
#include "spencer/nn/encoder.h"

#include "model/golden.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

void expect_hidden_states(const fs::path& folder_path, const std::string& golden_name,
                          double tolerance) {
  const c10::InferenceMode inference;
  const Golden golden(golden_name);
  const ModelFolder folder = ModelFolder::open(folder_path);
  const auto encoder = make_encoder(folder);
  load_parameters(*encoder, Weights::open(folder_path));
  std::vector<SequenceView> views;
  for (const TokenSequence& sequence : golden.sequences) views.push_back({sequence.ids, {}});
  const PackedBatch batch = pack(views, folder);
  const auto states = encoder->hidden_states(batch);
  ASSERT_EQ(static_cast<std::int64_t>(states.size()), folder.layers + 1);
  std::int64_t start = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto length = static_cast<std::int64_t>(views[i].ids.size());
    EXPECT_LT(largest_difference(sampled(states, start, length), golden.of(i, "hidden")), tolerance)
        << golden_name << ", sequence " << i;
    start += length;
  }
}

void expect_embeddings(const std::string& name, Precision precision, double least_cosine) {
  const Golden golden(name);
  const at::Tensor ours = encode(deps_model(name), golden.sequences, cpu(precision));
  for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
    const at::Tensor vector = ours[static_cast<std::int64_t>(i)];
    EXPECT_GE(cosine(vector, golden.of(i, "embedding")), least_cosine) << name << ", text " << i;
    EXPECT_NEAR(vector.norm().item<double>(), 1, 1e-5);
  }
}

}  // namespace

TEST(HiddenStates, OfMiniLm) {
  expect_hidden_states(deps_model("all-MiniLM-L6-v2"), "all-MiniLM-L6-v2", 1e-5);
}
TEST(HiddenStates, OfMpnet) {
  expect_hidden_states(deps_model("all-mpnet-base-v2"), "all-mpnet-base-v2", 1e-5);
}
TEST(HiddenStates, OfTinyModels) {
  for (const char* name : {"tiny-bert", "tiny-roberta", "tiny-mpnet", "tiny-starcoder2"}) {
    expect_hidden_states(model_data(name), name, 1e-5);
  }
}
TEST(HiddenStates, OfShards) {
  expect_hidden_states(model_data("tiny-roberta-sharded"), "tiny-roberta", 1e-5);
  expect_hidden_states(model_data("tiny-starcoder2-sharded"), "tiny-starcoder2-sharded", 1e-5);
}
// The files are rounded to 11 and 8 bits; the states of three random layers show it.
TEST(HiddenStates, OfHalfPrecisionFiles) {
  expect_hidden_states(model_data("tiny-roberta-float16"), "tiny-roberta", 2e-2);
  expect_hidden_states(model_data("tiny-roberta-bfloat16"), "tiny-roberta", 2e-1);
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
    EXPECT_GT(cosine(ours, golden.of(4, "hidden")), 0.999) << name;
  }
}

TEST(Embeddings, OfRealModelsInFloat32) {
  expect_embeddings("all-MiniLM-L6-v2", Precision::float32, 0.999999);
  expect_embeddings("all-mpnet-base-v2", Precision::float32, 0.999999);
}

// Real texts, with all that rounding to 8 bits does to them.
TEST(Embeddings, OfRealModelsInBfloat16) {
  for (const char* name : {"all-MiniLM-L6-v2", "all-mpnet-base-v2"}) {
    const Golden golden(name);
    const at::Tensor ours = encode(deps_model(name), golden.sequences, cpu(Precision::bfloat16));
    double sum = 0;
    for (std::size_t i = 0; i < golden.sequences.size(); ++i) {
      sum += cosine(ours[static_cast<std::int64_t>(i)], golden.of(i, "embedding"));
    }
    EXPECT_GT(sum / static_cast<double>(golden.sequences.size()), 0.9999) << name;
  }
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
      EXPECT_LT(largest_difference(ours, expected), 1e-5) << name << ", batch " << batch_tokens;
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
      EXPECT_LT(largest_difference(ours[static_cast<std::int64_t>(i)], golden.of(i, pooling)),
                1e-5);
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
    EXPECT_LT(largest_difference(parameter.grad(), expected),
              1e-5 * expected.abs().max().item<double>())
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
  EXPECT_LT(largest_difference(state, golden.of(4, "hidden")[2]), 1e-5);
  EXPECT_GT(largest_difference(state, golden.of(4, "hidden")[3]), 1e-2);
  options.exit_layer = 4;
  EXPECT_THROW(encoder->forward(batch, options), Error);
}

TEST(Scores, OfTinyCrossEncoders) {
  for (const char* name : {"tiny-bert", "tiny-roberta", "tiny-mpnet"}) {
    const Golden golden(name);
    const auto scorer = load_engine().pair_scorer(model_data(name), cpu(Precision::float32));
    std::vector<float> scores(golden.sequences.size());
    scorer->score(golden.sequences, scores);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      EXPECT_NEAR(scores[i], golden.of(i, "score").item<float>(), 1e-5) << name << ", " << i;
    }
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
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(scores[i], golden.of(i, "score").item<float>(), 1e-5) << "pair " << i;
  }
}

}  // namespace spencer
