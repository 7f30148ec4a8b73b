// Ignore rules against git itself: `git check-ignore` on generated trees and patterns.
#include "source/ignore.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "spencer/source/walk.h"

#include "source/fixtures.h"

namespace spencer {
namespace {

using testing::TemporaryFolder;

WalkOptions everything() {
  WalkOptions options;
  options.hidden = options.vendored = options.generated = true;
  return options;
}

std::set<std::string> walked(const std::filesystem::path& root) {
  std::set<std::string> files;
  for (const auto& file : walk(root, everything()).files) files.insert(file.path);
  return files;
}

/// The files that git does not ignore, of those given. The user's own configuration is shut out.
std::set<std::string> kept_by_git(const std::filesystem::path& root,
                                  const std::set<std::string>& files) {
  std::string list;
  for (const auto& file : files) list += file + '\0';
  write_file_atomically(root / ".git/list", list);
  const std::string command =
      "cd '" + root.string() + "' && HOME=/nonexistent XDG_CONFIG_HOME=/nonexistent " +
      "GIT_CONFIG_NOSYSTEM=1 git check-ignore --no-index -z --stdin < .git/list > .git/ignored; "
      "test $? -le 1";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("git check-ignore failed");
  std::set<std::string> kept = files;
  const std::string ignored = read_file(root / ".git/ignored");
  for (std::size_t begin = 0; begin < ignored.size();) {
    const auto end = ignored.find('\0', begin);
    kept.erase(ignored.substr(begin, end - begin));
    begin = end + 1;
  }
  return kept;
}

void make_repository(const TemporaryFolder& folder) {
  const std::string command = "git -c init.defaultBranch=main init -q '" + folder.path().string() +
                              "' && rm -rf '" + folder.path().string() + "/.git/hooks'";
  ASSERT_EQ(std::system(command.c_str()), 0);
}

class RandomRules {
 public:
  explicit RandomRules(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  const char* any(const std::vector<const char*>& options) {
    return options[below(options.size())];
  }

  std::string name() {
    static const std::vector<const char*> kNames = {
        "a",     "b",     "ab",    "abc",     "foo", "foo.c",      "bar.o",    "a.b.c",      "x y",
        "-x",    "#hash", "!bang", "[a]",     "a]",  "ae\xCC\x81", "\xC3\xBC", "A",          "B.O",
        "build", "star*", "q?",    ".hidden", "a1",  "z9",         "trail ",   "back\\slash"};
    return any(kNames);
  }

  std::string pattern() {
    static const std::vector<const char*> kPieces = {"*",
                                                     "?",
                                                     "**",
                                                     "/",
                                                     "/**/",
                                                     "**/",
                                                     "/**",
                                                     "[ab]",
                                                     "[!a]",
                                                     "[^a]",
                                                     "[a-c]",
                                                     "[z-a]",
                                                     "[[:alpha:]]",
                                                     "[![:digit:]]",
                                                     "[[:nope:]]",
                                                     "[]]",
                                                     "[]-a]",
                                                     "[a-]",
                                                     "[\\]]",
                                                     "[a",
                                                     "[",
                                                     "\\*",
                                                     "\\?",
                                                     "\\[",
                                                     "\\a",
                                                     "\\",
                                                     "\\#",
                                                     "\\!",
                                                     ".",
                                                     "a",
                                                     "b",
                                                     "c",
                                                     "foo",
                                                     "*.o",
                                                     "*.c",
                                                     "\xC3\xBC",
                                                     "[\xC3\xBC]",
                                                     " ",
                                                     "\\ ",
                                                     "-",
                                                     "***",
                                                     "a*b*c",
                                                     "[a-c][0-9]",
                                                     "[!-z]",
                                                     "[+--]",
                                                     "[[:alpha:]-z]",
                                                     "[[:]",
                                                     "[a/b]",
                                                     "[[:upper:][:digit:]]",
                                                     "build",
                                                     "x y",
                                                     "./",
                                                     "../"};
    std::string result;
    if (below(5) == 0) result += "!";
    if (below(5) == 0) result += "/";
    if (below(3) == 0) {
      result += name();
      if (below(2) == 0) result += "/" + name();
    } else {
      for (std::size_t i = 0; i <= below(4); ++i) result += any(kPieces);
    }
    if (below(5) == 0) result += "/";
    if (below(10) == 0) result += any({" ", "  ", "\\ ", "\t", "\r", " \r"});
    return result;
  }

  std::string rules(std::size_t most) {
    std::string result = below(12) == 0 ? "\xEF\xBB\xBF" : "";
    for (std::size_t i = 0; i < 1 + below(most); ++i) {
      result += below(15) == 0 ? any({"# comment", "", " ", "\\#hash"}) : pattern();
      result += below(10) == 0 ? "\r\n" : "\n";
    }
    if (below(4) == 0) result.pop_back();  // no newline at the end
    return result;
  }

 private:
  std::mt19937 random_;
};

TEST(Ignore, SameAsGitOnRandomTrees) {
  std::size_t ignored = 0;
  std::size_t kept = 0;
  for (std::uint32_t seed = 0; seed < 80; ++seed) {
    TemporaryFolder folder;
    make_repository(folder);
    RandomRules random(seed);
    std::set<std::string> files;
    std::set<std::string> folders = {""};
    for (int i = 0; i < 60; ++i) {
      std::string path;
      for (std::size_t depth = random.below(4); depth > 0; --depth) path += random.name() + "/";
      const std::string name = path + random.name();
      std::error_code error;
      std::filesystem::create_directories(folder.path() / path, error);
      if (error || std::filesystem::exists(folder.path() / name)) continue;
      std::ofstream(folder.path() / name) << "x\n";
      files.insert(name);
      folders.insert(path);
    }
    for (const auto& place : folders) {
      if (!place.empty() && random.below(4) != 0) continue;
      write_file_atomically(folder.path() / (place + ".gitignore"), random.rules(6));
      files.insert(place + ".gitignore");
    }
    if (seed % 3 == 0) write_file_atomically(folder.path() / ".git/info/exclude", random.rules(3));
    const auto expected = kept_by_git(folder.path(), files);
    std::set<std::string> actual = walked(folder.path());
    // An empty .gitignore is not a file worth indexing; git has no such view.
    std::set<std::string> empty;
    for (const auto& file : files) {
      if (std::filesystem::file_size(folder.path() / file) == 0) empty.insert(file);
    }
    for (const auto& file : expected) {
      EXPECT_TRUE(actual.contains(file) || empty.contains(file))
          << "seed " << seed << ": git keeps '" << file << "'";
    }
    for (const auto& file : actual) {
      EXPECT_TRUE(expected.contains(file)) << "seed " << seed << ": git ignores '" << file << "'";
    }
    kept += expected.size();
    ignored += files.size() - expected.size();
    if (HasFailure()) break;
  }
  EXPECT_GT(ignored, 400U);  // else the patterns match nothing and the test tells nothing
  EXPECT_GT(kept, 400U);
}

/// Patterns that people write, and gitignore(5)'s own examples.
TEST(Ignore, SameAsGitOnRealPatterns) {
  TemporaryFolder folder;
  make_repository(folder);
  const std::map<std::string, std::string> rules = {
      {".gitignore",
       "*.py[cod]\n__pycache__/\n/dist\nbuild/\n!src/build/\n*.log\n!important.log\n"
       "doc/frotz/\n/logs/**/debug\nfoo/*\n!foo/keep\n**/node_modules/**\n*.sw?\n\\#x\\ \n"
       "/*.cfg\nTest*/\nsub/**/x\nhello.*\n"},
      {"src/.gitignore", "!*.log\n/local\nbuild/*\n!build/keep.txt\n"},
      {"deep/a/.gitignore", "*\n!.gitignore\n!*/\n!b/c.txt\n"},
  };
  std::set<std::string> files;
  for (const auto& [name, text] : rules) {
    folder.write(name, text);
    files.insert(name);
  }
  for (const char* name : {"a.pyc",
                           "a.py",
                           "src/a.pyo",
                           "src/__pycache__/x",
                           "dist/x",
                           "src/dist/x",
                           "build/x",
                           "src/build/x",
                           "src/build/keep.txt",
                           "x.log",
                           "important.log",
                           "src/y.log",
                           "src/important.log",
                           "doc/frotz/x",
                           "a/doc/frotz/x",
                           "logs/debug",
                           "logs/a/debug",
                           "logs/a/b/debug",
                           "foo/x",
                           "foo/keep",
                           "foo/y/keep",
                           "a/node_modules/b/c",
                           "a/.x.swp",
                           "#x ",
                           "#x",
                           "a.cfg",
                           "src/a.cfg",
                           "Tests/x",
                           "src/Test1/y",
                           "Test",
                           "sub/x",
                           "sub/a/x",
                           "sub/a/b/x",
                           "hello.txt",
                           "a/hello.c",
                           "src/local",
                           "src/a/local",
                           "deep/a/x",
                           "deep/a/b/c.txt",
                           "deep/a/b/d.txt",
                           "deep/a/e/b/c.txt"}) {
    folder.write(name, "x\n");
    files.insert(name);
  }
  EXPECT_EQ(walked(folder.path()), kept_by_git(folder.path(), files));
  // From a subfolder, the same rules hold.
  std::set<std::string> below;
  for (const auto& file : kept_by_git(folder.path(), files)) {
    if (file.starts_with("src/")) below.insert(file.substr(4));
  }
  EXPECT_EQ(walked(folder.path() / "src"), below);
}

TEST(Ignore, ManyStarsTakeLittleTime) {
  const std::string pattern = "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(wildmatch(pattern, std::string(200, 'a'), true));
  EXPECT_FALSE(wildmatch("**/a*/**/a*/**/a*/**/a*/**/b", std::string(100, 'a'), true));
}

}  // namespace
}  // namespace spencer
