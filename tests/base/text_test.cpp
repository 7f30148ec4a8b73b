#include "spencer/base/text.h"

#include <vector>

#include <gtest/gtest.h>

namespace spencer {

TEST(Utf8, ValidTextIsUntouched) {
  const std::string text = "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\xEF\xBF\xBD";
  EXPECT_TRUE(is_valid_utf8(text));
  EXPECT_EQ(to_valid_utf8(text), text);
}

// Expected values: Python's bytes.decode("utf-8", "replace").
TEST(Utf8, EachMaximalInvalidSequenceBecomesOneReplacement) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x80", "\xEF\xBF\xBD"},
      {"a\xC3", "a\xEF\xBF\xBD"},
      {"\xE4\xB8", "\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF0\x9F\x98z", "\xEF\xBF\xBDz"},
      {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const auto& [input, expected] : cases) {
    EXPECT_FALSE(is_valid_utf8(input));
    EXPECT_EQ(to_valid_utf8(input), expected);
  }
}

TEST(Nearest, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> values = {"float32", "bfloat16", "auto"};
  EXPECT_EQ(nearest("flaot32", values), "float32");
  EXPECT_EQ(nearest("bf16", values), "");
  EXPECT_EQ(nearest("atuo", values), "auto");
  const std::vector<std::string> options = {"--code", "--model"};
  EXPECT_EQ(nearest("--modle", options), "--model");  // a swap is one slip, not two
  EXPECT_EQ(nearest("zzzzzzzz", values), "");
}

}  // namespace spencer
