// Every format as a benchmark, told by its content, plain and gzipped.
#include "spencer/dataset/benchmark.h"

#include <gtest/gtest.h>

#include "scratch.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

class BenchmarkTest : public Scratch {
 protected:
  static Benchmark load(const fs::path& path, const BenchmarkOptions& options = {}) {
    return load_benchmark({&path, 1}, options);
  }
};

const std::string kCsn =
    R"~({"repo":"r/a","path":"a.py","func_name":"f","original_string":"def f(): 'Adds.' 1",)~"
    R"~("language":"python","code":"def f(): 'Adds.' 1","code_tokens":["def","f","(",")",":","1"],)~"
    R"~("docstring":"Adds.","docstring_tokens":["Adds","."],"sha":"0","url":"u1",)~"
    R"~("partition":"test"})~"
    "\n"
    R"~({"repo":"r/b","path":"b.py","func_name":"g","original_string":"def g(): 2",)~"
    R"~("language":"python","code":"def g(): 2","code_tokens":["def","g"],"docstring":"Two.",)~"
    R"~("docstring_tokens":["Two"],"sha":"0","url":"u2","partition":"test"})~"
    "\n";

TEST_F(BenchmarkTest, CodeSearchNetLinesPlainAndGzipped) {
  for (const char* name : {"python_test_0.jsonl", "python_test_0.jsonl.gz"}) {
    const Benchmark b = load(write(name, kCsn));
    EXPECT_EQ(b.format, DataFormat::csn);
    EXPECT_EQ(b.name, "python_test_0");
    ASSERT_EQ(b.queries.size(), 2u);
    EXPECT_EQ(b.queries[0].id, "u1");
    EXPECT_EQ(b.queries[0].text, "Adds .");
    EXPECT_EQ(b.codes[0].text, "def f ( ) : 1");
    EXPECT_TRUE(b.paired);
    EXPECT_FALSE(b.code_to_code);
  }
}

TEST_F(BenchmarkTest, RawTextLeavesTheQueryOutOfTheCode) {
  BenchmarkOptions options;
  options.text = TextForm::raw;
  const Benchmark b = load(write("t.jsonl", kCsn), options);
  EXPECT_EQ(b.queries[0].text, "Adds.");
  EXPECT_EQ(b.codes[0].text, "def f(): '' 1");
}

TEST_F(BenchmarkTest, GraphCodeBertPoolLiesBesideAndIsMatchedByUrl) {
  write("codebase.jsonl.gz", R"({"url":"u9","code_tokens":["nine"]})"
                             "\n"
                             R"({"url":"u2","code_tokens":["two"]})"
                             "\n"
                             R"({"url":"u1","code_tokens":["one"]})"
                             "\n");
  const Benchmark b = load(write("test.jsonl", kCsn));
  ASSERT_EQ(b.codes.size(), 3u);
  EXPECT_EQ(b.answers[0][0].code, 2);
  EXPECT_EQ(b.answers[1][0].code, 1);
  EXPECT_FALSE(b.paired);
}

TEST_F(BenchmarkTest, AFolderOfShardsIsReadInOrderAndBySplit) {
  const std::string second = R"({"docstring_tokens":["x"],"function_tokens":["y"],"url":"u3"})";
  write("test/python_test_1.jsonl.gz", second);
  write("test/python_test_0.jsonl.gz", kCsn);
  EXPECT_EQ(load(folder_).queries[2].id, "u3");
  write("valid/python_valid_0.jsonl.gz", second);
  EXPECT_NE(error_of([&] { load(folder_); }, ErrorKind::invalid_argument).find("--split"),
            std::string::npos);
  BenchmarkOptions options;
  options.split = "dev";
  EXPECT_EQ(load(folder_, options).queries.size(), 1u);
}

TEST_F(BenchmarkTest, RealCosqaDevelopmentSplit) {
  const Benchmark b = load(fs::path(SPENCER_TEST_DATA) / "cosqa");
  EXPECT_EQ(b.format, DataFormat::cosqa);
  ASSERT_EQ(b.queries.size(), 500u);
  ASSERT_EQ(b.codes.size(), 6267u);
  EXPECT_EQ(b.queries[0].text, "python check if a variable is iterable");
  const auto& right = b.codes[static_cast<std::size_t>(b.answers[0][0].code)];
  EXPECT_EQ(right.id, "1640");
  EXPECT_TRUE(right.text.starts_with("def is_iterable_but_not_string(obj):\n"));
}

TEST_F(BenchmarkTest, CosqaTakesThePoolByOption) {
  const auto data = write("q/cosqa-retrieval-dev.json",
                          R"([{"idx":"q1","doc":"how","code":"x","label":1,"retrieval_idx":7}])");
  const auto pool = write("p/map.txt", "{\n \"y[]{},\": 3,\n \"x \\\"q\\\"\": 7\n}\n");
  EXPECT_NE(error_of([&] { load(data); }, ErrorKind::not_found).find("--pool"), std::string::npos);
  BenchmarkOptions options;
  options.pool = pool;
  const Benchmark b = load(data, options);
  ASSERT_EQ(b.codes.size(), 2u);
  EXPECT_EQ(b.codes[0].text, "y[]{},");
  EXPECT_EQ(b.codes[1].text, "x \"q\"");
  EXPECT_EQ(b.answers[0][0].code, 1);
}

TEST_F(BenchmarkTest, CodeSplitPairsAndCodeBertMatrix) {
  const auto line = [](const std::string& label, const std::string& a, const std::string& b,
                       const std::string& doc, const std::string& code) {
    return label + "<CODESPLIT>" + a + "<CODESPLIT>" + b + "<CODESPLIT>" + doc + "<CODESPLIT>" +
           code + "\n";
  };
  const Benchmark pairs = load(write("valid.txt", line("1", "u1", "f", "adds", "def f") +
                                                      line("0", "u1", "g", "adds", "def g") +
                                                      line("1", "u2", "h", "two", "def h")));
  EXPECT_EQ(pairs.format, DataFormat::codesplit);
  ASSERT_EQ(pairs.queries.size(), 2u);
  EXPECT_EQ(pairs.codes[1].text, "def h");
  EXPECT_TRUE(pairs.paired);
  const Benchmark matrix = load(write("batch_0.txt", line("1", "u1", "u1", "adds", "def f") +
                                                         line("1", "u1", "u2", "adds", "def h") +
                                                         line("1", "u2", "u1", "two", "def f") +
                                                         line("1", "u2", "u2", "two", "def h")));
  ASSERT_EQ(matrix.queries.size(), 2u);
  ASSERT_EQ(matrix.codes.size(), 2u);
  EXPECT_TRUE(matrix.paired);
}

TEST_F(BenchmarkTest, BeirWithBothSpellingsOfTheHeaderAndNone) {
  write("corpus.jsonl.gz",
        "{\"_id\":\"d1\",\"title\":\"T\",\"text\":\"one\"}\n{\"_id\":\"d2\",\"text\":\"two\"}\n"
        "{\"_id\":\"q3\",\"title\":\"\",\"text\":\"same\"}\n");
  write("queries.jsonl",
        "{\"_id\":\"q1\",\"text\":\"first\"}\n{\"_id\":\"q2\",\"text\":\"second\"}\n"
        "{\"_id\":\"q3\",\"text\":\"same\"}\n");
  for (const char* header : {"query-id\tcorpus-id\tscore\n", "query_id\tcorpus_id\tscore\n", ""}) {
    write("qrels/test.tsv", std::string(header) + "q3\td2\t1\nq1\td2\t2\nq1\td1\t1\nq3\td1\t0\n");
    const Benchmark b = load(folder_);
    EXPECT_EQ(b.format, DataFormat::beir);
    ASSERT_EQ(b.queries.size(), 2u) << "q2 is not judged";
    EXPECT_EQ(b.codes[0].text, "T one");
    EXPECT_EQ(b.queries[1].id, "q1");
    ASSERT_EQ(b.answers[1].size(), 2u);
    EXPECT_EQ(b.answers[1][0].gain, 2);
    EXPECT_EQ(b.answers[0].size(), 1u) << "a judgement of 0 is no right answer";
    EXPECT_EQ(b.excluded[0], 2) << "q3 is itself in the corpus";
    EXPECT_EQ(b.excluded[1], -1);
  }
  write("qrels/test.tsv", "score\tcorpus-id\tquery-id\n1\td1\tq2\n");
  EXPECT_EQ(load(folder_).queries[0].id, "q2");
  write("qrels/train.tsv", "query-id\tcorpus-id\tscore\nq3\td1\t1\n");
  BenchmarkOptions options;
  options.split = "train";
  EXPECT_EQ(load(folder_, options).queries[0].id, "q3");
}

TEST_F(BenchmarkTest, Poj104GroupsAnswerEachOther) {
  const Benchmark b = load(write("test.jsonl", R"({"label":"1","index":"0","code":"a"})"
                                               "\n"
                                               R"({"label":"2","index":"1","code":"b"})"
                                               "\n"
                                               R"({"label":"1","index":"2","code":"c"})"
                                               "\n"
                                               R"({"label":"2","index":"3","code":"d"})"
                                               "\n"));
  EXPECT_EQ(b.format, DataFormat::poj104);
  EXPECT_TRUE(b.code_to_code);
  ASSERT_EQ(b.answers[0].size(), 1u);
  EXPECT_EQ(b.answers[0][0].code, 2);
  EXPECT_EQ(b.excluded[3], 3);
}

TEST_F(BenchmarkTest, FlagEmbeddingPoolsEachTextOnce) {
  const Benchmark b = load(write("d.jsonl", R"({"query":"q","pos":["a","b"],"neg":["c","a2"]})"
                                            "\n"
                                            R"({"query":"r","pos":["c"],"neg":["a"]})"
                                            "\n"));
  EXPECT_EQ(b.format, DataFormat::flag);
  EXPECT_EQ(b.codes.size(), 4u);
  EXPECT_EQ(b.answers[0].size(), 2u);
  EXPECT_EQ(b.codes[static_cast<std::size_t>(b.answers[1][0].code)].text, "c");
}

}  // namespace
}  // namespace spencer
