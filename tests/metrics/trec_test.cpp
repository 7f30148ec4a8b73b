// TREC files in and out. Their scores are compared with pytrec_eval in trec_parity.py.
#include "spencer/metrics/trec.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

class TrecFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("spencer-trec-" + std::to_string(getpid()));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  void write(const std::string& text) { std::ofstream(path_) << text; }

  template <typename Read>
  std::string error_of(Read read) {
    try {
      read(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt);
      return error.what();
    }
    return "no error";
  }
  std::filesystem::path path_;
};

TEST_F(TrecFile, TiedScoresAreWrittenStrictlyFalling) {
  std::ostringstream out;
  const std::vector<RunEntry> ranking = {{"c", 0.5f}, {"a", 0.5f}, {"b", 0.5f}, {"d", 0.25f}};
  write_trec_run(out, "q 1", ranking, "tag");
  write(out.str());
  const auto run = read_trec_run(path_);
  const auto& entries = run.at("q%201");
  ASSERT_EQ(entries.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(entries[i].document, ranking[i].document);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_LT(entries[i].score, entries[i - 1].score);
  EXPECT_EQ(entries[0].score, 0.5f);
  EXPECT_EQ(entries[3].score, 0.25f);
}

TEST_F(TrecFile, ARerankedHeadMayScoreBelowTheTail) {
  std::ostringstream out;
  const std::vector<RunEntry> ranking = {{"a", -7.5f}, {"b", -8.0f}, {"c", 0.9f}, {"d", 0.8f}};
  write_trec_run(out, "q", ranking, "tag");
  write(out.str());
  const auto run = read_trec_run(path_);
  const auto& entries = run.at("q");
  ASSERT_EQ(entries.size(), 4u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_LT(entries[i].score, entries[i - 1].score);
}

TEST(TrecId, EscapesWhatWouldSplitALineAndStaysDistinct) {
  EXPECT_EQ(trec_id("https://a.b/c#L1-L2"), "https://a.b/c#L1-L2");
  EXPECT_EQ(trec_id("a b\tc"), "a%20b%09c");
  EXPECT_NE(trec_id("a b"), trec_id("a%20b"));
}

TEST_F(TrecFile, BadLinesNameFileLineAndField) {
  write("q Q0 d 1 0.5 t\nq Q0 e 2 x t\n");
  EXPECT_EQ(error_of(read_trec_run), path_.string() + ":2: field \"score\" is not a number: \"x\"");
  write("q Q0 d\n");
  EXPECT_EQ(error_of(read_trec_run), path_.string() + ":1: field \"rank\" is missing");
  write("q Q0 d 1 0.5 t\n\nq Q0 d 2 0.4 t\n");
  EXPECT_NE(error_of(read_trec_run).find(":3: field \"document\": \"d\" is given twice"),
            std::string::npos);
  write("q Q0 d 1 nan t\n");
  EXPECT_NE(error_of(read_trec_run).find(":1: field \"score\" is NaN"), std::string::npos);
  write("q 0 d 1\nq 0 d 1\n");
  EXPECT_NE(error_of(read_trec_qrels).find(":2: field \"document\""), std::string::npos);
  write("q 0 d one\n");
  EXPECT_NE(error_of(read_trec_qrels).find(":1: field \"relevance\""), std::string::npos);
  EXPECT_THROW(read_trec_run("/no/such/run"), Error);
}

}  // namespace
}  // namespace spencer
