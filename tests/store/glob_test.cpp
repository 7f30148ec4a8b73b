#include "store/glob.h"

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

bool wants(std::vector<std::string> patterns, std::string_view path) {
  return PathFilter(patterns).wants(path);
}

// Where git would read a line of .gitignore the same way, `git check-ignore` gives these answers.
TEST(Glob, FollowsGitignore) {
  EXPECT_TRUE(wants({"*.py"}, "a.py"));
  EXPECT_TRUE(wants({"*.py"}, "deep/down/a.py"));
  EXPECT_FALSE(wants({"*.py"}, "a.pyc"));
  EXPECT_TRUE(wants({"/*.py"}, "a.py"));
  EXPECT_FALSE(wants({"/*.py"}, "src/a.py"));
  EXPECT_TRUE(wants({"src/*.py"}, "src/a.py"));
  EXPECT_FALSE(wants({"src/*.py"}, "src/deep/a.py"));
  EXPECT_FALSE(wants({"src/*.py"}, "other/src/a.py"));
  EXPECT_TRUE(wants({"src/**/*.py"}, "src/a.py"));
  EXPECT_TRUE(wants({"src/**/*.py"}, "src/x/y/a.py"));
  EXPECT_FALSE(wants({"src/**/*.py"}, "src/x/y/a.c"));
  EXPECT_TRUE(wants({"**/test/*.c"}, "a/b/test/x.c"));
  EXPECT_TRUE(wants({"**/test/*.c"}, "test/x.c"));
  EXPECT_TRUE(wants({"tests"}, "a/tests/b/c.py"));
  EXPECT_TRUE(wants({"src/lib"}, "src/lib/x/y.c"));
  EXPECT_FALSE(wants({"src/lib"}, "src/library/y.c"));
  EXPECT_TRUE(wants({"a/**"}, "a/b/c"));
  EXPECT_FALSE(wants({"a/**"}, "a"));
  EXPECT_TRUE(wants({"a/**/b"}, "a/b"));
  EXPECT_TRUE(wants({"a/**/b"}, "a/x/y/b"));
  EXPECT_TRUE(wants({"fo[a-o]"}, "foo"));
  EXPECT_FALSE(wants({"fo[!a-o]"}, "foo"));
  EXPECT_TRUE(wants({"f?o"}, "fxo"));
  EXPECT_FALSE(wants({"f?o"}, "f/o"));
  EXPECT_TRUE(wants({"\\*x"}, "*x"));
  EXPECT_FALSE(wants({"\\*x"}, "yx"));
  EXPECT_TRUE(wants({"[]]x"}, "]x"));
}

TEST(Glob, AFolderWithASlashIsAPrefixFromTheRoot) {
  EXPECT_TRUE(wants({"src/"}, "src/a/b.py"));
  EXPECT_FALSE(wants({"src/"}, "other/src/b.py"));
  EXPECT_FALSE(wants({"src/"}, "src"));
  EXPECT_TRUE(wants({"./src/"}, "src/a.py"));
  EXPECT_TRUE(wants({"src//lib/"}, "src/lib/a.py"));
}

TEST(Glob, TheLastPatternThatMatchesDecides) {
  EXPECT_TRUE(wants({}, "a.py"));
  EXPECT_FALSE(wants({"!tests"}, "x/tests/a.py"));
  EXPECT_TRUE(wants({"!tests"}, "x/a.py"));
  EXPECT_FALSE(wants({"src/", "!*.md"}, "src/a.md"));
  EXPECT_TRUE(wants({"src/", "!*.md"}, "src/a.py"));
  EXPECT_FALSE(wants({"src/", "!*.md"}, "lib/a.py"));
  EXPECT_TRUE(wants({"src/", "!*.md", "README.md"}, "src/README.md"));
}

TEST(Glob, OddPatternsEndSoonAndDoNotCrash) {
  const std::string path = std::string(2000, 'a') + "/" + std::string(2000, 'a');
  std::string stars, folders;
  for (int i = 0; i < 200; ++i) {
    stars += "*a";
    folders += "**/a*/";
  }
  EXPECT_FALSE(wants({stars + "b"}, path));
  EXPECT_FALSE(wants({folders + "b"}, path));
  EXPECT_TRUE(wants({"[abc"}, "[abc"));  // never closed: stands for itself
  EXPECT_TRUE(wants({"x["}, "x["));
  EXPECT_TRUE(wants({"x\\"}, "x\\"));
  EXPECT_FALSE(wants({"[a-"}, "b"));
  EXPECT_THROW(PathFilter({""}), Error);
  EXPECT_THROW(PathFilter({"!"}), Error);
  EXPECT_THROW(PathFilter({"//"}), Error);
}

}  // namespace
}  // namespace spencer
