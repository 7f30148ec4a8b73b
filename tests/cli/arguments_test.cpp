// What the program says to its arguments, before any library is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/tree.h"

namespace spencer {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Arguments, HelpAndVersionAnswerWithoutLibtorchAndWithLittleWork) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                    {"--version"},
                                                    {"search", "--help"},
                                                    {"index", "--help"},
                                                    {"search", "--no-such"},
                                                    {"serach"}}) {
    // Three times what it takes; libtorch alone takes fifty times as many.
    EXPECT_LT(run_spencer(arguments, without_libtorch({})).page_faults, 1000) << arguments.front();
  }
}

TEST(Arguments, HelpGoesToStandardOutputWithDefaultsAndExamples) {
  const RunResult help = run_spencer({"search", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* part :
       {"--model",  "--index",        "--device",      "--precision", "--batch-tokens", "--threads",
        "--exit",   "--query-length", "--code-length", "--json",      "--quiet",        "--verbose",
        "--config", "--like",         "--code",        "--lang",      "--path",         "--kind",
        "-k N=10",  "bfloat16=auto",  "Examples:"}) {
    EXPECT_THAT(help.out, HasSubstr(part));
  }
  EXPECT_THAT(run_spencer({"index", "--help"}).out, HasSubstr("exact|hnsw|ivfpq"));
  EXPECT_THAT(run_spencer({"--help"}).out, HasSubstr("search"));
  EXPECT_THAT(run_spencer({"--version"}).out, StartsWith("spencer "));
}

TEST(Arguments, WhatIsMisspeltIsNamedWithTheNearestRightOne) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"serach", "x"}, "did you mean search?"},
      {{"search", "x", "--jsn"}, "did you mean --json?"},
      {{"search", "x", "--modle=y"}, "did you mean --model?"},
      {{"index", "--precision", "flaot32"}, "did you mean 'float32'?"},
      {{"index", "--ann", "hnws"}, "did you mean 'hnsw'?"},
      {{"search", "x", "--color", "allways"}, "did you mean 'always'?"},
      {{"index", "--device", "gpu"}, "auto, cpu, cuda, cuda:N"},
      {{"search", "x", "-k", "many"}, "many"},
      {{"search", "x", "-k", "0"}, "1 to 10000"},
      {{"search", "--like", "file.py"}, "a file and a line"},
      {{"search"}, "no query"},
      {{"search", "two", "words"}, "in quotes"},
  };
  for (const auto& [arguments, expected] : cases) {
    const RunResult result = run_spencer(arguments);
    EXPECT_EQ(result.code, 2) << expected;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(expected));
    EXPECT_THAT(result.err, StartsWith("spencer: "));
  }
}

TEST(Arguments, NoArgumentsIsAnErrorThatHelps) {
  const RunResult result = run_spencer({});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("Usage"));
}

TEST(Arguments, AClosedPipeIsNoFailureAndAFullDiskIs) {
  const std::string program = SPENCER_PROGRAM;
  const FreshFolder folder;
  RunSetup here;
  here.folder = folder.path();
  // Its one reader is gone before the program starts.
  const RunResult closed = run_program(
      {"bash", "-c",
       "mkfifo pipe; exec 3<>pipe 4>pipe 3>&-; " + program + " search --help >&4; echo $?"},
      here);
  EXPECT_EQ(closed.out, "0\n");
  EXPECT_EQ(closed.err, "");
  const RunResult full = run_program({"bash", "-c", program + " --help > /dev/full"});
  EXPECT_EQ(full.code, 2);
  EXPECT_THAT(full.err, HasSubstr("No space left"));
}

TEST(Config, FileGivesOptionsAndTheCommandLineWins) {
  const FreshFolder folder;
  folder.write("a.py", "def f():\n    return 1\n");
  folder.write("big.py", "x = 1\n" + std::string(3000, '#') + "\n");
  folder.write("spencer.toml", "max-file-size = 1000\n[index]\ndry-run = true\n[search]\nk = 3\n");
  RunSetup here;
  here.folder = folder.path();
  const RunResult small = run_spencer({"index", "--config", "spencer.toml"}, here);
  EXPECT_EQ(small.code, 0) << small.err;
  EXPECT_THAT(small.out, HasSubstr("skip   big.py  (too large)"));
  const RunResult large =
      run_spencer({"index", "--config", "spencer.toml", "--max-file-size", "10000"}, here);
  EXPECT_THAT(large.out, Not(HasSubstr("too large")));

  folder.write("wrong.toml", "max-fil-size = 10\n");
  const RunResult wrong = run_spencer({"index", "--config", "wrong.toml"}, here);
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("did you mean 'max-file-size'?"));
  const RunResult absent = run_spencer({"index", "--config", "absent.toml"}, here);
  EXPECT_EQ(absent.code, 2);
  EXPECT_THAT(absent.err, HasSubstr("absent.toml"));
}

}  // namespace
}  // namespace spencer
