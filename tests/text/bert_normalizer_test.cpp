// BERT's normalisation, option by option.
#include "text/bert_normalizer.h"

#include <gtest/gtest.h>

namespace spencer {
namespace {

std::string normalized(std::string_view text, const BertNormalizer::Options& options) {
  std::string out = "before|";
  BertNormalizer(options).append(text, out);
  return out.substr(7);
}

constexpr BertNormalizer::Options kNone{false, false, false, false};

TEST(BertNormalizer, LeavesTextAloneWithoutOptions) {
  const std::string text("A\0\t\uFFFD漢é\u0301", 13);
  EXPECT_EQ(normalized(text, kNone), text);
}

TEST(BertNormalizer, CleansControlCharactersAndSpaces) {
  auto options = kNone;
  options.clean_text = true;
  EXPECT_EQ(normalized(std::string_view("a\0b\x7F\u200B\uFFFD\tc\u00A0d\u3000", 19), options),
            "ab c d ");
}

TEST(BertNormalizer, SetsCjkApart) {
  auto options = kNone;
  options.handle_chinese_chars = true;
  EXPECT_EQ(normalized("a漢字b", options), "a 漢  字 b");
  EXPECT_EQ(normalized("かな한", options), "かな한");
}

TEST(BertNormalizer, StripsAccentsAndDecomposes) {
  auto options = kNone;
  options.strip_accents = true;
  EXPECT_EQ(normalized("Éa\u0301ñ", options), "Ean");
  EXPECT_EQ(normalized("각", options), "\u1100\u1161\u11A8");
}

TEST(BertNormalizer, OrdersTheCombiningCharactersThatStay) {
  auto options = kNone;
  options.strip_accents = true;
  // U+1D165 (class 216) stays, so does U+1D16D (class 226): the lower class comes first.
  EXPECT_EQ(normalized("x\U0001D16D\U0001D165y", options), "x\U0001D165\U0001D16Dy");
  EXPECT_EQ(normalized("x\U0001D16D.\U0001D165", options), "x\U0001D16D.\U0001D165");
}

TEST(BertNormalizer, LowersEachCharacterByItself) {
  auto options = kNone;
  options.lowercase = true;
  EXPECT_EQ(normalized("ΑΣ İẞ", options), "ασ i\u0307ß");
}

}  // namespace
}  // namespace spencer
