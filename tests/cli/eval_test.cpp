// `spencer eval`: what it prints, and what it refuses.
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"

namespace spencer {
namespace {

using ::testing::HasSubstr;

/// Twelve pairs in CodeSearchNet's form.
std::string pairs() {
  static const char* kTopics[] = {"read a file",   "sort a list",     "open a socket",
                                  "parse a date",  "hash a password", "draw a circle",
                                  "send an email", "zip a folder",    "count words",
                                  "round a float", "shuffle cards",   "resize an image"};
  std::ostringstream out;
  for (const char* topic : kTopics) {
    out << R"({"url":")" << topic << R"(","docstring_tokens":["how","to",")" << topic
        << R"("],"code_tokens":["def","f","#",")" << topic << R"("]})" << '\n';
  }
  return out.str();
}

class EvalTest : public testing::Test {
 protected:
  RunResult eval(std::vector<std::string> arguments) {
    // By default it is what this machine found faster, run by run.
    arguments.insert(arguments.begin(), {"eval", "--precision", "float32"});
    RunSetup setup;
    setup.folder = folder_.path();
    setup.environment["XDG_CACHE_HOME"] = (folder_.path() / "cache").string();
    return run_spencer(arguments, setup);
  }
  void expect_error(const std::vector<std::string>& arguments, const std::string& message) {
    const RunResult result = eval(arguments);
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(result.out, "");
  }
  FreshFolder folder_;
};

TEST_F(EvalTest, JsonHasTheContractsFields) {
  folder_.write("test.jsonl", pairs());
  const RunResult result = eval({"test.jsonl", "--model", minilm().string(), "--json", "-q"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const auto all = json_lines(result.out);
  ASSERT_EQ(all.size(), 1u);
  const auto& report = all[0];
  EXPECT_EQ(report["dataset"], "test");
  EXPECT_EQ(report["protocol"], "full");
  EXPECT_EQ(report["queries"], 12);
  EXPECT_EQ(report["candidates"], 12);
  EXPECT_EQ(report["model"], "all-MiniLM-L6-v2");
  EXPECT_EQ(report["lengths"]["code"], 256);
  const auto& recall = report["stages"]["recall"];
  for (const char* metric :
       {"mrr", "acc@1", "acc@3", "acc@5", "acc@10", "ndcg@10", "recall@100", "map"}) {
    ASSERT_TRUE(recall.contains(metric)) << metric;
    EXPECT_LE(report["intervals"]["recall"][metric][0], recall[metric]);
  }
  EXPECT_EQ(recall["recall@100"], 1.0);
  EXPECT_GT(recall["mrr"], 0.9);
  EXPECT_FALSE(report["stages"].contains("rerank"));
  EXPECT_GT(report["timing"]["query_encode_ms"], 0);
  EXPECT_GT(report["timing"]["code_encode_per_s"], 0);
  const RunResult again = eval({"test.jsonl", "--model", minilm().string(), "--json", "-q"});
  EXPECT_TRUE(json_lines(again.out)[0]["timing"]["code_encode_per_s"].is_null()) << "not cached";
}

TEST_F(EvalTest, TextNamesWhatDecidesTheFigures) {
  folder_.write("test.jsonl", pairs());
  const RunResult result =
      eval({"test.jsonl", "--model", minilm().string(), "--exit", "2,0", "--code-length", "32"});
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* part :
       {"full: 12 queries, each among 12 codes", "docstring_tokens and code_tokens",
        "stands earlier in the pool comes first", "query 256, code 32 tokens", "all-MiniLM-L6-v2@2",
        "all-MiniLM-L6-v2 against all-MiniLM-L6-v2@2: mrr +", "paired randomisation test"}) {
    EXPECT_THAT(result.out, HasSubstr(part));
  }
}

TEST_F(EvalTest, ChallengePredictionsAreScored) {
  folder_.write("annotationStore.csv", "Language,Query,GitHubUrl,Relevance\nPython,q,u,3\n");
  folder_.write("predictions.csv", "language,query,url\npython,q,other\npython,q,u\n");
  const RunResult result =
      eval({"annotationStore.csv", "--predictions", "predictions.csv", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto row = json_lines(result.out)[0]["languages"][0];
  EXPECT_EQ(row["language"], "python");
  EXPECT_EQ(row["ndcg_within"], 1.0);
  EXPECT_NEAR(row["ndcg_all"], 0.63093, 1e-5);
  expect_error({"annotationStore.csv"}, "--predictions");
}

TEST_F(EvalTest, ErrorsNameTheWayOut) {
  const std::string model = minilm().string();
  folder_.write("test.jsonl", pairs());
  folder_.write("bad.jsonl", pairs() + "{\"url\":\"x\",\"docstring_tokens\":[\"q\"]}\n");
  folder_.write("twice.jsonl", pairs() + pairs());
  folder_.write("empty.jsonl", "");
  expect_error({"none.jsonl", "--model", model}, "no such file: none.jsonl");
  expect_error({"test.jsonl", "--model", "nothing"}, "nothing");
  expect_error({"bad.jsonl", "--model", model}, "bad.jsonl:13: field \"code\" is missing");
  expect_error({"twice.jsonl", "--model", model}, "twice.jsonl:13: the code id");
  expect_error({"empty.jsonl", "--model", model}, "holds no record");
  expect_error({"test.jsonl", "--model", model, "--protocol", "csn-1000"}, "at least 1000 pairs");
  expect_error({"test.jsonl", "--model", model, "--protocol", "csn1000"}, "\"csn-1000\"");
  expect_error({"test.jsonl", "--model", model, "--shuffle-seed", "1"}, "shuffle");
  expect_error({"test.jsonl", "--model", model, "--metrics", "mrrr"}, "known: mrr");
  expect_error({"test.jsonl", "--model", model, "--rerank-depth", "0"}, "rerank depth");
  expect_error({"test.jsonl", "--model", model, "--exit", "7"}, "exit");
  expect_error({"test.jsonl", "--model", model, "--reranker", model}, "");
}

TEST_F(EvalTest, SkippedLinesAreCounted) {
  folder_.write("bad.jsonl", pairs() + "{\"url\":\"x\",\"docstring_tokens\":[\"q\"]}\nnonsense\n");
  const RunResult result =
      eval({"bad.jsonl", "--model", minilm().string(), "--skip-bad", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(json_lines(result.out)[0]["skipped"], 2);
  EXPECT_THAT(result.err, HasSubstr("bad.jsonl:14"));
}

}  // namespace
}  // namespace spencer
