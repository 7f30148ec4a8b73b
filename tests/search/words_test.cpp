#include "spencer/search/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spencer {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> pieces(const std::string& text) {
  std::vector<std::string> out;
  for (const Word& word : split_words(text)) out.push_back(text.substr(word.offset, word.length));
  return out;
}

std::string stem(const std::string& word) { return split_words(word).at(0).stem; }

TEST(Words, IdentifiersComeApartWhereAReaderWouldCutThem) {
  EXPECT_THAT(pieces("parseHTTPResponse_v2(x)"),
              ElementsAre("parse", "HTTP", "Response", "v", "2", "x"));
  EXPECT_THAT(pieces("__init__.read_csv"), ElementsAre("init", "read", "csv"));
  EXPECT_THAT(pieces("  "), ElementsAre());
  EXPECT_THAT(pieces("gr\xC3\xB6\xC3\x9F"
                     "e-2"),
              ElementsAre("gr\xC3\xB6\xC3\x9F"
                          "e",
                          "2"));
}

TEST(Words, FormsOfOneWordShareAStem) {
  EXPECT_EQ(stem("parsing"), stem("Parser"));
  EXPECT_EQ(stem("parse"), stem("parsed"));
  EXPECT_EQ(stem("files"), stem("file"));
  EXPECT_EQ(stem("retries"), stem("retry"));
  EXPECT_EQ(stem("running"), stem("runs"));
  EXPECT_EQ(stem("indexes"), stem("index"));
  EXPECT_NE(stem("class"), stem("clan"));
  EXPECT_NE(stem("read"), stem("write"));
}

TEST(Words, StopWordsCountOnlyWhereThereIsNothingElse) {
  EXPECT_THAT(query_stems("how to parse the dates"), UnorderedElementsAre("pars", "dat"));
  EXPECT_THAT(query_stems("to be or not"), UnorderedElementsAre("to", "be", "or", "not"));
  EXPECT_TRUE(query_stems("+-*").empty());
}

}  // namespace
}  // namespace spencer
