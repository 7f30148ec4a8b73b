// Whole runs over a small real tree with real weights: what is embedded, kept, dropped and said.
#include "spencer/index/indexer.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <set>
#include <utility>

#include <gmock/gmock.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/index/embedding_text.h"
#include "spencer/model/dual_encoder.h"

#include "index/survey.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const fs::path kMiniLm = fs::path(SPENCER_DEPS) / "models" / "all-MiniLM-L6-v2";

/// Requests a stop once so many texts have been embedded; notes the stages it sees.
class Watcher final : public Progress {
 public:
  explicit Watcher(StopFlag& stop, std::int64_t stop_after = -1)
      : stop_(stop), stop_after_(stop_after) {}
  void begin(std::string_view stage, std::int64_t total, std::string_view) override {
    stage_ = stage;
    totals[stage_] = total;
  }
  void advance(std::int64_t amount) override {
    sums[stage_] += amount;
    if (stage_ == "embedding" && stop_after_ >= 0 && sums[stage_] >= stop_after_) stop_.request();
  }
  std::map<std::string, std::int64_t> totals, sums;

 private:
  StopFlag& stop_;
  std::int64_t stop_after_;
  std::string stage_;
};

class IndexerTest : public ::testing::Test {
 protected:
  IndexerTest() {
    std::string name = (fs::temp_directory_path() / "spencer_index_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    root_ = name;
    const fs::path project = fs::path(SPENCER_TEST_DATA) / ".." / "..";
    fs::create_directories(root_ / "base");
    for (const char* source : {"stop.cpp", "hash.cpp", "file.cpp"}) {
      fs::copy(project / "src" / "base" / source, root_ / "base");
    }
    write("tool.py", "def one():\n    return 1\n\n\ndef two():\n    return one() + 1\n");
    write("empty.py", "\n");
    write("logo.bin", std::string("\0\1\2", 3));
    write(".gitignore", "ignored/\n");
    write("ignored/x.py", "def hidden(): pass\n");
    options_.root = root_;
    options_.model = kMiniLm;
  }
  ~IndexerTest() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << text;
  }
  IndexSummary build() {
    Progress silent;
    return build_index(options_, silent, stop_);
  }
  std::unique_ptr<IndexReader> open() const {
    return IndexReader::open(options_.resolved_index_folder());
  }
  std::set<std::string> indexed_paths() const {
    std::set<std::string> paths;
    const auto reader = open();
    for (RecordId id = 0; id < reader->manifest().records; ++id) {
      paths.insert(reader->record(id).path);
    }
    return paths;
  }
  /// Every record's text and vector, in a form that does not depend on their order.
  std::set<std::pair<std::string, std::vector<float>>> all_vectors() const {
    std::set<std::pair<std::string, std::vector<float>>> all;
    const auto reader = open();
    for (RecordId id = 0; id < reader->manifest().records; ++id) {
      const CodeRecord record = reader->record(id);
      const auto vector = reader->vector(id);
      all.emplace(record.path + ":" + std::to_string(record.start_line) + embedding_text(record),
                  std::vector<float>(vector.begin(), vector.end()));
    }
    return all;
  }

  fs::path root_;
  IndexOptions options_;
  StopFlag stop_;
};

TEST_F(IndexerTest, EveryRecordHasTheVectorOfItsText) {
  const IndexSummary summary = build();
  EXPECT_GT(summary.functions, 15);
  EXPECT_EQ(summary.files, summary.added_files);
  EXPECT_EQ(summary.skipped.at("binary"), 1);
  EXPECT_EQ(summary.skipped.at("empty"), 1);
  EXPECT_EQ(summary.skipped.at("ignored"), 1);
  EXPECT_GT(summary.embedded, 0);
  EXPECT_EQ(summary.embedded + summary.reused, summary.records);

  const auto reader = open();
  ASSERT_EQ(reader->manifest().records, summary.records);
  EXPECT_EQ(reader->manifest().model_name, "all-MiniLM-L6-v2");
  EXPECT_EQ(reader->manifest().dimension, 384);
  EXPECT_EQ(reader->manifest().code_length, 256);
  const auto encoder = DualEncoder::open(kMiniLm, {}, {0, 256});
  for (RecordId id = 0; id < summary.records; id += 3) {
    const auto expected = encoder->encode_codes({embedding_text(reader->record(id))});
    const auto found = reader->vector(id);
    double cosine = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      cosine += double{expected[i]} * double{found[i]};
    EXPECT_GT(cosine, 0.999) << id;  // batches of other lengths, in bfloat16 on some machines
  }
}

TEST_F(IndexerTest, AQuestionFindsItsFunction) {
  build();
  const auto encoder = DualEncoder::open(kMiniLm);
  const auto query = encoder->encode_queries({"write a file atomically by renaming a temporary"});
  std::vector<std::string> names;
  const auto reader = open();
  for (const auto& hit : reader->search(query, 3, {})) names.push_back(reader->record(hit.id).name);
  EXPECT_THAT(names, Contains(HasSubstr("write_file_atomically")));
}

TEST_F(IndexerTest, NothingChangedIsSeenAtOnceAndWritesNothing) {
  build();
  const std::string before = read_file(root_ / ".spencer" / "CURRENT");
  const auto all = all_vectors();
  Watcher watcher(stop_);
  const IndexSummary again = build_index(options_, watcher, stop_);
  EXPECT_TRUE(again.up_to_date);
  EXPECT_EQ(again.embedded, 0);
  EXPECT_EQ(again.skipped.at("binary"), 1);
  EXPECT_EQ(again.skipped.at("empty"), 1);
  EXPECT_GT(again.functions, 15);
  EXPECT_EQ(watcher.totals.count("reading"), 0u);
  EXPECT_EQ(watcher.totals.count("embedding"), 0u);
  EXPECT_EQ(read_file(root_ / ".spencer" / "CURRENT"), before);
  EXPECT_EQ(all_vectors(), all);
}

TEST_F(IndexerTest, ATouchedFileIsReadButNotEmbedded) {
  build();
  const auto all = all_vectors();
  fs::last_write_time(root_ / "tool.py",
                      fs::last_write_time(root_ / "tool.py") + std::chrono::seconds(5));
  const IndexSummary again = build();
  EXPECT_EQ(again.embedded, 0);
  EXPECT_EQ(again.changed_files, 0);
  EXPECT_EQ(all_vectors(), all);
  EXPECT_TRUE(build().up_to_date);  // the new time has been noted
}

TEST_F(IndexerTest, OnlyWhatChangedIsEmbeddedAgain) {
  const std::int64_t before = build().records;
  write("base/new.py", "def entirely_new_thing(a):\n    return a + 12345\n");
  std::string text = read_file(root_ / "tool.py");
  text += "\n\ndef one_more_function(x):\n    return x * 54321\n";
  write("tool.py", text);
  const IndexSummary again = build();
  EXPECT_EQ(again.added_files, 1);
  EXPECT_EQ(again.changed_files, 1);
  EXPECT_GE(again.embedded, 2);
  EXPECT_LE(again.embedded, 4);  // the two functions, and windows at the changed end
  EXPECT_GE(again.records, before + 2);
  EXPECT_THAT(indexed_paths(), Contains("base/new.py"));
}

TEST_F(IndexerTest, RenamedFilesKeepTheirVectorsAndDeletedOnesVanish) {
  build();
  fs::rename(root_ / "base", root_ / "moved");
  fs::remove(root_ / "tool.py");
  const IndexSummary again = build();
  // Windows are named after the file, not the folder: no text has changed.
  EXPECT_EQ(again.embedded, 0);
  EXPECT_EQ(again.removed_files, 4);
  EXPECT_EQ(again.added_files, 3);
  for (const std::string& path : indexed_paths()) EXPECT_TRUE(path.starts_with("moved/")) << path;
}

TEST_F(IndexerTest, TheResultDoesNotDependOnHowItWasReached) {
  options_.engine.precision = Precision::float32;
  options_.held_bytes = 0;  // every file is read again when its turn comes
  build();
  write("late.py", "def late():\n    return 'late'\n");
  build();
  const auto in_steps = all_vectors();
  options_.rebuild = true;
  options_.held_bytes = 64 << 20;
  const IndexSummary summary = build();
  EXPECT_THAT(summary.fresh_start, HasSubstr("rebuild"));
  const auto at_once = all_vectors();
  ASSERT_EQ(in_steps.size(), at_once.size());
  for (auto a = in_steps.begin(), b = at_once.begin(); a != in_steps.end(); ++a, ++b) {
    EXPECT_EQ(a->first, b->first);
    EXPECT_THAT(a->second, ::testing::Pointwise(::testing::FloatNear(1e-5f), b->second));
  }
}

TEST_F(IndexerTest, OtherSettingsEmbedAgainAndSayWhy) {
  build();
  options_.code_length = 64;
  const IndexSummary again = build();
  EXPECT_THAT(again.fresh_start, HasSubstr("code length 256"));
  EXPECT_GT(again.embedded, 15);
  EXPECT_EQ(open()->manifest().code_length, 64);
  EXPECT_TRUE(build().up_to_date);
  options_.model = fs::path(SPENCER_DEPS) / "models" / "all-mpnet-base-v2";
  fs::remove_all(root_ / "base");  // one file is enough for the larger model
  const IndexSummary other = build();
  EXPECT_THAT(other.fresh_start, HasSubstr("all-MiniLM-L6-v2"));
  EXPECT_EQ(open()->manifest().dimension, 768);
}

TEST_F(IndexerTest, AStopKeepsWhatWasEmbedded) {
  std::string many;  // more than one step of the encoder
  for (int i = 0; i < 120; ++i) {
    const std::string number = std::to_string(i);
    many += "def area_" + number + "(width, height):\n    margin = " + number +
            "\n    return (width + margin) * (height + margin)\n\n\n";
  }
  write("many.py", many);
  Watcher watcher(stop_, 1);
  try {
    build_index(options_, watcher, stop_);
    FAIL() << "the stop was not seen";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::interrupted);
  }
  EXPECT_THROW(open(), Error);  // there was no index, and half a one does not appear
  StopFlag go_on;
  Watcher rest(go_on);
  const IndexSummary summary = build_index(options_, rest, go_on);
  EXPECT_GT(watcher.sums["embedding"], 0);
  EXPECT_LT(watcher.sums["embedding"], watcher.totals["embedding"]);
  EXPECT_EQ(summary.embedded, watcher.totals["embedding"] - watcher.sums["embedding"]);
  EXPECT_EQ(rest.sums["embedding"], rest.totals["embedding"]);
}

TEST_F(IndexerTest, ADamagedIndexIsBuiltAgain) {
  build();
  const auto all = all_vectors();
  for (const auto& entry : fs::recursive_directory_iterator(root_ / ".spencer")) {
    if (entry.path().filename() != "vectors.f32") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5000);
    file.put('\x55');
  }
  EXPECT_THROW(open(), Error);
  const IndexSummary summary = build();
  EXPECT_THAT(summary.fresh_start, HasSubstr("vectors.f32"));
  EXPECT_GT(summary.embedded, 0);
  EXPECT_EQ(all_vectors().size(), all.size());
}

/// Does something at each step of a build.
class AtEachStep final : public Progress {
 public:
  explicit AtEachStep(std::function<void()> act) : act_(std::move(act)) {}
  void begin(std::string_view, std::int64_t, std::string_view) override { act_(); }
  void advance(std::int64_t) override { act_(); }
  void end() override { act_(); }

 private:
  std::function<void()> act_;
};

TEST_F(IndexerTest, SearchesGoOnWhileTheIndexIsWritten) {
  options_.engine.precision = Precision::float32;
  build();
  const auto reader = open();
  const std::vector<float> query(reader->vector(3).begin(), reader->vector(3).end());
  int searches = 0;
  AtEachStep progress([&] {
    const auto hits = open()->search(query, 1, {});
    ASSERT_EQ(hits.size(), 1u);
    EXPECT_NEAR(hits[0].score, 1, 1e-5);
    ++searches;
  });
  options_.rebuild = true;
  build_index(options_, progress, stop_);
  EXPECT_GE(searches, 10) << "a beginning, an end and something between, of four stages";
  EXPECT_NEAR(reader->search(query, 1, {})[0].score, 1, 1e-5);
}

TEST_F(IndexerTest, AnEmptyTreeGivesAnEmptyIndex) {
  fs::create_directories(root_ / "void");
  options_.root = root_ / "void";
  EXPECT_EQ(build().records, 0);
  EXPECT_TRUE(build().up_to_date);
}

TEST_F(IndexerTest, FilesThatCannotBeReadAreTriedAgain) {
  const ReadOptions reading{root_, {}, {}};
  WalkResult tree = walk(root_);
  tree.files.push_back({"vanished.py", 10, 1});  // between the walk and the reading
  Progress silent;
  const Survey first = survey(tree.files, {}, reading, 0, 2, silent, stop_);
  EXPECT_EQ(first.unreadable, 1);
  EXPECT_EQ(first.files.size(), tree.files.size() - 1);
  EXPECT_TRUE(first.touched);
  std::vector<FileEntry> known;
  for (const SurveyedFile& file : first.files) known.push_back(file.entry);
  const Survey second = survey(tree.files, known, reading, 0, 2, silent, stop_);
  EXPECT_EQ(second.unreadable, 1);
  EXPECT_FALSE(second.touched);
  EXPECT_TRUE(std::ranges::all_of(second.files, &SurveyedFile::keep));
}

TEST_F(IndexerTest, WrongOptionsAreNamed) {
  const auto message = [&] {
    try {
      build();
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  options_.code_length = 5;
  EXPECT_THAT(message(), HasSubstr("code_length is 5"));
  options_.code_length = 0;
  options_.root = root_ / "nowhere";
  EXPECT_THAT(message(), HasSubstr("nowhere"));
  options_.root = root_ / "tool.py";
  EXPECT_THAT(message(), HasSubstr("is not a folder"));
  options_.root = root_;
  options_.model = root_ / "no-model";
  EXPECT_THAT(message(), HasSubstr("no-model"));
}

TEST_F(IndexerTest, ThePlanSaysWhatWouldHappen) {
  StopFlag stop;
  IndexPlan plan = plan_index(options_, stop);
  const auto state_of = [&](const std::string& path) -> std::string {
    for (const PlannedFile& file : plan.files) {
      if (file.path == path) return std::string(to_string(file.state)) + " " + file.language;
    }
    for (const SkippedPath& skipped : plan.skipped) {
      if (skipped.path == path) return std::string(to_string(skipped.reason));
    }
    return "absent";
  };
  EXPECT_EQ(state_of("tool.py"), "new python");
  EXPECT_EQ(state_of("base/file.cpp"), "new c++");
  EXPECT_EQ(state_of("logo.bin"), "binary");
  EXPECT_EQ(state_of("empty.py"), "empty");
  EXPECT_EQ(state_of("ignored/"), "ignored");
  EXPECT_FALSE(fs::exists(root_ / ".spencer"));

  options_.model = root_ / "no-model";  // none is needed
  options_.model = kMiniLm;
  build();
  write("tool.py", "def other(): pass\n");
  fs::remove(root_ / "base" / "hash.cpp");
  plan = plan_index(options_, stop);
  EXPECT_EQ(state_of("tool.py"), "changed python");
  EXPECT_EQ(state_of("base/file.cpp"), "unchanged c++");
  EXPECT_THAT(plan.removed, ::testing::ElementsAre("base/hash.cpp"));
}

}  // namespace
}  // namespace spencer
