// `spencer search` with a second stage: what it reads, and what it leaves alone.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/file.h"
#include "spencer/model/two_stage_folder.h"

#include "cli/tree.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// all-MiniLM-L6-v2 under a random head: encoder and head are two shards of one model.
void make_reranker(const fs::path& folder) {
  fs::create_directories(folder);
  for (const char* name : {"tokenizer.json", "vocab.txt", "tokenizer_config.json"}) {
    if (fs::exists(minilm() / name)) fs::copy(minilm() / name, folder / name);
  }
  fs::create_symlink(minilm() / "model.safetensors", folder / "encoder.safetensors");
  fs::create_symlink(fs::path(SPENCER_TEST_DATA) / "model/minilm-head.safetensors",
                     folder / "head.safetensors");
  write_file_atomically(folder / "model.safetensors.index.json",
                        R"({"weight_map": {"a": "encoder.safetensors", "b": "head.safetensors"}})");
  std::string config = read_file(minilm() / "config.json");
  config.replace(config.find("BertModel"), 9, "BertForSequenceClassification");
  config.insert(config.find('{') + 1, R"("id2label": {"0": "LABEL_0"},)");
  write_file_atomically(folder / "config.json", config);
}

class RerankTest : public testing::Test {
 protected:
  RerankTest() {
    make_reranker(models_.path() / "reranker");
    tree_.index();
  }
  std::vector<nlohmann::json> hits(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"drop the oldest entry", "--json"});
    const RunResult result = tree_.search(arguments);
    EXPECT_EQ(result.code, 0) << result.err;
    return json_lines(result.out);
  }
  static std::vector<std::string> names(const std::vector<nlohmann::json>& hits) {
    std::vector<std::string> found;
    for (const auto& hit : hits) found.push_back(hit["name"]);
    return found;
  }
  std::string reranker() const { return (models_.path() / "reranker").string(); }

  FreshFolder models_;
  Tree tree_;
};

TEST_F(RerankTest, TheHeadIsReorderedAndTheRestKeepTheirRanks) {
  const auto plain = hits({"-k", "7"});
  const auto ranked = hits({"-k", "7", "--reranker", reranker(), "--rerank", "4"});
  ASSERT_EQ(plain.size(), 7u);
  ASSERT_EQ(ranked.size(), 7u);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(ranked[i]["rank"], i + 1);
    EXPECT_EQ(ranked[i]["rerank_score"].is_null(), i >= 4) << i;
    if (i >= 4) {
      EXPECT_EQ(ranked[i]["name"], plain[i]["name"]);
    } else {
      EXPECT_EQ(ranked[i]["score"], ranked[i]["rerank_score"]);
    }
    if (i > 0 && i < 4) {
      EXPECT_GE(ranked[i - 1]["rerank_score"], ranked[i]["rerank_score"]);
    }
  }
  auto before = names(plain), after = names(ranked);
  EXPECT_NE(before, after) << "a random head that agrees with the first stage tests nothing";
  EXPECT_TRUE(std::is_permutation(before.begin(), before.begin() + 4, after.begin()));
}

TEST_F(RerankTest, ItReadsDeeperThanWhatIsShown) {
  const auto deep = hits({"-k", "7", "--reranker", reranker(), "--rerank", "7"});
  const auto shown = hits({"-k", "1", "--reranker", reranker(), "--rerank", "7"});
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0]["name"], deep[0]["name"]);
}

TEST_F(RerankTest, RecallCountsByItsWeight) {
  const std::vector<std::string> both = {"-k", "7", "--reranker", reranker(), "--rerank", "4"};
  std::vector<std::string> weighed = both;
  weighed.insert(weighed.end(), {"--recall-weight", "1e6"});
  const auto all_recall = hits(weighed);
  EXPECT_EQ(names(all_recall), names(hits({"-k", "7"})));
  const double score = all_recall[0]["score"], recall = all_recall[0]["recall_score"];
  EXPECT_NEAR(score, 1e6 * recall, 10) << "what the order follows is shown";
}

TEST_F(RerankTest, ATwoStageFoldersRerankerIsOnByDefault) {
  TwoStageFolder folders;
  folders.query_encoder = folders.code_encoder = minilm();
  folders.reranker = models_.path() / "reranker";
  folders.save(models_.path());
  const std::string model = models_.path().string();
  const auto by_default = hits({"-k", "7", "--model", model});
  EXPECT_EQ(names(by_default), names(hits({"-k", "7", "--reranker", reranker()})));
  EXPECT_FALSE(by_default[4]["rerank_score"].is_null());
  EXPECT_TRUE(by_default[5]["rerank_score"].is_null());
  EXPECT_EQ(names(hits({"-k", "7", "--model", model, "--rerank", "0"})), names(hits({"-k", "7"})));
  folders.recall_weight = 1e6;
  folders.save(models_.path());
  EXPECT_EQ(names(hits({"-k", "7", "--model", model})), names(hits({"-k", "7"})));
}

TEST_F(RerankTest, ErrorsNameTheWayOut) {
  const RunResult nothing = tree_.search({"a query", "--rerank", "5"});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("--reranker DIR"));
  const RunResult no_head = tree_.search({"a query", "--reranker", minilm().string()});
  EXPECT_EQ(no_head.code, 2);
  EXPECT_THAT(no_head.err, HasSubstr(minilm().filename().string()));
  const RunResult range = tree_.search({"a query", "--rerank", "-1"});
  EXPECT_EQ(range.code, 2);
}

}  // namespace
}  // namespace spencer
