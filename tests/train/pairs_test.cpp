#include "spencer/train/pairs.h"

#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "model/model_test_support.h"

namespace spencer {
namespace {

TEST(PairSet, EqualTextsHaveOnePosition) {
  PairSet set;
  set.add({"1", "sort a list", "sorted(x)", {"x.reverse()"}});
  set.add({"2", "sort a list", "x.sort()"});
  set.add({"3", "reverse a list", "x.reverse()"});
  EXPECT_EQ(set.queries().size(), 2U);
  EXPECT_EQ(set.codes().size(), 3U);
  ASSERT_EQ(set.pairs().size(), 3U);
  EXPECT_EQ(set.pairs()[0].query, set.pairs()[1].query);
  EXPECT_EQ(set.pairs()[0].negatives, std::vector<std::int32_t>{set.pairs()[2].code});
  EXPECT_TRUE(set.answers(0, set.pairs()[1].code));
  EXPECT_FALSE(set.answers(0, set.pairs()[2].code));
}

TEST(PairSet, ACodeIsNoWrongAnswerToItself) {
  PairSet set;
  set.add({"1", "x.sort()", "y.sort()"});
  set.add({"2", "sorted(x)", "x.sort()"});
  EXPECT_TRUE(set.is_right(0, 0));
  EXPECT_TRUE(set.is_right(0, 1)) << "the same text";
  EXPECT_FALSE(set.answers(0, 1));
  EXPECT_FALSE(set.is_right(1, 0));
}

TEST(PairSet, EmptyAndRepeatedPairsAreCounted) {
  PairSet set;
  set.add({"1", "sort", "sorted(x)"});
  set.add({"2", "sort", "sorted(x)"});
  set.add({"3", " \n", "sorted(x)"});
  set.add({"4", "sort", ""});
  EXPECT_EQ(set.pairs().size(), 1U);
  EXPECT_EQ(set.report().repeated, 1);
  EXPECT_EQ(set.report().empty, 2);
}

TEST(PairSet, TheChecksumTellsDataApart) {
  PairSet first, second;
  first.add({"1", "sort", "sorted(x)"});
  second.add({"1", "sort", "sorted(y)"});
  EXPECT_NE(first.checksum(), second.checksum());
}

TEST(ReadPairSet, SaysWhyThereIsNothingToTrainOn) {
  const ScratchFolder folder;
  const auto file = folder.path() / "train.jsonl";
  write_file_atomically(file, R"({"url": "u", "docstring_tokens": [], "code_tokens": ["x"]})"
                              "\n");
  ReadOptions options;
  options.skip_bad = true;
  try {
    read_pair_set(std::vector{file}, options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("no pair to train on"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace spencer
