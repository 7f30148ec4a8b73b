// What a walk takes, what it leaves out, and the reason it gives.
#include "spencer/source/walk.h"

#include <cstdlib>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spencer/base/error.h"

#include "source/fixtures.h"

namespace spencer {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using testing::TemporaryFolder;
using ::testing::UnorderedElementsAre;

std::vector<std::string> paths(const WalkResult& result) {
  std::vector<std::string> names;
  for (const auto& file : result.files) names.push_back(file.path);
  return names;
}

std::map<std::string, std::string> reasons(const WalkResult& result) {
  std::map<std::string, std::string> map;
  for (const auto& skipped : result.skipped) map[skipped.path] = to_string(skipped.reason);
  return map;
}

TEST(Walk, GivesFilesInOrderAndReasonsForTheRest) {
  TemporaryFolder folder;
  for (const char* name : {"b.py", "a.py", "sub/c.py", ".hidden.py", ".git/config",
                           "node_modules/x/index.js", "env/pyvenv.cfg", "env/lib/x.py",
                           "package-lock.json", "x_pb2.py", "app.min.js", "out/gen.txt"}) {
    folder.write(name, "x = 1\n");
  }
  folder.write("big.txt", std::string((1 << 20) + 1, 'x'));
  folder.write("just.txt", std::string(1 << 20, 'x'));
  folder.write("empty.py", "");
  folder.write(".gitignore", "out/\n");
  folder.write(".spencerignore", "b.py\n");
  std::filesystem::create_symlink("a.py", folder.path() / "link.py");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "sub/loop");
  ASSERT_EQ(mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  const auto result = walk(folder.path());
  EXPECT_THAT(paths(result), ElementsAre("a.py", "just.txt", "sub/c.py"));
  EXPECT_EQ(result.files[0].bytes, 6);
  EXPECT_GT(result.files[0].modified_ns, 1'500'000'000'000'000'000);
  EXPECT_THAT(
      reasons(result),
      UnorderedElementsAre(Pair(".git/", "hidden"), Pair(".gitignore", "hidden"),
                           Pair(".hidden.py", "hidden"), Pair(".spencerignore", "hidden"),
                           Pair("app.min.js", "minified"), Pair("b.py", "ignored"),
                           Pair("big.txt", "too large"), Pair("empty.py", "empty"),
                           Pair("env/", "installed packages"), Pair("link.py", "symbolic link"),
                           Pair("node_modules/", "installed packages"), Pair("out/", "ignored"),
                           Pair("package-lock.json", "generated"), Pair("pipe", "not a file"),
                           Pair("sub/loop", "symbolic link"), Pair("x_pb2.py", "generated")));
}

TEST(Walk, OptionsTakeMore) {
  TemporaryFolder folder;
  for (const char* name :
       {".github/x.yml", ".git/config", "node_modules/a.js", "yarn.lock", "o.txt"}) {
    folder.write(name, "x = 1\n");
  }
  folder.write(".gitignore", "o.txt\n");
  WalkOptions options;
  options.hidden = options.vendored = options.generated = true;
  options.ignore_files = false;
  EXPECT_THAT(
      paths(walk(folder.path(), options)),
      ElementsAre(".github/x.yml", ".gitignore", "node_modules/a.js", "o.txt", "yarn.lock"));
  options.max_file_bytes = 0;
  EXPECT_THROW(walk(folder.path(), options), Error);
}

TEST(Walk, SpencerIgnoreGoesBeforeGit) {
  TemporaryFolder folder;
  folder.write(".gitignore", "*.txt\n/kept\n");
  folder.write(".spencerignore", "!a.txt\n");
  folder.write("sub/.gitignore", "a.txt\n");
  for (const char* name : {"a.txt", "b.txt", "sub/a.txt", "sub/c.py", "kept"})
    folder.write(name, "x\n");
  EXPECT_THAT(paths(walk(folder.path())), ElementsAre("a.txt", "sub/a.txt", "sub/c.py"));
}

TEST(Walk, RulesOfAWorkTreeReachItsSubfoldersAndNoNestedOne) {
  TemporaryFolder folder;
  folder.write(".git/HEAD", "ref: refs/heads/main\n");
  folder.write(".git/info/exclude", "excluded.py\n");
  folder.write(".gitignore", "*.tmp\n/a/anchored\n/a/b/\n");
  folder.write("a/.gitignore", "!keep.tmp\n");
  folder.write("a/inner/.git", "gitdir: ../../modules/inner\n");
  folder.write("modules/inner/info/exclude", "private.py\n");
  for (const char* name :
       {"a/x.tmp", "a/keep.tmp", "a/anchored", "a/excluded.py", "a/b/c.py", "a/d.py",
        "a/inner/x.tmp", "a/inner/private.py", "a/inner/excluded.py"}) {
    folder.write(name, "x\n");
  }
  EXPECT_THAT(paths(walk(folder.path() / "a")),
              ElementsAre("d.py", "inner/excluded.py", "inner/x.tmp", "keep.tmp"));
  EXPECT_THAT(paths(walk(folder.path() / "a/b")), ElementsAre("c.py"));  // asked for by name
}

TEST(Walk, RootsOfEveryKind) {
  TemporaryFolder folder;
  folder.write("a/x.py", "x = 1\n");
  std::filesystem::create_directory_symlink("a", folder.path() / "b");
  EXPECT_THAT(paths(walk(folder.path() / "b")), ElementsAre("x.py"));
  EXPECT_THAT(paths(walk(folder.path() / "a/x.py")), ElementsAre("x.py"));
  EXPECT_EQ(load_source(folder.path() / "a/x.py", "x.py").text, "x = 1\n");
  EXPECT_THROW(walk(folder.path() / "none"), Error);
  std::filesystem::create_directory(folder.path() / "empty");
  EXPECT_TRUE(walk(folder.path() / "empty").files.empty());
  StopFlag stop;
  stop.request();
  EXPECT_THROW(walk(folder.path(), {}, &stop), Error);
}

TEST(Walk, UnreadablePathsAreReasonsNotErrors) {
  TemporaryFolder folder;
  folder.write("closed/x.py", "x = 1\n");
  folder.write("secret.py", "x = 1\n");
  chmod((folder.path() / "closed").c_str(), 0);
  chmod((folder.path() / "secret.py").c_str(), 0);
  const pid_t child = fork();  // permissions do not bind root: the check runs as nobody
  ASSERT_GE(child, 0);
  if (child == 0) {
    chmod(folder.path().c_str(), 0755);
    if (geteuid() == 0 && setuid(65534) != 0) _exit(3);
    try {
      const auto found = reasons(walk(folder.path()));
      const auto loaded = load_source(folder.path(), "secret.py");
      const bool good = found.contains("closed/") && found.at("closed/") == "unreadable" &&
                        loaded.skipped && loaded.reason == SkipReason::unreadable;
      _exit(good ? 0 : 1);
    } catch (...) {
      _exit(2);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  chmod((folder.path() / "closed").c_str(), 0700);
  EXPECT_EQ(load_source(folder.path(), "gone.py").reason, SkipReason::unreadable);
}

LoadedSource load(std::string_view text, const std::string& name = "a.py") {
  TemporaryFolder folder;
  folder.write(name, text);
  return load_source(folder.path(), name);
}

TEST(Load, EncodingsBecomeUtf8) {
  EXPECT_EQ(load("caf\xE9 = 1\n").text, "caf\xEF\xBF\xBD = 1\n");  // Latin-1
  EXPECT_EQ(load("\xEF\xBB\xBFx = 1\n").text, "x = 1\n");
  EXPECT_EQ(load(std::string_view("\xFF\xFEx\0=\0\xE9\0", 8)).text, "x=\xC3\xA9");
  EXPECT_EQ(load(std::string_view("\xFE\xFF\0x\xD8\x3D\xDE\x00\xD8\x3D", 10)).text,
            "x\xF0\x9F\x98\x80\xEF\xBF\xBD");
  EXPECT_EQ(load("x = 1\n").language, "python");
}

TEST(Load, JudgesContent) {
  EXPECT_EQ(load(std::string_view("x = 1\0\n", 7)).reason, SkipReason::binary);
  EXPECT_TRUE(load(std::string_view("x = 1\0\n", 7)).skipped);
  EXPECT_EQ(load(" \n\t\r\n").reason, SkipReason::empty);
  EXPECT_EQ(load(std::string(5000, 'x'), "a.js").reason, SkipReason::minified);
  EXPECT_FALSE(load(std::string(3000, 'x'), "a.js").skipped);
  EXPECT_FALSE(load(std::string(5000, 'x'), "a.md").skipped);
}

TEST(Load, KnowsGeneratedFiles) {
  for (const char* mark :
       {"// Code generated by protoc-gen-go. DO NOT EDIT.\n", "# @generated by tool\n",
        "/*\n * This file was automatically generated.\n */\n", "// <auto-generated>\n",
        "# Generated by configure.\n#\n# DO NOT EDIT\n", "<!-- Autogenerated file -->\n"}) {
    const auto loaded = load(mark + std::string("x = 1\n"));
    EXPECT_TRUE(loaded.skipped) << mark;
    EXPECT_EQ(loaded.reason, SkipReason::generated) << mark;
  }
  for (const char* text : {"MARK = '@generated'\n", "# Generates files. Do not worry.\n",
                           "# Do not edit the table below by hand.\n",
                           "# The parser is generated by bison at build time.\n"}) {
    EXPECT_FALSE(load(text).skipped) << text;
  }
  WalkOptions options;
  options.generated = true;
  TemporaryFolder folder;
  folder.write("a.py", "# @generated\nx = 1\n");
  EXPECT_FALSE(load_source(folder.path(), "a.py", options).skipped);
}

}  // namespace
}  // namespace spencer
