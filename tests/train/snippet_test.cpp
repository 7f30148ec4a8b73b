// What is read to pre-train on, and which snippets stand together.
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/train/snippet_pairs.h"
#include "spencer/train/snippets.h"

#include "model/model_test_support.h"
#include "refusal.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

SnippetSet read(const std::vector<fs::path>& data, const ReadOptions& options = {},
                SnippetKind kind = SnippetKind::function) {
  return read_snippets(data, options, kind);
}

class Files : public ScratchFolder {
 public:
  fs::path write(const std::string& name, const std::string& text) const {
    const fs::path file = path() / name;
    fs::create_directories(file.parent_path());
    write_file_atomically(file, text);
    return file;
  }
};

TEST(Snippets, AreReadFromJsonLinesWhole) {
  const Files files;
  const fs::path data = files.write("code.jsonl",
                                    R"({"repo": "a", "original_string": "one + doc", "code": "one"}
{"repo": "b", "code": "two", "url": "http://two"}
{"repo": "a", "function": "three"}
{"repo": "b", "code": "one + doc"}
{"repo": "b", "code": " \n"}
)");
  const SnippetSet set = read({data});
  ASSERT_EQ(set.snippets().size(), 3U);
  EXPECT_EQ(set.repositories(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(set.snippets()[0].code, "one + doc") << "with its docstring";
  EXPECT_EQ(set.snippets()[1].id, "http://two");
  EXPECT_EQ(set.snippets()[2].code, "three");
  EXPECT_EQ(set.snippets()[2].repository, 0);
  EXPECT_EQ(set.report().repeated, 1) << "a copy in another repository";
  EXPECT_EQ(set.report().empty, 1);
}

TEST(Snippets, ARecordWithoutRepositoryIsNamed) {
  const Files files;
  const fs::path data = files.write("code.jsonl", R"({"repo": "a", "code": "one"}
{"code": "two"}
{"repo": "b", "code": "three"}
)");
  const std::string message = refusal([&] { read({data}); }, ErrorKind::corrupt);
  EXPECT_NE(message.find("code.jsonl:2: field \"repo\" is missing"), std::string::npos) << message;
  ReadOptions options;
  options.skip_bad = true;
  const SnippetSet set = read({data}, options);
  EXPECT_EQ(set.snippets().size(), 2U);
  EXPECT_EQ(set.report().reading.skipped, 1);
}

TEST(Snippets, AreTheFunctionsOfSourceTrees) {
  const Files files;
  files.write("all/x/a.py", "import os\n\n\ndef one():\n    return os\n\n\ndef two():\n    pass\n");
  files.write("all/y/deep/b.go", "package b\n\nfunc Three() int {\n\treturn 3\n}\n");
  files.write("all/.hidden/c.py", "def hidden():\n    pass\n");
  files.write("all/loose.py", "def loose():\n    pass\n");
  files.write("single/.git/HEAD", "ref: refs/heads/main\n");
  files.write("single/inner/d.py", "def four():\n    pass\n");
  const fs::path all = files.path() / "all", single = files.path() / "single";
  const SnippetSet set = read({all, single});
  EXPECT_EQ(set.repositories(), (std::vector<std::string>{(all / "x").string(),
                                                          (all / "y").string(), single.string()}));
  ASSERT_EQ(set.snippets().size(), 4U);
  EXPECT_EQ(set.snippets()[0].code, "def one():\n    return os");
  EXPECT_EQ(set.snippets()[0].id, (all / "x").string() + "/a.py:4");
  EXPECT_EQ(set.snippets()[2].code, "func Three() int {\n\treturn 3\n}");
  EXPECT_EQ(set.snippets()[3].repository, 2);
  EXPECT_EQ(set.report().files, 3);
}

TEST(Snippets, AreTheBeginningsOfFilesWhereAskedFor) {
  const Files files;
  const std::string small = "import os\n\n\ndef one():\n    return os\n";
  files.write("x/a.py", small);
  std::string large;
  for (int i = 0; i < 4096; ++i) large += "x = 42\n\n";  // 8 bytes
  files.write("y/b.py", large);
  const SnippetSet set = read({files.path()}, {}, SnippetKind::file);
  ASSERT_EQ(set.snippets().size(), 2U);
  EXPECT_EQ(set.snippets()[0].code, small);
  EXPECT_EQ(set.snippets()[0].id, (files.path() / "x").string() + "/a.py");
  EXPECT_EQ(set.snippets()[1].code, large.substr(0, 16384));
}

TEST(Snippets, WhatHoldsNoCodeIsRefused) {
  const Files files;
  EXPECT_NE(refusal([&] { read({files.write("empty.jsonl", "")}); }, ErrorKind::corrupt)
                .find("there is no code"),
            std::string::npos);
  refusal([&] { read({files.path() / "absent.jsonl"}); }, ErrorKind::not_found);
  fs::create_directories(files.path() / "bare");
  EXPECT_NE(refusal([&] { read({files.path() / "bare"}); }, ErrorKind::not_found).find(".git"),
            std::string::npos);
}

TEST(Snippets, TheChecksumIsOfCodeAndOfWhatBelongsTogether) {
  const auto checksum = [](const std::vector<RepositoryCode>& codes) {
    SnippetSet set;
    for (RepositoryCode code : codes) set.add(std::move(code));
    return set.checksum();
  };
  const std::string one = checksum({{"1", "a", "x"}, {"2", "a", "y"}, {"3", "b", "z"}});
  EXPECT_EQ(one, checksum({{"1", "c", "x"}, {"2", "c", "y"}, {"3", "d", "z"}}));
  EXPECT_NE(one, checksum({{"1", "a", "x"}, {"2", "b", "y"}, {"3", "b", "z"}}));
  EXPECT_NE(one, checksum({{"1", "a", "x"}, {"2", "a", "w"}, {"3", "b", "z"}}));
}

/// Repositories of so many snippets each.
SnippetSet repositories(const std::vector<int>& sizes) {
  SnippetSet set;
  for (std::size_t r = 0; r < sizes.size(); ++r) {
    for (int i = 0; i < sizes[r]; ++i) {
      const std::string name = "r" + std::to_string(r);
      set.add({name + std::to_string(i), name, name + " snippet " + std::to_string(i)});
    }
  }
  return set;
}

TEST(SnippetPairs, LabelsAreRightAndHalfAreOfOneRepository) {
  const SnippetSet set = repositories({7, 12, 2, 5});
  const SnippetPairPlan plan(set, 4, 3);
  ASSERT_EQ(plan.batches_per_epoch(), 7);  // 26 snippets
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    std::multiset<std::int32_t> firsts;
    int same = 0;
    for (std::int64_t number = 0; number < 7; ++number) {
      const auto pairs = plan.batch(epoch * 7 + number);
      EXPECT_EQ(pairs.size(), number < 6 ? 4U : 2U);
      int same_here = 0;
      for (const SnippetPair& pair : pairs) {
        const auto repository = [&](std::int32_t place) {
          return set.snippets()[static_cast<std::size_t>(place)].repository;
        };
        EXPECT_NE(pair.first, pair.second);
        EXPECT_EQ(pair.same_repository, repository(pair.first) == repository(pair.second));
        firsts.insert(pair.first);
        same_here += pair.same_repository ? 1 : 0;
      }
      EXPECT_EQ(same_here * 2, static_cast<int>(pairs.size()));
      same += same_here;
    }
    EXPECT_EQ(same, 13);
    EXPECT_EQ(firsts.size(), 26U);
    EXPECT_EQ(std::set<std::int32_t>(firsts.begin(), firsts.end()).size(), 26U)
        << "every snippet is the first of one pair";
  }
}

TEST(SnippetPairs, SecondSnippetsAreDrawnEvenly) {
  const SnippetSet set = repositories({3, 4, 5});
  const SnippetPairPlan plan(set, 12, 1);
  std::map<std::pair<std::int32_t, std::int32_t>, int> counts;
  constexpr int kEpochs = 24000;  // each snippet is first of 12,000 pairs of either kind
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (const SnippetPair& pair : plan.batch(epoch)) ++counts[{pair.first, pair.second}];
  }
  const auto expect_even = [&](std::int32_t first, std::int32_t from, std::int32_t to, int others) {
    for (std::int32_t second = from; second < to; ++second) {
      if (second == first) continue;
      const double expected = 12000.0 / others;
      EXPECT_NEAR((counts[{first, second}]), expected, 5 * std::sqrt(2 * expected)) << second;
    }
  };
  expect_even(0, 0, 3, 2);
  expect_even(0, 3, 12, 9);
  expect_even(5, 3, 7, 3);
  expect_even(5, 0, 3, 8);
  expect_even(5, 7, 12, 8);
  expect_even(11, 7, 12, 4);
  expect_even(11, 0, 7, 7);
}

TEST(SnippetPairs, DependOnSeedAndNumberAlone) {
  const SnippetSet set = repositories({9, 9});
  const auto firsts = [&](const SnippetPairPlan& plan, std::int64_t number) {
    std::vector<std::pair<std::int32_t, std::int32_t>> all;
    for (const SnippetPair& pair : plan.batch(number)) all.emplace_back(pair.first, pair.second);
    return all;
  };
  const SnippetPairPlan plan(set, 4, 3), same(set, 4, 3), other(set, 4, 4);
  const auto early = firsts(plan, 2);
  firsts(plan, 40);  // another epoch
  EXPECT_EQ(firsts(plan, 2), early);
  EXPECT_EQ(firsts(same, 2), early);
  EXPECT_NE(firsts(other, 2), early);
  EXPECT_NE(firsts(plan, 2 + plan.batches_per_epoch()), early);
}

TEST(SnippetPairs, SnippetsAloneInTheirRepositoryAreLeftOut) {
  const SnippetSet set = repositories({2, 1, 2, 1});
  const SnippetPairPlan plan(set, 4, 0);
  EXPECT_EQ(plan.pairs_per_epoch(), 4);
  for (std::int64_t number = 0; number < 50; ++number) {
    for (const SnippetPair& pair : plan.batch(number)) {
      for (const std::int32_t place : {pair.first, pair.second}) {
        EXPECT_TRUE(place != 2 && place != 5) << place;
      }
    }
  }
}

TEST(SnippetPairs, OneRepositoryIsNotEnough) {
  for (const auto& sizes : {std::vector<int>{20}, std::vector<int>{20, 1, 1}}) {
    const SnippetSet set = repositories(sizes);
    const std::string message =
        refusal([&] { SnippetPairPlan(set, 4, 0); }, ErrorKind::invalid_argument);
    EXPECT_NE(message.find("two repositories"), std::string::npos) << message;
  }
  const SnippetSet set = repositories({2, 2});
  refusal([&] { SnippetPairPlan(set, 0, 0); }, ErrorKind::invalid_argument);
}

}  // namespace
}  // namespace spencer
