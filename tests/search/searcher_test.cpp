// The searcher on a real index whose vectors are set by hand, so that the order is known. Queries
// that need a model are tested with the real program, in tests/cli.
#include "spencer/search/searcher.h"

#include <cmath>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "refusal.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

CodeRecord make_record(std::string path, std::string name, std::string kind, std::int32_t start,
                       std::int32_t end, std::string language = "python") {
  CodeRecord record;
  record.path = std::move(path);
  record.name = std::move(name);
  record.kind = std::move(kind);
  record.start_line = start;
  record.end_line = end;
  record.language = std::move(language);
  for (std::int32_t line = start; line <= end; ++line) {
    record.code += record.name + " line " + std::to_string(line) + "\n";
  }
  return record;
}

class SearcherTest : public ::testing::Test {
 protected:
  SearcherTest()
      : root_(fs::temp_directory_path() / ("spencer_search_" + std::to_string(getpid()))) {
    fs::create_directories(root_ / "src/deep");
    settings_.model_name = "by-hand";
    settings_.model_path = (root_ / "no-model").string();
    settings_.model_fingerprint = "0123";
    settings_.dimension = 2;
    settings_.code_length = 64;
  }
  ~SearcherTest() override { fs::remove_all(root_); }

  /// Writes an index in which record i lies at `degrees[i]` from the axis.
  void write_index(const std::vector<CodeRecord>& records, const std::vector<double>& degrees) {
    const auto writer = IndexWriter::open(root_ / ".spencer", settings_);
    std::string path;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (records[i].path != path) {
        path = records[i].path;
        writer->add_file({path, 1, 1, hash128(path)});
      }
      const double angle = degrees[i] * std::acos(-1.0) / 180.0;
      const float vector[] = {static_cast<float>(std::cos(angle)),
                              static_cast<float>(std::sin(angle))};
      writer->add_record(records[i], hash128(std::to_string(i)), vector);
    }
    writer->commit();
  }

  SearchOptions without_model(std::int64_t k = 10) const {
    SearchOptions options;
    options.needs_model = false;
    options.top_k = k;
    return options;
  }

  std::vector<std::string> names_like(const std::string& path, std::int32_t line,
                                      SearchOptions options) {
    std::vector<std::string> names;
    for (const Hit& hit : Searcher(root_ / ".spencer", options).search(Query::like(path, line))) {
      names.push_back(hit.record.name + ":" + std::to_string(hit.record.start_line));
    }
    return names;
  }

  fs::path root_;
  IndexManifest settings_;
};

TEST_F(SearcherTest, MoreLikeThisLeavesItselfOutAndRanksByCosine) {
  write_index({make_record("a.py", "near", "function", 1, 3),
               make_record("a.py", "query", "function", 5, 8),
               make_record("b.go", "far", "method", 1, 4, "go"),
               make_record("b.go", "middle", "method", 6, 9, "go")},
              {10, 0, 80, 40});
  EXPECT_THAT(names_like("a.py", 6, without_model()), ElementsAre("near:1", "middle:6", "far:1"));
  EXPECT_THAT(names_like("a.py", 6, without_model(2)), ElementsAre("near:1", "middle:6"));

  const auto hits = Searcher(root_ / ".spencer", without_model()).search(Query::like("a.py", 6));
  EXPECT_EQ(hits[0].rank, 1);
  EXPECT_NEAR(hits[0].score, std::cos(10 * std::acos(-1.0) / 180), 1e-5);
  EXPECT_EQ(hits[0].recall_score, hits[0].score);
  EXPECT_FALSE(hits[0].rerank_score.has_value());
  EXPECT_FALSE(hits[0].best_lines.empty());
}

TEST_F(SearcherTest, FiltersActBeforeTheTopKIsTaken) {
  write_index({make_record("src/a.py", "query", "function", 1, 3),
               make_record("src/a.py", "near", "function", 5, 8),
               make_record("src/deep/b.go", "far", "method", 1, 4, "go")},
              {0, 5, 85});
  SearchOptions options = without_model(1);
  options.filter.languages = {"go"};
  EXPECT_THAT(names_like("src/a.py", 1, options), ElementsAre("far:1"));
  options = without_model(1);
  options.filter.kinds = {"method"};
  EXPECT_THAT(names_like("src/a.py", 1, options), ElementsAre("far:1"));
  options = without_model(1);
  options.filter.path_globs = {"src/deep/**"};
  EXPECT_THAT(names_like("src/a.py", 1, options), ElementsAre("far:1"));
  options.filter.path_globs = {"*.rs"};
  EXPECT_THAT(names_like("src/a.py", 1, options), ElementsAre());
}

TEST_F(SearcherTest, AFunctionInPartsIsOneAnswerAndOverloadsAreTwo) {
  write_index({make_record("a.py", "query", "function", 1, 4),
               make_record("a.py", "long", "function", 10, 30),  // three parts without a gap
               make_record("a.py", "long", "function", 31, 50),
               make_record("a.py", "long", "function", 51, 60),
               make_record("B.java", "B.put", "method", 1, 5, "java"),  // overloads
               make_record("B.java", "B.put", "method", 7, 12, "java"),
               make_record("B.java", "B.get", "method", 20, 20, "java"),  // in adjacent lines
               make_record("B.java", "B.get", "method", 21, 21, "java"),
               make_record("notes", "notes", "window", 1, 40, "text"),  // overlapping windows
               make_record("notes", "notes", "window", 31, 70, "text")},
              {0, 30, 5, 10, 20, 21, 60, 61, 40, 41});
  EXPECT_THAT(names_like("a.py", 2, without_model()),
              ElementsAre("long:31", "B.put:1", "B.put:7", "notes:1", "B.get:20", "B.get:21"));
  // The other parts of what was asked for are left out too.
  EXPECT_THAT(names_like("a.py", 12, without_model(2)), ElementsAre("B.put:7", "B.put:1"));
}

TEST_F(SearcherTest, ManyPartsDoNotCrowdOthersOut) {
  std::vector<CodeRecord> records{make_record("a.py", "query", "function", 1, 1)};
  std::vector<double> degrees{0};
  for (int i = 0; i < 60; ++i) {
    records.push_back(make_record("a.py", "huge", "function", 10 + 5 * i, 14 + 5 * i));
    degrees.push_back(1 + 0.1 * i);
  }
  records.push_back(make_record("b.py", "other", "function", 1, 2));
  degrees.push_back(60);
  write_index(records, degrees);
  EXPECT_THAT(names_like("a.py", 1, without_model(2)), ElementsAre("huge:10", "other:1"));
}

TEST_F(SearcherTest, IndexIsFoundFromBelowAsGitFindsItsFolder) {
  write_index({make_record("src/a.py", "f", "function", 1, 3)}, {0});
  write_file_atomically(root_ / "src/deep/x.py", "");
  const fs::path expected = fs::canonical(root_) / ".spencer";
  EXPECT_EQ(find_index(root_), expected);
  EXPECT_EQ(find_index(root_ / "src/deep"), expected);
  EXPECT_EQ(find_index(root_ / "src/deep/x.py"), expected);
  // A folder that a first, killed `index` left is no index.
  fs::create_directories(root_ / "src/.spencer");
  EXPECT_EQ(find_index(root_ / "src/deep"), expected);
}

TEST_F(SearcherTest, ErrorsNameWhatIsWrongAndTheWayOut) {
  EXPECT_THAT(refusal([&] { find_index(root_ / "src"); }, ErrorKind::not_found),
              HasSubstr("spencer index"));
  EXPECT_THAT(refusal([&] { find_index(root_ / "absent"); }, ErrorKind::not_found),
              HasSubstr("absent"));
  write_index({make_record("src/a.py", "f", "function", 5, 9)}, {0});
  const fs::path index = root_ / ".spencer";
  Searcher like_only(index, without_model());
  EXPECT_THAT(refusal([&] { like_only.search(Query::like("src/b.py", 5)); }, ErrorKind::not_found),
              HasSubstr("src/b.py:5"));
  EXPECT_THAT(refusal([&] { like_only.search(Query::words("f")); }, ErrorKind::invalid_argument),
              HasSubstr("without a model"));
  EXPECT_THAT(
      refusal([&] { like_only.search(Query::words(" \t\n")); }, ErrorKind::invalid_argument),
      HasSubstr("empty"));
  SearchOptions options = without_model(0);
  EXPECT_THAT(refusal([&] { Searcher(index, options); }, ErrorKind::invalid_argument),
              HasSubstr("top_k is 0"));
  options = without_model();
  options.engine.exit_layer = 3;
  EXPECT_THAT(refusal([&] { Searcher(index, options); }, ErrorKind::invalid_argument),
              HasSubstr("exit"));
}

}  // namespace
}  // namespace spencer
