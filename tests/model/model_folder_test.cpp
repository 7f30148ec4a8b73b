#include "spencer/model/model_folder.h"

#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/model/cross_encoder.h"
#include "spencer/model/dual_encoder.h"
#include "spencer/model/two_stage_folder.h"
#include "spencer/nn/safetensors_header.h"

#include "model/model_test_support.h"

namespace spencer {
namespace fs = std::filesystem;
using ::testing::HasSubstr;

namespace {

const nlohmann::json kAbsent = nlohmann::json(nlohmann::json::value_t::discarded);

}  // namespace

TEST(ModelFolder, ReadsMiniLm) {
  const ModelFolder folder = ModelFolder::open(deps_model("all-MiniLM-L6-v2"));
  EXPECT_EQ(folder.family, Family::bert);
  EXPECT_EQ(folder.layers, 6);
  EXPECT_EQ(folder.hidden_size, 384);
  EXPECT_EQ(folder.max_length, 256);
  EXPECT_EQ(folder.position_limit(), 512);
  EXPECT_EQ(folder.labels, 0);
  EXPECT_TRUE(folder.normalize);
}

TEST(ModelFolder, RobertaReadsTwoTokensLessThanItsTable) {
  const ModelFolder folder = ModelFolder::open(model_data("tiny-roberta"));
  EXPECT_EQ(folder.position_limit(), 24);
  EXPECT_EQ(folder.labels, 1);
}

// The base of the rotary wavelengths stands where transformers 5 writes it, or where 4 did.
TEST(ModelFolder, ReadsStarcoder2OfEitherTransformers) {
  const ChangedFolder folder("tiny-starcoder2");
  const auto open = [&] { return ModelFolder::open(folder.path()); };
  EXPECT_EQ(open().family, Family::starcoder2);
  EXPECT_EQ(open().key_value_heads, 2);
  EXPECT_EQ(open().rope_theta, 1000);
  EXPECT_EQ(open().position_limit(), 64);
  EXPECT_EQ(open().layer_norm_eps, 1e-5);
  folder.set("rope_parameters", kAbsent);
  EXPECT_EQ(open().rope_theta, 10000);
  folder.set("rope_theta", 999999.5);
  folder.set("rope_scaling", nullptr);
  EXPECT_EQ(open().rope_theta, 999999.5);
  EXPECT_TRUE(open().linear_bias);
  EXPECT_FALSE(ModelFolder::open(model_data("tiny-starcoder2-sharded")).linear_bias);
}

TEST(ModelFolder, NamesTheFieldOfStarcoder2ThatIsWrong) {
  const auto refused = [](ErrorKind kind, const char* field, const nlohmann::json& value) {
    const ChangedFolder folder("tiny-starcoder2");
    folder.set(field, value);
    return refusal(kind, [&] { ModelFolder::open(folder.path()); });
  };
  const auto corrupt = ErrorKind::corrupt, unsupported = ErrorKind::unsupported;
  EXPECT_THAT(refused(corrupt, "num_key_value_heads", 3), HasSubstr("num_key_value_heads"));
  EXPECT_THAT(refused(corrupt, "num_key_value_heads", 0), HasSubstr("num_key_value_heads"));
  EXPECT_THAT(refused(corrupt, "num_attention_heads", 32), HasSubstr("odd"));
  EXPECT_THAT(refused(corrupt, "use_bias", 1), HasSubstr("use_bias"));
  EXPECT_THAT(refused(corrupt, "rope_parameters", 5), HasSubstr("rope_parameters"));
  EXPECT_THAT(refused(corrupt, "rope_parameters", {{"rope_theta", 0}}), HasSubstr("rope_theta"));
  EXPECT_THAT(refused(unsupported, "head_dim", 16), HasSubstr("head_dim"));
  EXPECT_THAT(refused(unsupported, "rope_parameters", {{"rope_type", "yarn"}}), HasSubstr("yarn"));
  EXPECT_THAT(refused(unsupported, "rope_scaling", {{"type", "linear"}, {"factor", 2}}),
              HasSubstr("linear"));
}

TEST(ModelFolder, SaysWhatIsMissing) {
  const ChangedFolder folder;
  const auto open = [&] { ModelFolder::open(folder.path()); };
  fs::rename(folder.path() / "model.safetensors", folder.path() / "pytorch_model.bin");
  EXPECT_THAT(refusal(ErrorKind::not_found, open), HasSubstr("save_pretrained"));
  fs::remove(folder.path() / "pytorch_model.bin");
  EXPECT_THAT(refusal(ErrorKind::not_found, open), HasSubstr("model.safetensors"));
  fs::remove(folder.path() / "config.json");
  EXPECT_THAT(refusal(ErrorKind::not_found, open), HasSubstr("config.json"));
  EXPECT_THAT(refusal(ErrorKind::not_found, [] { ModelFolder::open("/nowhere"); }),
              HasSubstr("/nowhere"));
}

TEST(ModelFolder, NamesTheFieldThatIsWrong) {
  for (const char* field : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                            "intermediate_size", "max_position_embeddings", "model_type"}) {
    for (const nlohmann::json& value : {kAbsent, nlohmann::json(-1), nlohmann::json("many")}) {
      const ChangedFolder folder;
      folder.set(field, value);
      if (value == "many" && std::string(field) == "model_type") continue;
      EXPECT_THAT(refusal(ErrorKind::corrupt, [&] { ModelFolder::open(folder.path()); }),
                  HasSubstr(field));
    }
  }
  const ChangedFolder folder;
  folder.set("num_attention_heads", 5);
  EXPECT_THAT(refusal(ErrorKind::corrupt, [&] { ModelFolder::open(folder.path()); }),
              HasSubstr("no multiple of the 5 heads"));
  folder.write("config.json", "{");
  EXPECT_THAT(refusal(ErrorKind::corrupt, [&] { ModelFolder::open(folder.path()); }),
              HasSubstr("not JSON"));
}

TEST(ModelFolder, RefusesWhatItCannotCompute) {
  const ChangedFolder folder;
  const auto open = [&] { ModelFolder::open(folder.path()); };
  folder.set("model_type", "llama");
  EXPECT_THAT(refusal(ErrorKind::unsupported, open), HasSubstr("llama"));
  folder.set("model_type", "bert");
  folder.set("position_embedding_type", "relative_key");
  EXPECT_THAT(refusal(ErrorKind::unsupported, open), HasSubstr("relative_key"));
  folder.set("position_embedding_type", "absolute");
  folder.write("modules.json", R"([{"type": "sentence_transformers.models.Dense", "path": "2"}])");
  EXPECT_THAT(refusal(ErrorKind::unsupported, open), HasSubstr("Dense"));
}

TEST(ModelFolder, WeightsThatDoNotFitAreNamed) {
  const ChangedFolder folder;
  const auto encode = [&] { load_engine().text_encoder(folder.path(), {}); };
  folder.set("intermediate_size", 64);
  EXPECT_THAT(refusal(ErrorKind::shape, encode),
              HasSubstr("'roberta.encoder.layer.0.intermediate.dense.weight' is [48, 32]"));
  folder.set("intermediate_size", 48);
  folder.set("num_hidden_layers", 4);
  EXPECT_THAT(refusal(ErrorKind::corrupt, encode),
              HasSubstr("'roberta.encoder.layer.3.attention.self.query.weight'"));
  folder.set("num_hidden_layers", 3);
  fs::resize_file(folder.path() / "model.safetensors", 60000);
  EXPECT_THAT(refusal(ErrorKind::corrupt, encode), HasSubstr("cut short"));
}

TEST(ModelFolder, ReadsSentenceTransformersPromptsAsPrefixes) {
  const ChangedFolder folder;
  const std::string prompts = "config_sentence_transformers.json";
  const auto open = [&] { return ModelFolder::open(folder.path()); };
  const std::string without = open().fingerprint();
  folder.write(prompts, R"({"prompts": {"query": "query: ", "passage": "passage: "}})");
  EXPECT_EQ(open().query_prefix, "query: ");
  EXPECT_EQ(open().code_prefix, "passage: ");
  const std::string with_prefixes = open().fingerprint();
  EXPECT_NE(with_prefixes, without);
  folder.write(prompts, R"({"prompts": {"query": "query: "}, "default_prompt_name": null})");
  EXPECT_EQ(open().code_prefix, "");
  EXPECT_NE(open().fingerprint(), with_prefixes);
  folder.write(prompts, R"({"prompts": {"query": null, "document": ""}})");
  EXPECT_EQ(open().fingerprint(), without) << "the vectors are those of no prompt";
  const auto refused = [&](ErrorKind kind, const char* text) {
    folder.write(prompts, text);
    return refusal(kind, open);
  };
  EXPECT_THAT(refused(ErrorKind::corrupt, R"({"prompts": {"query": 5}})"), HasSubstr("query"));
  EXPECT_THAT(refused(ErrorKind::corrupt, R"({"prompts": ["query: "]})"), HasSubstr("prompts"));
  folder.write("modules.json",
               R"([{"type": "sentence_transformers.models.Pooling", "path": "pooling"}])");
  fs::create_directory(folder.path() / "pooling");
  folder.write("pooling/config.json", R"({"pooling_mode": "mean", "include_prompt": false})");
  EXPECT_THAT(refused(ErrorKind::unsupported, R"({"prompts": {"query": "query: "}})"),
              HasSubstr("include_prompt"));
  fs::remove(folder.path() / prompts);
  EXPECT_EQ(open().pooling, Pooling::mean) << "without prompts nothing is left out";
}

TEST(ModelFolder, FingerprintsTellModelsApart) {
  const ChangedFolder folder;
  const std::string before = ModelFolder::open(folder.path()).fingerprint();
  EXPECT_EQ(before, ModelFolder::open(model_data("tiny-roberta")).fingerprint());
  std::string weights = read_file(folder.path() / "model.safetensors");
  const auto entries = read_safetensors_header(std::as_bytes(std::span(weights)), "weights");
  weights[entries.at("classifier.out_proj.bias").offset] ^= 1;
  folder.write("model.safetensors", weights);
  EXPECT_NE(before, ModelFolder::open(folder.path()).fingerprint());
  const ChangedFolder pooled;
  pooled.write("spencer.json", R"({"format_version": 1, "pooling": "cls"})");
  EXPECT_EQ(ModelFolder::open(pooled.path()).pooling, Pooling::cls);
  EXPECT_NE(before, ModelFolder::open(pooled.path()).fingerprint());
}

TEST(TwoStageFolder, NamesItsTowersAndReadsBack) {
  const ScratchFolder root;
  TwoStageFolder folder;
  folder.query_encoder = root.path() / "query";
  folder.code_encoder = deps_model("all-MiniLM-L6-v2");
  folder.reranker = root.path() / "reranker";
  folder.query_length = 64;
  folder.exit_layer = 3;
  folder.save(root.path());
  const TwoStageFolder read = TwoStageFolder::open(root.path());
  EXPECT_EQ(read.query_encoder, folder.query_encoder);
  EXPECT_EQ(read.code_encoder, folder.code_encoder);
  EXPECT_EQ(read.reranker, folder.reranker);
  EXPECT_EQ(read.query_length, 64);
  EXPECT_EQ(read.code_length, 0);
  EXPECT_EQ(read.exit_layer, 3);
  write_file_atomically(root.path() / "spencer.json", R"({"format_version": 2})");
  EXPECT_THAT(refusal(ErrorKind::unsupported_version, [&] { TwoStageFolder::open(root.path()); }),
              HasSubstr("version 2"));
}

TEST(TwoStageFolder, TowersOfTwoDimensionsAreRefused) {
  const ScratchFolder root;
  TwoStageFolder folder;
  folder.query_encoder = deps_model("all-mpnet-base-v2");
  folder.code_encoder = deps_model("all-MiniLM-L6-v2");
  folder.save(root.path());
  EXPECT_THAT(refusal(ErrorKind::shape, [&] { DualEncoder::open(root.path()); }), HasSubstr("768"));
}

TEST(CrossEncoder, AnEncoderWithoutHeadIsRefused) {
  EXPECT_THAT(
      refusal(ErrorKind::unsupported, [] { CrossEncoder::open(deps_model("all-MiniLM-L6-v2")); }),
      HasSubstr("no cross-encoder"));
}

}  // namespace spencer
