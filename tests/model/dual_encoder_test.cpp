#include "spencer/model/dual_encoder.h"

#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/golden.h"

namespace spencer {

TEST(DualEncoder, AFittingCodeIsNearerThanAnother) {
  const auto encoder = DualEncoder::open(SPENCER_DEPS "/models/all-MiniLM-L6-v2");
  const auto query = encoder->encode_queries({"read a json file"});
  const auto codes = encoder->encode_codes(
      {"def load(path):\n    with open(path) as f:\n        return json.load(f)",
       "def area(r):\n    return 3.14159 * r * r"});
  ASSERT_EQ(query.size(), 384u);
  ASSERT_EQ(codes.size(), 2 * 384u);
  double first = 0, second = 0, norm = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    norm += query[i] * query[i];
    first += query[i] * codes[i];
    second += query[i] * codes[384 + i];
  }
  EXPECT_NEAR(norm, 1, 2 * chain_error(2, 384));  // of a square
  EXPECT_GT(first, second + 0.2);
}

// encode_query and encode_document of sentence-transformers with prompts
// (scripts/golden/encoders.py).
TEST(DualEncoder, PrefixesGiveSentenceTransformersVectors) {
  const ScratchFolder folder;
  folder.fill_from(deps_model("all-MiniLM-L6-v2"));
  write_file_atomically(folder.path() / "config_sentence_transformers.json",
                        read_file(model_data("prompts.json")));
  const auto texts = nlohmann::json::parse(read_file(model_data("texts.json")))
                         .at("texts")
                         .get<std::vector<std::string>>();
  const Weights expected = Weights::open_file(model_data("minilm-prefixed.safetensors"));
  const auto encoder = DualEncoder::open(folder.path(), cpu(Precision::float32), {64, 64});
  const auto difference = [&](std::vector<float> vectors, const char* name) {
    const at::Tensor ours = at::tensor(vectors).view({-1, encoder->dimension()});
    return relative_difference(ours, expected.tensor(name));
  };
  EXPECT_LE(difference(encoder->encode_queries(texts), "query"), states_error(6, 1536));
  EXPECT_LE(difference(encoder->encode_codes(texts), "document"), states_error(6, 1536));
  EXPECT_GT(difference(encoder->encode_codes(texts), "query"), 0.1) << "the prefixes differ";
}

}  // namespace spencer
