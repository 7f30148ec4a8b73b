#include "spencer/train/masking.h"

#include <algorithm>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

#include "model/model_test_support.h"

namespace spencer {
namespace {

// all-MiniLM-L6-v2's: [PAD] 0, [UNK] 100, [CLS] 101, [SEP] 102, [MASK] 103
constexpr std::int32_t kMask = 103;
const std::set<std::int32_t> kSpecial = {0, 100, 101, 102, 103};

class MaskingTest : public testing::Test {
 protected:
  std::unique_ptr<Tokenizer> tokenizer_ = Tokenizer::load(deps_model("all-MiniLM-L6-v2"));

  /// 40 and 60 ordinary tokens, framed as a pair.
  static TokenSequence input() {
    TokenSequence input;
    input.ids = {101};
    for (std::int32_t i = 0; i < 100; ++i) {
      if (i == 40) input.ids.push_back(102);
      input.ids.push_back(2000 + i);
    }
    input.ids.push_back(102);
    input.type_ids.assign(42, 0);
    input.type_ids.resize(input.ids.size(), 1);
    return input;
  }
};

TEST_F(MaskingTest, FollowsBertsProportions) {
  const Masking masking(*tokenizer_, 0.15);
  const TokenSequence original = input();
  double hidden = 0, kept = 0, replaced = 0;
  std::set<std::int32_t> replacements;
  constexpr int kInputs = 1000;
  for (std::uint64_t seed = 0; seed < kInputs; ++seed) {
    const MaskedInput masked = masking.apply(original, seed);
    ASSERT_EQ(masked.positions.size(), 15U) << "15% of the 100 that are not special";
    ASSERT_EQ(std::ranges::adjacent_find(masked.positions, std::ranges::greater_equal()),
              masked.positions.end())
        << "ascending, none twice";
    EXPECT_EQ(masked.input.type_ids, original.type_ids);
    TokenIds restored = masked.input.ids;
    for (std::size_t i = 0; i < masked.positions.size(); ++i) {
      const auto position = static_cast<std::size_t>(masked.positions[i]);
      const std::int32_t id = masked.input.ids[position];
      if (id == kMask) {
        ++hidden;
      } else if (id == original.ids[position]) {
        ++kept;
      } else {
        ++replaced;
        replacements.insert(id);
      }
      ASSERT_EQ(kSpecial.count(masked.targets[i]), 0U);
      restored[position] = masked.targets[i];
    }
    ASSERT_EQ(restored, original.ids) << "nothing else is changed";
  }
  const double all = 15 * kInputs;
  EXPECT_NEAR(hidden / all, 0.8, 0.01);  // 3 standard deviations of 15,000 draws
  EXPECT_NEAR(kept / all, 0.1, 0.0075);
  EXPECT_NEAR(replaced / all, 0.1, 0.0075);
  EXPECT_GT(replacements.size(), 1400U) << "of about 1,500, out of 30,517 words";
  for (const std::int32_t id : kSpecial) EXPECT_EQ(replacements.count(id), 0U) << id;
}

TEST_F(MaskingTest, EveryPlaceIsHiddenEquallyOften) {
  const Masking masking(*tokenizer_, 0.15);
  std::vector<int> counts(input().ids.size());
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    for (const std::int32_t position : masking.apply(input(), seed).positions) {
      ++counts[static_cast<std::size_t>(position)];
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool special = i == 0 || i == 41 || i == 102;
    EXPECT_NEAR(counts[i], special ? 0 : 600, special ? 0 : 113) << i;  // 5 standard deviations
  }
}

TEST_F(MaskingTest, DependsOnTheSeedAlone) {
  const Masking masking(*tokenizer_, 0.15), same(*tokenizer_, 0.15);
  EXPECT_EQ(masking.apply(input(), 7).input.ids, same.apply(input(), 7).input.ids);
  EXPECT_NE(masking.apply(input(), 7).positions, masking.apply(input(), 8).positions);
}

TEST_F(MaskingTest, OneTokenIsPredictedAtLeastWhereThereIsAny) {
  const Masking masking(*tokenizer_, 0.15);
  EXPECT_EQ(masking.apply({{101, 2000, 102}, {}}, 1).targets, TokenIds{2000});
  const MaskedInput nothing = masking.apply({{101, 100, 102, 102}, {}}, 1);
  EXPECT_TRUE(nothing.positions.empty());
  EXPECT_EQ(nothing.input.ids, (TokenIds{101, 100, 102, 102}));
}

TEST(Masking, NeedsAMaskToken) {
  const ScratchFolder folder;  // GPT-2's kind of tokenizer
  write_file_atomically(folder.path() / "vocab.json", R"({"<|endoftext|>": 0, "a": 1, "b": 2})");
  write_file_atomically(folder.path() / "merges.txt", "#version: 0.2\n");
  const auto tokenizer = Tokenizer::load(folder.path());
  try {
    const Masking masking(*tokenizer, 0.15);
    FAIL() << "mask id " << tokenizer->mask_id();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("[MASK]"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace spencer
