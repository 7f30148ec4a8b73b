// Bad records, damaged files and benchmarks that do not hold together.
#include <gtest/gtest.h>

#include "spencer/base/file.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/dataset/records.h"

#include "scratch.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

class DamageTest : public Scratch {
 protected:
  static Benchmark load(const fs::path& path, const BenchmarkOptions& options = {}) {
    return load_benchmark({&path, 1}, options);
  }
  static std::string line(const std::string& url) {
    return R"({"url":")" + url + R"(","docstring_tokens":["q"],"code_tokens":["c"]})" + "\n";
  }
};

TEST_F(DamageTest, ABadLineNamesFileLineAndField) {
  const struct {
    const char* bad;
    const char* message;
  } cases[] = {
      {R"({"url":"x","docstring_tokens":["q"],"code_tokens":"c"})",
       "field \"code_tokens\" is not a list of strings"},
      {R"({"url":"x","docstring_tokens":[1],"code_tokens":["c"]})",
       "field \"docstring_tokens\" is not a list of strings"},
      {R"({"url":"x","docstring_tokens":["q"]})", "field \"code\" is missing"},
      {R"({"url":"x","docstring_tokens":[],"code_tokens":["c"]})",
       "field \"docstring_tokens\" is empty"},
      {R"({"url":["x"],"docstring_tokens":["q"],"code_tokens":["c"]})",
       "field \"url\" is neither a string nor a whole number"},
      {R"({"url":"x")", "not valid JSON"},
      {"{\"url\":\"\xFF\"}", "not valid JSON"},
      {"[1]", "not a JSON object"},
  };
  for (const auto& test : cases) {
    const auto path = write("d.jsonl", line("a") + line("b") + test.bad + "\n" + line("c"));
    const std::string message = error_of([&] { load(path); });
    EXPECT_EQ(message.find(path.string() + ":3: " + test.message), 0u) << message;
    BenchmarkOptions options;
    options.skip_bad = true;
    const Benchmark benchmark = load(path, options);
    EXPECT_EQ(benchmark.queries.size(), 3u);
    EXPECT_EQ(benchmark.report.skipped, 1);
    ASSERT_EQ(benchmark.report.first_errors.size(), 1u);
    EXPECT_EQ(benchmark.report.first_errors[0], message);
  }
}

TEST_F(DamageTest, DuplicateIdsAreRefused) {
  const auto path = write("d.jsonl", line("a") + line("b") + line("a"));
  EXPECT_EQ(error_of([&] { load(path); }), path.string() + ":3: the code id \"a\" was used before");
}

TEST_F(DamageTest, ARightAnswerOutsideThePoolIsRefused) {
  write("codebase.jsonl", line("a"));
  const auto path = write("test.jsonl", line("a") + line("b"));
  EXPECT_EQ(error_of([&] { load(path); }),
            path.string() + ":2: the right answer \"b\" is not in the pool of 1 codes");
}

TEST_F(DamageTest, EmptyPoolAndNoQuery) {
  write("codebase.jsonl", "");
  const auto path = write("test.jsonl", line("a"));
  EXPECT_NE(error_of([&] { load(path); }).find("not in the pool of 0 codes"), std::string::npos);
  EXPECT_NE(error_of([&] { load(write("empty.jsonl", "\n\n")); }).find("holds no record"),
            std::string::npos);
  Benchmark benchmark;
  EXPECT_NE(error_of([&] { check(benchmark); }).find("the pool is empty"), std::string::npos);
  benchmark.codes = {{"c", "x"}};
  EXPECT_NE(error_of([&] { check(benchmark); }).find("no query"), std::string::npos);
  benchmark.queries = {{"q", "x"}};
  benchmark.answers = {{}};
  benchmark.excluded = {-1};
  EXPECT_NE(error_of([&] { check(benchmark); }).find("query \"q\" has no right answer"),
            std::string::npos);
  benchmark.answers = {{{5, 1}}};
  EXPECT_NE(error_of([&] { check(benchmark); }).find("outside the pool"), std::string::npos);
}

TEST_F(DamageTest, BeirErrorsNameTheJudgement) {
  write("corpus.jsonl", "{\"_id\":\"d1\",\"text\":\"one\"}\n");
  write("queries.jsonl", "{\"_id\":\"q1\",\"text\":\"first\"}\n");
  const fs::path qrels = folder_ / "qrels/test.tsv";
  const auto error_with = [&](const std::string& judgements) {
    write("qrels/test.tsv", "query-id\tcorpus-id\tscore\n" + judgements);
    return error_of([&] { load(folder_); });
  };
  EXPECT_EQ(error_with("q1\td2\t1\n"),
            qrels.string() + ":2: the right answer \"d2\" is not in the pool of 1 codes");
  EXPECT_EQ(error_with("q9\td1\t1\n"), qrels.string() + ":2: query \"q9\" is not in queries.jsonl");
  EXPECT_EQ(error_with("q1\td1\tx\n"), qrels.string() + ":2: field \"score\" is not a number");
  EXPECT_EQ(error_with("q1\td1\n"), qrels.string() + ":2: field \"score\" is missing");
  EXPECT_NE(error_with("q1\td1\t1\nq1\td1\t1\n").find(":3: \"d1\" is judged twice"),
            std::string::npos);
  fs::remove_all(folder_ / "qrels");
  EXPECT_NE(error_of([&] { load(folder_); }, ErrorKind::not_found).find("no judgements"),
            std::string::npos);
}

TEST_F(DamageTest, DamagedGzipIsAnErrorEvenWhenSkipping) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += line("id" + std::to_string(i * 7919));
  const auto path = write("d.jsonl.gz", text);
  const std::string whole = read_file(path);
  BenchmarkOptions options;
  options.skip_bad = true;
  write_file_atomically(path, whole.substr(0, whole.size() / 2));
  EXPECT_NE(error_of([&] { load(path, options); }).find("the file is cut short"),
            std::string::npos);
  std::string flipped = whole;
  flipped[flipped.size() / 2] = static_cast<char>(~flipped[flipped.size() / 2]);
  write_file_atomically(path, flipped);
  EXPECT_NE(error_of([&] { load(path, options); }), "");
}

TEST_F(DamageTest, JsonArraysCutShortOrFollowedByText) {
  const std::string record = R"({"idx":"q","doc":"how","code":"x","label":1})";
  const auto load_text = [&](const std::string& text) {
    return error_of([&] { load(write("cosqa.json", text)); });
  };
  EXPECT_EQ(load_text("[\n" + record + "\n]\n"), "");
  EXPECT_NE(load_text("[\n" + record + ",\n").find("ends in the middle"), std::string::npos);
  EXPECT_NE(load_text("[" + record + "]\n{}").find(":2: text after the end"), std::string::npos);
  EXPECT_NE(load_text("[" + record + ",\n,]").find(":2: not valid JSON"), std::string::npos);
  EXPECT_NE(load_text("[\n" + record + ",\n{\"idx\":\"r\",\n\"doc\":5}]")
                .find(":3: field \"doc\" is not a string"),
            std::string::npos);
}

TEST_F(DamageTest, UnknownFormatsAndNamesAreToldWithTheNearest) {
  const auto path = write("d.jsonl", "{\"foo\":1,\"bar\":2}\n");
  EXPECT_NE(error_of([&] { load(path); }).find("(foo, bar); name it with --format"),
            std::string::npos);
  EXPECT_NE(error_of([] { parse_data_format("coqsa"); }, ErrorKind::invalid_argument)
                .find("did you mean \"cosqa\""),
            std::string::npos);
  EXPECT_NE(error_of([&] { load(folder_ / "none"); }, ErrorKind::not_found), "");
}

}  // namespace
}  // namespace spencer
