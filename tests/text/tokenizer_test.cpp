// Known ids of the real models; the values are what Hugging Face tokenizers 0.23.3 gives.
#include "spencer/text/tokenizer.h"

#include <thread>
#include <utility>
#include <vector>

#include "text/model_folders.h"

namespace spencer {
namespace {

using testing::model_folder;

constexpr std::size_t kLong = 512;

TEST(MiniLm, GivesTheIdsOfHuggingFace) {
  const auto tokenizer = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  const std::vector<std::pair<const char*, TokenIds>> known{
      {"", {101, 102}},
      {"def parse_args(self):",
       {101, 13366, 11968, 3366, 1035, 12098, 5620, 1006, 2969, 1007, 1024, 102}},
      {"Déjà vu: naïve café", {101, 2139, 3900, 24728, 1024, 15743, 7668, 102}},
      {"  [MASK] x", {101, 103, 1060, 102}},
      {"<mask>", {101, 1026, 7308, 1028, 102}},
      {"漢字", {101, 1904, 100, 102}},
  };
  for (const auto& [text, ids] : known) EXPECT_EQ(tokenizer->encode(text, kLong).ids, ids) << text;
  EXPECT_EQ(tokenizer->vocabulary_size(), 30522);
  EXPECT_EQ(tokenizer->pad_id(), 0);
  EXPECT_EQ(tokenizer->mask_id(), 103);
  EXPECT_EQ(tokenizer->token_id("##ing"), 2075);
  EXPECT_EQ(tokenizer->token_id("no such token"), -1);
}

TEST(Mpnet, GivesTheIdsOfHuggingFace) {
  const auto tokenizer = Tokenizer::load(model_folder("all-mpnet-base-v2"));
  const std::vector<std::pair<const char*, TokenIds>> known{
      {"def parse_args(self):",
       {0, 13370, 11972, 3370, 1039, 12102, 5624, 1010, 2973, 1011, 1028, 2}},
      {"  [MASK] x", {0, 1035, 7312, 1037, 1064, 2}},
      {"  <mask>", {0, 30526, 2}},
      {"漢字", {0, 1908, 104, 2}},
  };
  for (const auto& [text, ids] : known) EXPECT_EQ(tokenizer->encode(text, kLong).ids, ids) << text;
  EXPECT_EQ(tokenizer->vocabulary_size(), 30527);
  EXPECT_EQ(tokenizer->pad_id(), 1);
  EXPECT_EQ(tokenizer->mask_id(), 30526);
}

TEST(Tokenizer, CutsTheLongerOfAPairFirst) {
  const auto tokenizer = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  const auto code_cut = tokenizer->encode_pair("how to sort a list",
                                               "def sort_list(items): return sorted(items)", 12);
  EXPECT_EQ(code_cut.ids,
            (TokenIds{101, 2129, 2000, 4066, 1037, 102, 13366, 4066, 1035, 2862, 1006, 102}));
  EXPECT_EQ(code_cut.type_ids, (TokenIds{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}));
  const auto both_cut =
      tokenizer->encode_pair("one two three four five six seven", "a b c d e f g h", 9);
  EXPECT_EQ(both_cut.ids, (TokenIds{101, 2028, 2048, 2093, 102, 1037, 1038, 1039, 102}));
}

TEST(Tokenizer, SaysWhereTheTextsStand) {
  for (const char* name : {"all-MiniLM-L6-v2", "all-mpnet-base-v2"}) {
    const auto tokenizer = Tokenizer::load(model_folder(name));
    const auto at = [](const TokenSequence& input, TokenSpan span) {
      return TokenIds(input.ids.begin() + span.begin, input.ids.begin() + span.end);
    };
    const std::string first = "how to sort a list", second = "def sort_list(items): pass";
    const TokenSequence pair = tokenizer->encode_pair(first, second, kLong);
    EXPECT_EQ(at(pair, pair.first), tokenizer->tokenize(first));
    EXPECT_EQ(at(pair, pair.second), tokenizer->tokenize(second));
    const TokenSequence single = tokenizer->encode(first, 4);
    EXPECT_EQ(at(single, single.first).size(), 2U);
    EXPECT_EQ(single.second.begin, single.second.end);
  }
}

TEST(Tokenizer, SegmentsAreLeftOutWhereTheyAreAllZero) {
  const auto mpnet = Tokenizer::load(model_folder("all-mpnet-base-v2"));
  EXPECT_TRUE(mpnet->encode_pair("a", "b", kLong).type_ids.empty());
  const auto minilm = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  EXPECT_TRUE(minilm->encode("a", kLong).type_ids.empty());
}

TEST(Tokenizer, CutsToExactlyTheLength) {
  const auto tokenizer = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  const std::string text = "unbelievably tokenizable antidisestablishmentarianism";
  const TokenIds whole = tokenizer->encode(text, kLong).ids;
  ASSERT_GT(whole.size(), 8U);
  for (std::size_t length = 2; length < whole.size(); ++length) {
    TokenIds expected(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length) - 1);
    expected.push_back(102);
    EXPECT_EQ(tokenizer->encode(text, length).ids, expected);
  }
  EXPECT_EQ(tokenizer->encode(text, whole.size()).ids, whole);
}

TEST(Tokenizer, RefusesALengthWithoutRoomForSpecialTokens) {
  const auto tokenizer = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  EXPECT_THROW(tokenizer->encode("a", 1), Error);
  EXPECT_THROW(tokenizer->encode_pair("a", "b", 2), Error);
  EXPECT_EQ(tokenizer->encode("a", 2).ids, (TokenIds{101, 102}));
}

TEST(Tokenizer, DecodesWithoutSpecialTokens) {
  const auto tokenizer = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  const auto ids = tokenizer->encode("Don't do this, or that!", kLong).ids;
  EXPECT_EQ(tokenizer->decode(ids), "don ' t do this, or that!");
  EXPECT_EQ(tokenizer->decode({-5, 30522, 999999}), "");
}

TEST(Tokenizer, ReadsInvalidUtf8AsReplacementCharacters) {
  const auto tokenizer = Tokenizer::load(model_folder("all-mpnet-base-v2"));
  EXPECT_EQ(tokenizer->tokenize("caf\xE9 cr\xC3\xA8me\xF0\x9F"),
            tokenizer->tokenize("caf\uFFFD crème\uFFFD"));
}

TEST(Tokenizer, GivesTheSameFromManyThreads) {
  const auto tokenizer = Tokenizer::load(model_folder("all-MiniLM-L6-v2"));
  const std::string text = "def naïve(x): return [MASK] + x  # 漢字 \xFF";
  const TokenIds expected = tokenizer->tokenize(text);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) count += tokenizer->tokenize(text) != expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace spencer
