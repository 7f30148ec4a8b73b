// Names, extensions and first lines to languages.
#include "spencer/source/language.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace spencer {
namespace {

TEST(Language, ByNameThenByFirstLine) {
  EXPECT_EQ(detect_language("a/b/c.py", ""), "python");
  EXPECT_EQ(detect_language("a.PY", ""), "python");
  EXPECT_EQ(detect_language("a.tsx", ""), "typescript");
  EXPECT_EQ(detect_language("a.C", ""), "c++");
  EXPECT_EQ(detect_language("a.c", ""), "c");
  EXPECT_EQ(detect_language("Makefile", ""), "makefile");
  EXPECT_EQ(detect_language("x/Dockerfile.dev", ""), "dockerfile");
  EXPECT_EQ(detect_language("config.py.in", ""), "python");
  EXPECT_EQ(detect_language("tool", "#!/usr/bin/env -S python3.11 -u\n"), "python");
  EXPECT_EQ(detect_language("tool", "#! /bin/bash\n"), "shell");
  EXPECT_EQ(detect_language("tool", "#!/usr/bin/env LANG=C node"), "javascript");
  EXPECT_EQ(detect_language("tool", "#!"), "text");
  EXPECT_EQ(detect_language("tool", "print(1)"), "text");
  EXPECT_EQ(detect_language("", ""), "text");
  EXPECT_EQ(detect_language(".", ""), "text");
  EXPECT_EQ(detect_language("a.unknown", ""), "text");
}

TEST(Language, HeadersByTheirText) {
  EXPECT_EQ(detect_language("a.h", "struct point { int x; };\n"), "c");
  EXPECT_EQ(detect_language("a.h", "/* a class of its own\n * namespace */\nint f(void);\n"), "c");
  EXPECT_EQ(detect_language("a.h", "namespace a {\n}\n"), "c++");
  EXPECT_EQ(detect_language("a.h", "class A {\n public:\n};\n"), "c++");
  EXPECT_EQ(detect_language("a.h", "void f(const std::string& s);\n"), "c++");
  EXPECT_EQ(detect_language("a.hpp", "int f();"), "c++");
}

TEST(Language, EveryNameIsListedAndGrammarsAreKnown) {
  const auto names = language_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const char* name : {"python", "java", "javascript", "typescript", "go", "php", "ruby", "c",
                           "c++", "rust", "c#"}) {
    EXPECT_TRUE(std::binary_search(names.begin(), names.end(), name)) << name;
    EXPECT_TRUE(has_grammar(name)) << name;
  }
  EXPECT_FALSE(has_grammar("markdown"));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "text"));
}

}  // namespace
}  // namespace spencer
