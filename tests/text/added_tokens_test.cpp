// How added tokens are found, flag by flag.
#include "text/added_tokens.h"

#include <gtest/gtest.h>

namespace spencer {
namespace {

AddedTokens made_of(std::vector<AddedToken> tokens) {
  Vocabulary vocabulary;
  vocabulary.add("known", 7);
  AddedTokens added;
  added.assign(std::move(tokens), vocabulary, nullptr);
  return added;
}

/// Pieces of text as they are, tokens as <id>.
std::string pieces(const AddedTokens& added, std::string_view text, bool normalized = false) {
  std::string out;
  added.split(text, normalized, [&](const AddedTokens::Piece& piece) {
    out += '(';
    out += piece.id < 0 ? std::string(piece.text) : std::to_string(piece.id);
    out += ')';
    return true;
  });
  return out;
}

AddedToken token(std::string content) {
  return {.content = std::move(content), .normalized = false};
}

TEST(AddedTokens, TakeTheirIdsFromTheVocabularyOrBehindIt) {
  const auto added = made_of({token("known"), token("new"), token("newer"), token("new")});
  EXPECT_EQ(added.find("known")->id, 7);
  EXPECT_EQ(added.find("new")->id, 1);
  EXPECT_EQ(added.find("newer")->id, 2);
  EXPECT_EQ(added.find("newest"), nullptr);
}

TEST(AddedTokens, TheLongestOfTheFirstIsFound) {
  const auto added = made_of({token("ab"), token("abc"), token("bcd")});
  EXPECT_EQ(pieces(added, "xabcdabx"), "(x)(2)(d)(1)(x)");
  EXPECT_EQ(pieces(added, ""), "");
  EXPECT_EQ(pieces(added, "abc"), "(2)");
}

TEST(AddedTokens, SingleWordsStandBetweenOtherThanWordCharacters) {
  auto word = token("cat");
  word.single_word = true;
  const auto added = made_of({word});
  EXPECT_EQ(pieces(added, "cat cats écat -cat_ cat."), "(1)( cats écat -cat_ )(1)(.)");
}

TEST(AddedTokens, StripsTakeTheWhiteSpaceBeside) {
  auto left = token("<l>"), right = token("<r>");
  left.lstrip = true;
  right.rstrip = true;
  const auto added = made_of({left, right});
  EXPECT_EQ(pieces(added, "a \u3000<l> b <r> \n<l>c"), "(a)(1)( b )(2)(1)(c)");
}

TEST(AddedTokens, NormalizedOnesAreFoundInNormalizedTextAlone) {
  AddedToken normal = token("New");
  normal.normalized = true;
  AddedTokens added;
  added.assign({normal, token("X")}, Vocabulary(), [](std::string_view) { return "new"; });
  EXPECT_EQ(pieces(added, "newXNew"), "(new)(1)(New)");
  EXPECT_EQ(pieces(added, "newXNew", true), "(0)(XNew)");
}

TEST(AddedTokens, SplittingStopsWhenTold) {
  const auto added = made_of({token("|")});
  int calls = 0;
  EXPECT_FALSE(added.split("a|b|c", false, [&](const auto&) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace spencer
