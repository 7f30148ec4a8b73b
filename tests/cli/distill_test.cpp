// `spencer distill`: students, the ledger, the model it ends with, and going on after being killed.
#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/file.h"

#include "cli/program.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

/// The tiny BERT of the training tests, its three layers as a teacher, and pairs of words it knows.
class DistillTest : public testing::Test {
 protected:
  DistillTest() {
    fs::copy(fs::path(SPENCER_TEST_DATA) / "train/model", here_.path() / "tiny");
    std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    std::string queries;
    for (int i = 5; i < 96; ++i) vocabulary += word(i - 5) + "\n";
    for (int i = 0; i < 30; ++i) queries += word(3 * i) + " " + word(7 * i) + "\n\n";
    here_.write("tiny/vocab.txt", vocabulary);
    here_.write("train.jsonl", pairs(0, 60));
    here_.write("valid.jsonl", pairs(60, 75));
    here_.write("queries.txt", queries);
    here_.write("src/a.py", "def w5(w9):\n    return w9 + w11\n");
  }

  static std::string word(int n) { return "w" + std::to_string(5 + n % 91); }
  static std::string pairs(int first, int last) {
    std::string lines;
    for (int i = first; i < last; ++i) {
      const json line = {{"query", word(i) + " " + word(5 * i + 1)},
                         {"pos", {word(i) + " " + word(11 * i + 3)}},
                         {"neg", json::array()}};
      lines += line.dump() + "\n";
    }
    return lines;
  }

  RunSetup setup() const {
    RunSetup setup;
    setup.folder = here_.path();
    return setup;
  }
  RunResult run(const std::vector<std::string>& arguments) const {
    return run_spencer(arguments, setup());
  }
  /// @param more options that stand in for the usual ones, or beside them
  static std::vector<std::string> command(const std::string& output,
                                          const std::vector<std::string>& more = {}) {
    const std::vector<std::pair<std::string, std::string>> usual = {
        {"--model", "tiny"},        {"--train", "train.jsonl"},
        {"--valid", "valid.jsonl"}, {"--step", "1"},
        {"--batch-size", "8"},      {"--max-steps", "40"},
        {"--save-every", "5"},      {"--lr", "1e-3"},
        {"--max-decline", "1"},     {"--precision", "float32"},
        {"--device", "cpu"}};
    std::vector<std::string> all = {"distill", "--output", output};
    for (const auto& [name, value] : usual) {
      if (std::find(more.begin(), more.end(), name) != more.end()) continue;
      all.insert(all.end(), {name, value});
    }
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::vector<json> ledger(const std::string& output) const {
    return json_lines(read_file(here_.path() / output / "ledger.jsonl"));
  }
  std::string file(const std::string& name) const { return read_file(here_.path() / name); }

  FreshFolder here_;
};

/// The ledger without what a clock says.
std::vector<json> without_times(std::vector<json> lines) {
  for (json& line : lines) {
    for (const char* name : {"seconds", "query_encode_ms", "original_query_encode_ms", "speedup"}) {
      line.erase(name);
    }
  }
  return lines;
}

TEST_F(DistillTest, GoesDownToTheSmallestAndSearchesTheTeachersIndex) {
  const RunResult result =
      run(command("small", {"--json", "--queries", "queries.txt", "--reranker", "tiny"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const json report = json_lines(result.out).at(0);
  const std::vector<json> lines = ledger("small");
  ASSERT_EQ(lines.size(), 4U) << "the original, 2 layers, and 1 layer by two teachers";
  EXPECT_EQ(report.at("original"), lines[0]);
  EXPECT_EQ(report.at("attempts"), json(std::vector(lines.begin() + 1, lines.end())));
  std::vector<std::pair<int, int>> tried;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    tried.emplace_back(lines[i].at("layers"), lines[i].at("teacher"));
    EXPECT_EQ(lines[i].at("steps"), 40);
    EXPECT_GT(lines[i].at("speedup"), 0);
    for (const char* stage : {"recall", "rerank"}) {
      const json& mrr = lines[i].at("stages").at(stage).at("mrr");
      EXPECT_LE(mrr.at("low"), mrr.at("mean"));
      EXPECT_LE(mrr.at("mean"), mrr.at("high"));
    }
    EXPECT_DOUBLE_EQ(lines[i].at("kept"),
                     lines[i].at("stages").at("rerank").at("mrr").at("mean").get<double>() /
                         lines[0].at("stages").at("rerank").at("mrr").at("mean").get<double>());
  }
  EXPECT_EQ(tried, (std::vector<std::pair<int, int>>{{2, 0}, {1, 0}, {1, 1}}));
  const int kept = report.at("result");
  EXPECT_EQ(lines[static_cast<std::size_t>(kept)].at("decision"), "accepted");
  EXPECT_EQ(lines[static_cast<std::size_t>(5 - kept)].at("decision"), "beaten");
  EXPECT_EQ(json::parse(file("small/model/query_encoder/config.json")).at("num_hidden_layers"), 1);
  EXPECT_TRUE(file("small/model/code_encoder/model.safetensors") == file("tiny/model.safetensors"));

  ASSERT_EQ(run({"index", "src", "--model", "tiny", "--device", "cpu"}).code, 0);
  const std::string before = file("src/.spencer/CURRENT");
  const RunResult found =
      run({"search", "w9 w11", "src", "--model", "small/model", "--device", "cpu", "--json"});
  ASSERT_EQ(found.code, 0) << found.err;
  EXPECT_EQ(json_lines(found.out).at(0).at("name"), "w5");
  EXPECT_EQ(file("src/.spencer/CURRENT"), before) << "the index was not made again";
}

TEST_F(DistillTest, KilledAtAnyMomentItEndsAsAnUnbrokenRun) {
  ASSERT_EQ(run(command("whole", {"-q"})).code, 0);
  const std::vector<std::string> resumed = command("broken", {"--resume", "-q"});
  for (const char* awaited : {"attempts/01-2-layers-from-original/checkpoint.safetensors",
                              "attempts/01-2-layers-from-original/result.json",
                              "attempts/02-1-layers-from-original/metrics.jsonl",
                              "attempts/03-1-layers-from-01/checkpoint.safetensors"}) {
    const fs::path file = here_.path() / "broken" / awaited;
    const RunResult killed = run_traced(
        resumed, setup(), [&] { return fs::exists(file); }, SIGKILL);
    ASSERT_EQ(killed.code, 128 + SIGKILL) << awaited << ": " << killed.err;
  }
  const RunResult rest = run(resumed);
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_EQ(without_times(ledger("broken")), without_times(ledger("whole")));
  EXPECT_TRUE(file("broken/model/query_encoder/model.safetensors") ==
              file("whole/model/query_encoder/model.safetensors"));
}

TEST_F(DistillTest, CtrlCSaysHowToGoOn) {
  const fs::path log = here_.path() / "run/attempts/01-2-layers-from-original/metrics.jsonl";
  const RunResult stopped = run_traced(
      command("run", {"--max-steps", "100000", "--log-every", "1"}), setup(),
      [&] { return fs::exists(log); }, SIGINT);
  EXPECT_EQ(stopped.code, 130);
  EXPECT_THAT(stopped.err, HasSubstr("--resume"));
}

TEST_F(DistillTest, FinishedAttemptsAreNotTrainedAgain) {
  ASSERT_EQ(run(command("small", {"-q"})).code, 0);
  const std::vector<json> before = ledger("small");
  const RunResult again = run(command("small", {"--resume"}));
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, ::testing::Not(HasSubstr("step ")));
  EXPECT_EQ(std::vector(before.begin() + 1, before.end()), [&] {
    const std::vector<json> now = ledger("small");
    return std::vector(now.begin() + 1, now.end());
  }()) << "times included";
  EXPECT_THAT(run(command("small")).err, HasSubstr("--resume"));
  EXPECT_THAT(run(command("small", {"--resume", "--lr", "1e-4"})).err,
              HasSubstr("learning rate is 0.001, here it is 0.0001"));
}

TEST_F(DistillTest, WhereNoStudentIsGoodEnoughTheModelIsTheOriginal) {
  ASSERT_EQ(
      run({"train", "dual", "--model", "tiny", "--train", "train.jsonl", "--output", "teacher",
           "--batch-size", "8", "--max-steps", "60", "--lr", "1e-3", "--device", "cpu", "-q"})
          .code,
      0);
  const RunResult result = run(command("small", {"--model", "teacher/model", "--max-decline", "0",
                                                 "--max-steps", "1", "--lr", "1e-9"}));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("no student is good enough"));
  EXPECT_THAT(result.out, HasSubstr("declined"));
  EXPECT_EQ(ledger("small").size(), 2U);
  const auto mrr = [&](const std::string& model) {
    const RunResult scores = run({"eval", "valid.jsonl", "--model", model, "--precision", "float32",
                                  "--device", "cpu", "--json"});
    EXPECT_EQ(scores.code, 0) << scores.err;
    return json_lines(scores.out).at(0).at("stages").at("recall").at("mrr");
  };
  EXPECT_EQ(mrr("small/model"), mrr("teacher/model"));
}

TEST_F(DistillTest, ChosenLayersMakeOneStudent) {
  const RunResult result = run(command("small", {"--layers", "1,3", "--max-steps", "2"}));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(ledger("small").size(), 2U);
  EXPECT_EQ(json::parse(file("small/model/query_encoder/config.json")).at("num_hidden_layers"), 2);
}

TEST_F(DistillTest, AllThatTheRecipesSayIsKnown) {
  int recipes = 0;
  for (const auto& file : fs::directory_iterator(fs::path(SPENCER_TEST_DATA) / "../../configs")) {
    if (!file.path().filename().string().starts_with("distill-")) continue;
    const RunResult nameless = run({"distill", "--config", file.path().string()});
    EXPECT_THAT(nameless.err, HasSubstr("--model")) << file.path();
    ++recipes;
  }
  EXPECT_EQ(recipes, 2) << "for CPUs and for a GPU";
}

TEST_F(DistillTest, MistakesAreNamed) {
  const auto complaint = [&](const std::vector<std::string>& arguments) {
    const RunResult result = run(arguments);
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  EXPECT_THAT(complaint({"distill"}), HasSubstr("--model DIR"));
  EXPECT_THAT(complaint({"distill", "--model", "tiny", "--train", "train.jsonl"}),
              HasSubstr("--valid DATA"));
  EXPECT_THAT(complaint(command("x", {"--step", "3"})), HasSubstr("lower --step"));
  EXPECT_THAT(complaint(command("x", {"--layers", "2,9"})), HasSubstr("layer 9 is named"));
  EXPECT_THAT(complaint(command("x", {"--layers", "last"})), HasSubstr("first nor spread"));
  EXPECT_THAT(complaint(command("x", {"--strategy", "chian"})), HasSubstr("did you mean 'chain'"));
  EXPECT_THAT(complaint(command("x", {"--dual-weight", "0", "--single-weight", "0"})),
              HasSubstr("not both 0"));
  EXPECT_THAT(complaint(command("x", {"--queries", "gone.txt"})), HasSubstr("gone.txt"));
}

}  // namespace
}  // namespace spencer
