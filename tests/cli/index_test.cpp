// `spencer index`: what it says, what it takes over, and how it stops.
#include <csignal>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/file.h"

#include "cli/tree.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

nlohmann::json summary_of(const RunResult& result) { return json_lines(result.out).at(0); }

TEST(Index, OnlyWhatChangedIsEmbeddedAgain) {
  const Tree tree;
  const auto first = summary_of(tree.index({"--json"}));
  EXPECT_EQ(first["files"], 4);  // three of code, and notes.txt
  EXPECT_EQ(first["functions"], 7);
  EXPECT_EQ(first["embedded"], first["records"]);
  EXPECT_GE(first["skipped"]["ignored"], 1);

  tree.write("web/form.js", "export function shout(text) {\n  return text.toUpperCase();\n}\n");
  const auto second = summary_of(tree.index({"--json"}));
  EXPECT_EQ(second["changed_files"], 1);
  EXPECT_EQ(second["embedded"], 1);
  EXPECT_THAT(tree.names({"upper case", "-k", "50"}), Contains("shout"));
  EXPECT_THAT(tree.names({"e-mail address", "-k", "50"}), Not(Contains("validateEmail")));
}

TEST(Index, UpToDateNeedsNeitherLibtorchNorAFilesContent) {
  const Tree tree;
  tree.index();
  // Whoever reads it finds another function; its size and its time say that nobody need.
  const fs::path file = tree.path() / "web/form.js";
  const auto written = fs::last_write_time(file);
  std::string content = read_file(file);
  content.replace(content.find("renderTable"), 11, "renderOther");
  tree.write("web/form.js", content);
  fs::last_write_time(file, written);
  const RunResult again =
      run_spencer({"index", "--model", minilm().string(), "--json"}, without_libtorch(tree.here()));
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(summary_of(again)["up_to_date"], true);
  EXPECT_THAT(tree.index().out, HasSubstr("Up to date"));
}

TEST(Index, IsOfOneExitAndMadeAgainForAnother) {
  const Tree tree;
  const auto shallow = summary_of(tree.index({"--exit", "2", "--json"}));
  EXPECT_EQ(summary_of(tree.index({"--exit", "2", "--json"}))["up_to_date"], true);
  EXPECT_EQ(tree.search({"parse a date", "--exit", "2"}).out, tree.search({"parse a date"}).out);
  const RunResult other = tree.search({"parse a date", "--exit", "4"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("exit 2, not 4"));
  EXPECT_EQ(summary_of(tree.index({"--exit", "4", "--json"}))["embedded"], shallow["embedded"]);
  EXPECT_EQ(tree.search({"parse a date", "--exit", "4"}).code, 0);
  const RunResult beyond =
      run_spencer({"index", "--model", minilm().string(), "--exit", "7"}, tree.here());
  EXPECT_EQ(beyond.code, 2);
  EXPECT_THAT(beyond.err, HasSubstr("its exits are the layers 1 to 6"));
}

TEST(Index, LibtorchThatIsMissingIsNamedWithTheWayOut) {
  const Tree tree;
  const RunResult result =
      run_spencer({"index", "--model", minilm().string()}, without_libtorch(tree.here()));
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("SPENCER_LIBTORCH"));
}

TEST(Index, DeletedAndRenamedFilesAreFollowed) {
  const Tree tree;
  tree.index();
  fs::remove(tree.path() / "cache/lru.go");
  fs::rename(tree.path() / "net", tree.path() / "network");
  const auto summary = summary_of(tree.index({"--json"}));
  EXPECT_EQ(summary["removed_files"], 2);
  EXPECT_EQ(summary["added_files"], 1);
  EXPECT_EQ(summary["embedded"], 0);  // the same texts at another place
  const RunResult result = tree.search({"wait longer", "-k", "50", "--json"});
  for (const auto& hit : json_lines(result.out)) {
    EXPECT_NE(hit["path"], "net/client.py");
    EXPECT_NE(hit["path"], "cache/lru.go");
  }
}

TEST(Index, DryRunListsFilesAndReasonsAndWritesNothing) {
  const Tree tree;
  tree.write("data.bin", std::string("\0\1\2", 3));
  const RunResult result = run_spencer({"index", "--dry-run"}, without_libtorch(tree.here()));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("index  net/client.py  (python"));
  EXPECT_THAT(result.out, HasSubstr("skip   secret/  (ignored)"));
  EXPECT_THAT(result.out, HasSubstr("skip   data.bin  (binary)"));
  EXPECT_FALSE(fs::exists(tree.path() / ".spencer"));
  const RunResult machine =
      run_spencer({"index", "--dry-run", "--json"}, without_libtorch(tree.here()));
  bool found = false;
  for (const auto& line : json_lines(machine.out)) {
    found = found ||
            (line["action"] == "skip" && line["path"] == "secret/" && line["reason"] == "ignored");
  }
  EXPECT_TRUE(found) << machine.out;
}

TEST(Index, QuietSaysNothingAndATerminalGetsABar) {
  const Tree tree;
  const RunResult quiet = tree.index({"--quiet"});
  EXPECT_EQ(quiet.out + quiet.err, "");
  RunSetup setup = tree.here();
  setup.environment["TERM"] = "xterm";
  const RunResult bar =
      run_on_terminal({"index", "--rebuild", "--model", minilm().string()}, setup);
  EXPECT_EQ(bar.code, 0) << bar.out;
  EXPECT_THAT(bar.out, HasSubstr("\r\x1b[K"));
  EXPECT_THAT(bar.out, HasSubstr("\xE2\x96\x91"));
  EXPECT_THAT(bar.out, HasSubstr("Indexed"));
  const RunResult lines = tree.index({"--rebuild"});
  EXPECT_THAT(lines.err, Not(HasSubstr("\x1b")));
  EXPECT_THAT(lines.out, HasSubstr("skipped: "));
}

TEST(Index, EveryKindOfIndexAnswers) {
  const Tree tree;
  for (const char* ann : {"exact", "hnsw", "ivfpq"}) {
    tree.index({"--ann", ann});
    EXPECT_EQ(tree.names({"drop the least recently used entry", "-k", "1"}),
              std::vector<std::string>{"Cache.Evict"})
        << ann;
  }
}

/// Functions for more than one step of the encoder.
void write_many_functions(const Tree& tree, int count) {
  std::ostringstream code;
  for (int i = 0; i < count; ++i) {
    code << "def task_" << i << "(a, b):\n    return [a * " << i << " + x for x in range(b)]\n\n";
    if (i % 50 == 49) {
      tree.write("many/m" + std::to_string(i) + ".py", code.str());
      code.str("");
    }
  }
}

TEST(Index, InterruptStopsCleanlyAndTheNextRunGoesOn) {
  const Tree tree;
  tree.index();
  write_many_functions(tree, 300);
  // Once some vectors are made, the journal is there to go on from.
  const fs::path journal = tree.path() / ".spencer/journal";
  const RunResult stopped = run_traced(
      {"index", "--model", minilm().string()}, tree.here(),
      [&] { return has_bytes(journal, 100000); }, SIGINT);
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  // The index that was there still answers.
  EXPECT_EQ(tree.names({"drop the least recently used entry", "-k", "1"}),
            std::vector<std::string>{"Cache.Evict"});
  const auto summary = summary_of(tree.index({"--json"}));
  EXPECT_LT(summary["embedded"], 300);  // the vectors made before the stop are taken over
  EXPECT_EQ(summary["functions"], 307);
}

}  // namespace
}  // namespace spencer
