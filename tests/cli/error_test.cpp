// Every error a user may run into says what happened, to what, and the way out; exit code 2.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/tree.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

void expect_error(const RunResult& result, const std::vector<std::string>& parts) {
  EXPECT_EQ(result.code, 2) << result.out << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, StartsWith("spencer: "));
  for (const std::string& part : parts) EXPECT_THAT(result.err, HasSubstr(part));
}

/// A copy of the model whose files may be damaged; the weights are linked.
void copy_model(const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(minilm())) {
    const fs::path name = entry.path().filename();
    if (name == "model.safetensors") {
      fs::create_symlink(entry.path(), to / name);
    } else {
      fs::copy(entry.path(), to / name, fs::copy_options::recursive);
    }
  }
}

void truncate_to(const fs::path& file, std::uintmax_t bytes) {
  const fs::path whole = fs::canonical(file);
  std::ifstream in(whole, std::ios::binary);
  std::string content(bytes, '\0');
  in.read(content.data(), static_cast<std::streamsize>(bytes));
  fs::remove(file);
  std::ofstream(file, std::ios::binary) << content;
}

TEST(Errors, NoIndexHere) {
  const Tree tree;
  expect_error(tree.search({"parse a date"}), {"no index", tree.path().string(), "spencer index"});
  expect_error(tree.search({"parse a date", "no/such/folder"}), {"no/such/folder"});
  expect_error(tree.search({"parse a date", "--index", "elsewhere"}), {"elsewhere"});
}

TEST(Errors, AnEmptyQuery) {
  const Tree tree;
  tree.index();
  expect_error(tree.search({""}), {"query is empty"});
  expect_error(tree.search({" \t "}), {"query is empty"});
}

TEST(Errors, Bfloat16OnACpuWithoutIt) {
  const Tree tree;
  tree.index();
  RunSetup without_avx512;
  without_avx512.folder = tree.path();
  without_avx512.environment["ONEDNN_MAX_CPU_ISA"] = "AVX2";
  const std::vector<std::vector<std::string>> verbs = {{"search", "parse a date"},
                                                       {"index", "--rebuild", "-q"}};
  for (std::vector<std::string> arguments : verbs) {
    arguments.insert(arguments.end(), {"--model", minilm().string(), "--precision", "bfloat16"});
    expect_error(run_spencer(arguments, without_avx512),
                 {"bfloat16 needs AVX-512", "use --precision float32 or auto"});
  }
}

TEST(Errors, AnIndexOfAnotherModel) {
  const Tree tree;
  tree.index();
  const fs::path other = fs::path(SPENCER_DEPS) / "models/all-mpnet-base-v2";
  expect_error(tree.search({"parse a date", "--model", other.string()}),
               {"all-MiniLM-L6-v2", "all-mpnet-base-v2", "spencer index"});
}

TEST(Errors, TheModelOfTheIndexIsGone) {
  const Tree tree;
  const FreshFolder models;
  copy_model(models.path() / "mine");
  ASSERT_EQ(run_spencer({"index", "--model", (models.path() / "mine").string()}, tree.here()).code,
            0);
  fs::rename(models.path() / "mine", models.path() / "moved");
  expect_error(tree.search({"parse a date"}), {"mine", "gone", "--model"});
  EXPECT_EQ(tree.search({"parse a date", "--model", (models.path() / "moved").string()}).code, 0);
  EXPECT_EQ(tree.search({"--like", "net/client.py:8"}).code, 0);
}

TEST(Errors, NoModelAtAll) {
  const Tree tree;
  RunSetup setup = tree.here();
  setup.environment["SPENCER_MODEL"] = "/nonexistent/model";
  expect_error(run_spencer({"index"}, setup), {"/nonexistent/model", "--model"});
  expect_error(run_spencer({"index", "--model", "not/here"}, setup), {"not/here"});
}

TEST(Errors, AModelFolderThatLacksAFile) {
  const Tree tree;
  for (const std::string name : {"config.json", "model.safetensors"}) {
    const FreshFolder models;
    copy_model(models.path() / "m");
    fs::remove(models.path() / "m" / name);
    expect_error(run_spencer({"index", "--model", (models.path() / "m").string()}, tree.here()),
                 {name, models.path().string()});
  }
  const FreshFolder models;
  copy_model(models.path() / "m");
  for (const char* name : {"tokenizer.json", "vocab.txt"}) fs::remove(models.path() / "m" / name);
  expect_error(run_spencer({"index", "--model", (models.path() / "m").string()}, tree.here()),
               {"tokenizer"});
}

TEST(Errors, AModelFolderWithATruncatedFile) {
  const Tree tree;
  const std::vector<std::pair<std::string, std::uintmax_t>> cases = {{"model.safetensors", 1000000},
                                                                     {"model.safetensors", 5},
                                                                     {"config.json", 100},
                                                                     {"tokenizer.json", 4000}};
  for (const auto& [name, bytes] : cases) {
    const FreshFolder models;
    copy_model(models.path() / "m");
    truncate_to(models.path() / "m" / name, bytes);
    expect_error(run_spencer({"index", "--model", (models.path() / "m").string()}, tree.here()),
                 {name});
  }
  EXPECT_FALSE(fs::exists(tree.path() / ".spencer/CURRENT"));
}

TEST(Errors, ACorruptIndex) {
  const Tree tree;
  tree.index();
  fs::path generation;
  for (const auto& entry : fs::directory_iterator(tree.path() / ".spencer")) {
    if (entry.path().filename().string().starts_with("gen-")) generation = entry.path();
  }
  ASSERT_FALSE(generation.empty());
  int damaged = 0;
  for (const auto& entry : fs::directory_iterator(generation)) {
    const FreshFolder copy;
    fs::copy(tree.path() / ".spencer", copy.path() / ".spencer", fs::copy_options::recursive);
    const fs::path file =
        copy.path() / ".spencer" / generation.filename() / entry.path().filename();
    truncate_to(file, fs::file_size(file) / 2);
    RunSetup setup;
    setup.folder = copy.path();
    expect_error(run_spencer({"search", "parse a date"}, setup),
                 {entry.path().filename().string()});
    ++damaged;
  }
  EXPECT_GE(damaged, 3);
  tree.write(".spencer/CURRENT", "gen-999999 0123456789abcdef\n");
  expect_error(tree.search({"parse a date"}), {"gen-999999"});
  tree.write(".spencer/CURRENT", "");
  expect_error(tree.search({"parse a date"}), {"CURRENT"});
}

TEST(Errors, NoPermission) {
  const Tree tree;
  // A folder below a file cannot be made, whoever asks.
  expect_error(
      run_spencer({"index", "--model", minilm().string(), "--index", "notes.txt/x"}, tree.here()),
      {"notes.txt"});
  tree.index();
  // The rest is about permission bits, which root does not feel: there, root asks without the
  // capabilities that override them.
  const fs::path index = tree.path() / ".spencer";
  fs::permissions(index, fs::perms::none);
  const std::string program = SPENCER_PROGRAM;
  std::vector<std::string> command = {program, "search", "parse a date"};
  if (::geteuid() == 0) {
    command.insert(command.begin(), {"setpriv", "--bounding-set=-dac_override,-dac_read_search"});
  }
  const RunResult refused = run_program(command, tree.here());
  fs::permissions(index, fs::perms::owner_all);
  expect_error(refused, {".spencer", "Permission denied"});
}

TEST(Errors, ASecondWriterIsTold) {
  const Tree tree;
  tree.index();
  const fs::path lock = tree.path() / ".spencer/lock";
  ASSERT_TRUE(fs::exists(lock)) << "the name of the lock file has changed";
  const std::string command = "exec 9>>" + lock.string() +
                              "; flock -n 9; " SPENCER_PROGRAM " index --rebuild --model " +
                              minilm().string();
  expect_error(run_program({"bash", "-c", command}, tree.here()), {"another"});
}

}  // namespace
}  // namespace spencer
