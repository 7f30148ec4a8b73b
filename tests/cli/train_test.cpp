// `spencer train`: what it says, what it leaves behind, and going on after being killed.
#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/file.h"

#include "cli/program.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// The tiny BERT of the training tests, and pairs of words it knows.
class TrainTest : public testing::Test {
 protected:
  TrainTest() {
    fs::copy(fs::path(SPENCER_TEST_DATA) / "train/model", here_.path() / "tiny");
    std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (int i = 5; i < 96; ++i) vocabulary += "w" + std::to_string(i) + "\n";
    here_.write("tiny/vocab.txt", vocabulary);
    here_.write("train.jsonl", pairs(0, 60));
    here_.write("valid.jsonl", pairs(60, 75));
  }

  static std::string pairs(int first, int last) {
    std::string lines;
    for (int i = first; i < last; ++i) {
      const auto word = [](int n) { return "w" + std::to_string(5 + n % 91); };
      const nlohmann::json line = {{"query", word(i) + " " + word(5 * i + 1)},
                                   {"pos", {word(i) + " " + word(11 * i + 3)}},
                                   {"neg", nlohmann::json::array()}};
      lines += line.dump() + "\n";
    }
    return lines;
  }

  /// Texts that fill the tiny model's 24 positions.
  static std::string long_pairs(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      std::string words;
      for (int j = 0; j < 30; ++j) words += " w" + std::to_string(5 + (i >> (j % 12)) % 91);
      lines += nlohmann::json{{"query", words}, {"pos", {words}}, {"neg", nlohmann::json::array()}}
                   .dump() +
               "\n";
    }
    return lines;
  }

  RunSetup setup() const {
    RunSetup setup;
    setup.folder = here_.path();
    return setup;
  }
  static std::vector<std::string> command(const std::string& output,
                                          const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"train",        "dual",        "--model",         "tiny",
                                    "--train",      "train.jsonl", "--output",        output,
                                    "--batch-size", "8",           "--max-steps",     "60",
                                    "--save-every", "5",           "--learning-rate", "1e-3",
                                    "--precision",  "float32",     "--device",        "cpu"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  RunResult train(const std::string& output, const std::vector<std::string>& more = {}) const {
    return run_spencer(command(output, more), setup());
  }
  std::string weights(const std::string& output) const {
    return read_file(here_.path() / output / "model/model.safetensors");
  }

  FreshFolder here_;
};

TEST_F(TrainTest, TrainsSaysWhatItCameToAndKeepsItsConfiguration) {
  const RunResult result =
      train("run", {"--valid", "valid.jsonl", "--valid-every", "20", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const auto report = json_lines(result.out).at(0);
  EXPECT_EQ(report.at("steps"), 60);
  EXPECT_EQ(report.at("model"), "run/model");
  EXPECT_GE(report.at("best").at("mrr"), 0.0);
  EXPECT_THAT(result.err, HasSubstr("60 pairs of"));
  EXPECT_THAT(result.err, HasSubstr("validation at step 20: mrr"));
  EXPECT_THAT(result.err, HasSubstr("step 60/60  loss"));
  const RunResult again = run_spencer(
      {"train", "dual", "--config", "run/config.toml", "--output", "again", "-q"}, setup());
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(weights("again") == weights("run")) << "the configuration makes the same run";
}

TEST_F(TrainTest, CodePairsAreMixedInAndJudgedAsCodes) {
  here_.write("codes.jsonl", pairs(10, 40));
  std::string groups;
  for (int i = 0; i < 24; ++i) {
    const std::string code = "w" + std::to_string(10 + i / 2) + " w" + std::to_string(40 + i);
    groups += nlohmann::json{{"index", i}, {"label", i / 2}, {"code", code}}.dump() + "\n";
  }
  here_.write("groups.jsonl", groups);
  const RunResult result =
      train("mixed", {"--code-pairs", "codes.jsonl", "--valid", "groups.jsonl", "--json",
                      "--query-prefix", "w5 ", "--code-prefix", "w6 w7 "});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("codes for codes: 30 pairs of"));
  EXPECT_GT(json_lines(result.out).at(0).at("best").at("mrr"), 0.0);
  EXPECT_THAT(read_file(here_.path() / "mixed/model/config_sentence_transformers.json"),
              HasSubstr("w6 w7 "));
  const auto scores = [&](const std::string& data) {
    const RunResult run = run_spencer(
        {"eval", data, "--model", "mixed/model", "--protocol", "code-to-code", "--json"}, setup());
    EXPECT_EQ(run.code, 0) << run.err;
    return json_lines(run.out).at(0);
  };
  EXPECT_EQ(scores("groups.jsonl").at("candidates"), 23);
  const auto judged = scores("codes.jsonl");
  EXPECT_EQ(judged.at("protocol"), "code-to-code");
  EXPECT_EQ(judged.at("candidates"), 30);
  std::vector<std::string> alone = command("alone", {"--code-pairs", "codes.jsonl"});
  const auto data = std::find(alone.begin(), alone.end(), "--train");
  alone.erase(data, data + 2);
  EXPECT_EQ(run_spencer(alone, setup()).code, 0);
}

TEST_F(TrainTest, ACrossEncoderIsTrainedOnWhatADualEncoderRanksHigh) {
  ASSERT_EQ(train("dual").code, 0);
  const RunResult result = run_spencer(
      {"train", "cross", "--model", "tiny", "--dual", "dual/model", "--train", "train.jsonl",
       "--valid", "valid.jsonl", "--output", "cross", "--max-steps", "6", "--loss", "listwise"},
      setup());
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("recall_mrr"));
  const RunResult scores = run_spencer(
      {"eval", "valid.jsonl", "--model", "dual/model", "--reranker", "cross/model"}, setup());
  EXPECT_EQ(scores.code, 0) << scores.err;
}

/// Kills the run once its log has so many bytes.
void kill_at(const std::vector<std::string>& command, const RunSetup& setup, const fs::path& log,
             std::uintmax_t bytes) {
  const RunResult killed = run_traced(
      command, setup, [&] { return has_bytes(log, bytes); }, SIGKILL);
  ASSERT_EQ(killed.code, 128 + SIGKILL) << killed.err;
}

/// Whether a checkpoint is written that has not its name yet.
bool has_half_a_checkpoint(const fs::path& folder) {
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(folder, absent)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("checkpoint.safetensors.tmp")) return true;
  }
  return false;
}

TEST_F(TrainTest, KilledAtAnyMomentItEndsWithTheWeightsOfAnUnbrokenRun) {
  ASSERT_EQ(train("whole").code, 0);
  const std::vector<std::string> resumed = command("broken", {"--resume", "--log-every", "1"});
  const fs::path log = here_.path() / "broken/metrics.jsonl";
  for (const std::uintmax_t bytes : {700U, 4000U, 9000U}) kill_at(resumed, setup(), log, bytes);
  const auto moment = [&] { return has_half_a_checkpoint(here_.path() / "broken"); };
  EXPECT_EQ(run_traced(resumed, setup(), moment, SIGKILL).code, 128 + SIGKILL);
  const RunResult rest = run_spencer(resumed, setup());
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_TRUE(weights("whole") == weights("broken"));
}

TEST_F(TrainTest, ADiskThatIsFullLeavesTheLastCheckpointWhole) {
  ASSERT_EQ(train("whole").code, 0);
  const fs::path log = here_.path() / "run/metrics.jsonl";
  kill_at(command("run", {"--resume", "--log-every", "1"}), setup(), log, 4000);
  const std::string before = read_file(here_.path() / "run/checkpoint.safetensors");
  std::string line = "trap '' XFSZ; ulimit -f 100; exec " SPENCER_PROGRAM;
  for (const std::string& part : command("run", {"--resume"})) line += " " + part;
  const RunResult full = run_program({"bash", "-c", line}, setup());
  EXPECT_EQ(full.code, 2);
  EXPECT_THAT(full.err, HasSubstr("checkpoint.safetensors"));
  EXPECT_TRUE(read_file(here_.path() / "run/checkpoint.safetensors") == before);
  ASSERT_EQ(train("run", {"--resume"}).code, 0);
  EXPECT_TRUE(weights("whole") == weights("run"));
}

TEST_F(TrainTest, WhereMemoryRunsOutItSaysInWhichStepAndWhatHelps) {
  here_.write("train.jsonl", long_pairs(3000));
  const auto limited = [&](const std::string& output, const std::vector<std::string>& more) {
    std::vector<std::string> parts = command(output, more);
    parts.insert(parts.end(), {"--threads", "1"});         // each of them needs memory
    *std::find(parts.begin(), parts.end(), "8") = "3000";  // --batch-size
    *std::find(parts.begin(), parts.end(), "60") = "1";    // --max-steps
    std::string line = "ulimit -v 1250000; exec " SPENCER_PROGRAM;
    for (const std::string& part : parts) line += " " + part;
    return run_program({"bash", "-c", line}, setup());
  };
  const RunResult all_at_once = limited("whole", {});
  EXPECT_EQ(all_at_once.code, 2);
  EXPECT_THAT(all_at_once.err, HasSubstr("not enough memory; step 1 has 3000 pairs of"));
  EXPECT_THAT(all_at_once.err, HasSubstr("--chunk-size"));
  const RunResult in_pieces = limited("pieces", {"--chunk-size", "500"});
  EXPECT_EQ(in_pieces.code, 0) << in_pieces.err;
}

TEST_F(TrainTest, CtrlCLeavesACheckpointAndSaysHowToGoOn) {
  std::vector<std::string> endless = command("run", {"--log-every", "1"});
  *std::find(endless.begin(), endless.end(), "60") = "100000";  // --max-steps
  const fs::path log = here_.path() / "run/metrics.jsonl";
  const RunResult stopped = run_traced(
      endless, setup(), [&] { return has_bytes(log, 2000); }, SIGINT);
  EXPECT_EQ(stopped.code, 130);
  EXPECT_THAT(stopped.err, HasSubstr("--resume"));
  EXPECT_TRUE(fs::exists(here_.path() / "run/checkpoint.safetensors"));
}

/// Repositories of code in words of their own.
std::string snippets(int first, int last) {
  std::string lines;
  for (int r = first; r < last; ++r) {
    for (int i = 0; i < 12; ++i) {
      const auto word = [&](int n) { return "w" + std::to_string(5 + (9 * r + n % 9) % 91); };
      const nlohmann::json line = {{"repo", "r" + std::to_string(r)},
                                   {"code", word(i) + " " + word(2 * i + 1) + " " + word(i / 3) +
                                                " w" + std::to_string(5 + i)}};
      lines += line.dump() + "\n";
    }
  }
  return lines;
}

TEST_F(TrainTest, AnEncoderIsPretrainedAndADualEncoderMadeOfIt) {
  here_.write("code.jsonl", snippets(0, 5));
  here_.write("other.jsonl", snippets(5, 8));
  fs::remove(here_.path() / "tiny/model.safetensors");
  const auto pretrain = [&](const std::string& output, const std::vector<std::string>& more) {
    std::vector<std::string> all = {
        "train",       "pretrain", "--model",      "tiny", "--train",      "code.jsonl",
        "--output",    output,     "--length",     "20",   "--exits",      "1,3",
        "--max-steps", "40",       "--save-every", "5",    "--batch-size", "8",
        "--precision", "float32",  "--device",     "cpu"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const RunResult whole = run_spencer(
      pretrain("whole", {"--valid", "other.jsonl", "--valid-every", "20", "--json"}), setup());
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_THAT(whole.err, HasSubstr("60 snippets of 5 repositories"));
  EXPECT_THAT(whole.err, HasSubstr("exit_3_icc_acc"));
  EXPECT_GT(json_lines(whole.out).at(0).at("best").at("accuracy"), 0.0);

  const std::vector<std::string> resumed = pretrain("broken", {"--resume", "--log-every", "1"});
  for (const std::uintmax_t bytes : {700U, 4000U}) {
    kill_at(resumed, setup(), here_.path() / "broken/metrics.jsonl", bytes);
  }
  ASSERT_EQ(run_spencer(resumed, setup()).code, 0);
  const auto last = [&](const char* run) {
    return read_file(here_.path() / run / "last/model.safetensors");
  };
  EXPECT_TRUE(last("whole") == last("broken"));

  const RunResult dual =
      run_spencer({"train", "dual", "--model", "whole/model", "--train", "train.jsonl", "--output",
                   "dual", "--batch-size", "8", "--max-steps", "4", "--exits", "1,3"},
                  setup());
  EXPECT_EQ(dual.code, 0) << dual.err;
}

TEST_F(TrainTest, WhatCannotBePretrainedOnIsNamed) {
  here_.write("one.jsonl", snippets(0, 1));
  const auto complaint = [&](const std::string& data, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"train",   "pretrain", "--model",  "tiny",
                                    "--train", data,       "--output", "x"};
    all.insert(all.end(), more.begin(), more.end());
    const RunResult result = run_spencer(all, setup());
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  EXPECT_THAT(complaint("one.jsonl"), HasSubstr("two repositories"));
  EXPECT_THAT(complaint("train.jsonl"), HasSubstr("field \"repo\" is missing"));
  EXPECT_THAT(complaint("absent"), HasSubstr("absent"));
  EXPECT_THAT(complaint("one.jsonl", {"--mask", "1.5"}), HasSubstr("masked"));
  EXPECT_THAT(complaint("one.jsonl", {"--split", "train"}), HasSubstr("--split"));
  const fs::path settings = fs::path(SPENCER_TEST_DATA) / "../../configs/mose-small.toml";
  const RunResult nameless =
      run_spencer({"train", "pretrain", "--config", settings.string()}, setup());
  EXPECT_THAT(nameless.err, HasSubstr("--model")) << "all that the file says is known";
  here_.write("code.jsonl", snippets(0, 3));
  const RunResult warned =
      run_spencer({"train", "pretrain", "--model", "tiny", "--train", "code.jsonl", "--valid",
                   "code.jsonl", "--output", "y", "--max-steps", "1", "--length", "20"},
                  setup());
  EXPECT_EQ(warned.code, 0) << warned.err;
  EXPECT_THAT(warned.err, HasSubstr("3 of the 3 held-out repositories"));
}

TEST_F(TrainTest, MistakesAreNamed) {
  const auto complaint = [&](const std::vector<std::string>& arguments) {
    const RunResult result = run_spencer(arguments, setup());
    EXPECT_EQ(result.code, 2);
    return result.err;
  };
  EXPECT_THAT(complaint({"train"}), HasSubstr("dual, cross or pretrain"));
  EXPECT_THAT(complaint({"train", "dula"}), HasSubstr("did you mean dual?"));
  EXPECT_THAT(complaint({"train", "dual", "--train", "train.jsonl", "--output", "x"}),
              HasSubstr("--model"));
  EXPECT_THAT(complaint({"train", "dual", "--model", "tiny", "--output", "x"}),
              HasSubstr("--train"));
  EXPECT_THAT(complaint(command("x", {"--batch-sise", "9"})), HasSubstr("--batch-size"));
  EXPECT_THAT(
      complaint({"train", "cross", "--model", "tiny", "--train", "train.jsonl", "--output", "x"}),
      HasSubstr("--dual"));
  EXPECT_FALSE(fs::exists(here_.path() / "x/metrics.jsonl"));
}

}  // namespace
}  // namespace spencer
