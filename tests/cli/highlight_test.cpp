#include "highlight.h"

#include <string>

#include <gtest/gtest.h>

namespace spencer {
namespace {

/// The styles as letters under the code: k, s, c, n and '.'.
std::string drawn(const std::string& code, const std::string& language) {
  std::string out;
  for (const Style style : highlight(code, language)) {
    out += std::string(".kscn")[static_cast<std::size_t>(style)];
  }
  return out;
}

TEST(Highlight, Python) {
  EXPECT_EQ(drawn("def f(x): return 'a\\'b' # no", "python"), "kkk.......kkkkkk.ssssss.cccc");
  EXPECT_EQ(drawn("\"\"\"two\nlines\"\"\" + 12.5", "python"), "sssssssssssssss...nnnn");
  EXPECT_EQ(drawn("'open\nif x", "python"), "sssss.kk..");
}

TEST(Highlight, CFamily) {
  EXPECT_EQ(drawn("if (c == '\\n') /* x\ny */ return;", "c++"), "kk.......ssss..ccccccccc.kkkkkk.");
  EXPECT_EQ(drawn("// 'quote\nint i", "c"), "ccccccccc.kkk..");
  EXPECT_EQ(drawn("fn f<'a>(x: &'a u8)", "rust"), "kk.................");
  EXPECT_EQ(drawn("s := `raw\n\\`", "go"), ".....sssssss");
  EXPECT_EQ(drawn("let a = `x\ny`", "typescript"), "kkk.....sssss");
}

TEST(Highlight, OtherFamilies) {
  EXPECT_EQ(drawn("# c\nend", "ruby"), "ccc.kkk");
  EXPECT_EQ(drawn("# c\n// d\necho 'a\nb'", "php"), "ccc.cccc.kkkk.sssss");
  EXPECT_EQ(drawn("def f", "no such language"), ".....");
  EXPECT_EQ(drawn("", "python"), "");
}

TEST(Highlight, UnfinishedCodeEndsWithItsText) {
  for (const char* code : {"'", "\"", "'\\", "/*", "\"\"\"", "`", "'\\u"}) {
    for (const char* language : {"c++", "python", "go", "php", "rust"}) {
      EXPECT_EQ(highlight(code, language).size(), std::string(code).size()) << code << language;
    }
  }
}

}  // namespace
}  // namespace spencer
