// Pairs and whole CodeSearchNet records, and the CodeSearchNet challenge.
#include "spencer/dataset/records.h"

#include <cmath>

#include <gtest/gtest.h>

#include "spencer/dataset/challenge.h"

#include "scratch.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

class RecordsTest : public Scratch {
 protected:
  std::vector<TextPair> pairs(const fs::path& path, ReadOptions options = {}) {
    std::vector<TextPair> found;
    read_pairs({&path, 1}, options, [&](TextPair&& pair) { found.push_back(std::move(pair)); });
    return found;
  }
};

TEST_F(RecordsTest, AllFieldsOfCodeSearchNet) {
  const auto path = write(
      "d.jsonl.gz",
      R"({"repo":"r","path":"p","func_name":"f","original_string":"o","language":"go","code":"c","code_tokens":["c1","c2"],"docstring":"d","docstring_tokens":["d1"],"sha":"s","url":"u","partition":"valid"})");
  int count = 0;
  read_code_search_net({&path, 1}, {}, [&](CodeSearchNetRecord&& r) {
    ++count;
    EXPECT_EQ(r.repo + r.path + r.func_name + r.original_string, "rpfo");
    EXPECT_EQ(r.language + r.code + r.docstring + r.sha + r.url + r.partition, "gocdsuvalid");
    EXPECT_EQ(r.code_tokens, (std::vector<std::string>{"c1", "c2"}));
    EXPECT_EQ(r.docstring_tokens, std::vector<std::string>{"d1"});
  });
  EXPECT_EQ(count, 1);
  ReadOptions options;
  options.split = "train";
  read_code_search_net({&path, 1}, options, [&](CodeSearchNetRecord&&) { ++count; });
  EXPECT_EQ(count, 1) << "a record of another partition";
}

TEST_F(RecordsTest, WrongPairsAreLeftOut) {
  EXPECT_EQ(pairs(write("a.txt",
                        "1<CODESPLIT>u<CODESPLIT>f<CODESPLIT>q<CODESPLIT>c\n"
                        "0<CODESPLIT>u<CODESPLIT>f<CODESPLIT>q<CODESPLIT>d\n"))
                .size(),
            1u);
  const auto cosqa = pairs(write("b.json", R"([{"idx":1,"doc":"q","code":"c","label":1},
                                               {"idx":2,"doc":"q","code":"d","label":0}])"));
  ASSERT_EQ(cosqa.size(), 1u);
  EXPECT_EQ(cosqa[0].id, "1");
  EXPECT_EQ(cosqa[0].code, "c");
}

TEST_F(RecordsTest, EachRightAnswerIsAPairWithItsNegatives) {
  const auto flag = pairs(write("a.jsonl", R"({"query":"q","pos":["a","b"],"neg":["c"]})"));
  ASSERT_EQ(flag.size(), 2u);
  EXPECT_EQ(flag[1].code, "b");
  EXPECT_EQ(flag[1].negatives, std::vector<std::string>{"c"});
  write("beir/corpus.jsonl", "{\"_id\":\"d\",\"text\":\"code\"}\n");
  write("beir/queries.jsonl", "{\"_id\":\"q\",\"text\":\"query\"}\n");
  write("beir/qrels/train.tsv", "query-id\tcorpus-id\tscore\nq\td\t1\n");
  const auto beir = pairs(folder_ / "beir");
  ASSERT_EQ(beir.size(), 1u);
  EXPECT_EQ(beir[0].query + " " + beir[0].code, "query code");
}

TEST_F(RecordsTest, GroupsHoldNoPairs) {
  const auto path = write("a.jsonl", R"({"label":"1","index":"0","code":"a"})");
  EXPECT_NE(error_of([&] { pairs(path); }, ErrorKind::invalid_argument).find("poj104"),
            std::string::npos);
}

TEST_F(RecordsTest, ChallengeScoresWithinAndAll) {
  // "b, x" is annotated twice: its relevance is the mean. "never right" counts for nothing.
  const auto annotations = write("annotationStore.csv",
                                 "Language,Query,GitHubUrl,Relevance,Notes\r\n"
                                 "Python,Sort a List,u1,3,\"a, \"\"note\"\"\nof two lines\"\r\n"
                                 "Python,Sort a List,u2,1,\r\n"
                                 "Python,Sort a List,u2,2,\r\n"
                                 "Python,never right,u5,0,\r\n"
                                 "Go,\"read, then write\",u3,2,\r\n");
  const auto predictions = write("predictions.csv",
                                 "language,query,identifier,url\n"
                                 "python,sort a list,f,other\n"
                                 "python,sort a list,g,u2\n"
                                 "python,sort a list,h,u1\n");
  const auto scores = score_challenge(read_challenge_annotations(annotations),
                                      read_challenge_predictions(predictions));
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].language, "go");
  EXPECT_EQ(scores[0].ndcg_within, 0);
  const auto& python = scores[1];
  EXPECT_EQ(python.queries, 1);
  const double g2 = std::exp2(1.5) - 1, g1 = std::exp2(3.0) - 1;
  const double ideal = g1 + g2 / std::log2(3.0);
  EXPECT_NEAR(python.ndcg_within, (g2 + g1 / std::log2(3.0)) / ideal, 1e-12);
  EXPECT_NEAR(python.ndcg_all, (g2 / std::log2(3.0) + g1 / 2) / ideal, 1e-12);
}

TEST_F(RecordsTest, BadChallengeFilesNameLineAndField) {
  const auto file = [&](const std::string& text) { return write("a.csv", text); };
  EXPECT_NE(error_of([&] {
              read_challenge_annotations(file("Language,Query,Relevance\n"));
            }).find(":1: column \"githuburl\" is missing"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              read_challenge_annotations(file("Language,Query,GitHubUrl,Relevance\na,b,c,high\n"));
            }).find(":2: field \"Relevance\" is not a relevance: \"high\""),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              read_challenge_predictions(file("language,query,url\na,b\n"));
            }).find(":2: field \"url\" is missing"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              read_challenge_predictions(file("language,query,url\na,\"b\n"));
            }).find(":2: a quoted field does not end"),
            std::string::npos);
  EXPECT_NE(error_of([&] {
              read_challenge_predictions(file("language,query,url\na,b,c\na,b,c\n"));
            }).find(":3: field \"url\": \"c\" is given twice"),
            std::string::npos);
}

}  // namespace
}  // namespace spencer
