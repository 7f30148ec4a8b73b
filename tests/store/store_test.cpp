#include <atomic>
#include <limits>
#include <thread>

#include <gmock/gmock.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "store/exact_search.h"
#include "store/fixture.h"
#include "store/vector_file.h"

namespace spencer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <typename Action>
ErrorKind kind_of(Action action, const std::string& part = "") {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(part));
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::internal;
}

class StoreTest : public ::testing::Test {
 protected:
  /// a.py: two functions; src/b.py: a method inside a class-long window; src/deep/c.md: a window.
  void write_three_files() {
    const auto writer = IndexWriter::open(folder(), settings());
    add_functions(*writer, "a.py", 2);
    writer->add_file(file_entry("src/b.py"));
    add(*writer, code_record("src/b.py", 1, 40, "window"));
    add(*writer, code_record("src/b.py", 5, 9, "method"));
    writer->add_file(file_entry("src/deep/c.md"));
    add(*writer, code_record("src/deep/c.md", 1, 30, "window", "markdown"));
    writer->add_file(file_entry("empty.py", 0));
    FileEntry binary = file_entry("logo.png");
    binary.skipped = "binary";
    writer->add_file(binary);
    writer->commit();
  }
  std::vector<RecordId> ids(const RecordFilter& filter, std::int64_t k = 10) {
    std::vector<RecordId> found;
    const auto reader = IndexReader::open(folder());
    for (const auto& hit : reader->search(unit_vector(7, 16), k, filter)) found.push_back(hit.id);
    std::sort(found.begin(), found.end());
    return found;
  }
  fs::path folder() const { return temporary_.path() / ".spencer"; }

  TemporaryFolder temporary_;
};

TEST_F(StoreTest, WhatIsWrittenIsRead) {
  write_three_files();
  const auto reader = IndexReader::open(folder());
  const IndexManifest& manifest = reader->manifest();
  EXPECT_EQ(manifest.records, 5);
  EXPECT_EQ(manifest.files, 4);
  EXPECT_EQ(manifest.model_name, "a-model");
  EXPECT_EQ(manifest.model_fingerprint, settings().model_fingerprint);
  EXPECT_EQ(manifest.code_length, 256);
  const CodeRecord record = reader->record(3);
  const CodeRecord expected = code_record("src/b.py", 5, 9, "method");
  EXPECT_EQ(record.path, expected.path);
  EXPECT_EQ(record.language, expected.language);
  EXPECT_EQ(record.name, expected.name);
  EXPECT_EQ(record.kind, expected.kind);
  EXPECT_EQ(record.start_line, expected.start_line);
  EXPECT_EQ(record.end_line, expected.end_line);
  EXPECT_EQ(record.docstring, expected.docstring);
  EXPECT_EQ(record.code, expected.code);
  EXPECT_THAT(reader->vector(3), ::testing::ElementsAreArray(vector_of(expected)));
  EXPECT_EQ(reader->files().size(), 5u);
  EXPECT_EQ(reader->files()[1].path, "src/b.py");
  EXPECT_EQ(reader->files()[1].modified_ns, 1700000000000000000);
  EXPECT_EQ(reader->files()[1].content, file_entry("src/b.py").content);
  const auto counts = reader->contents();
  ASSERT_EQ(counts.size(), 4u);
  EXPECT_EQ(counts[0].language, "markdown");
  EXPECT_EQ(counts[1].kind, "function");
  EXPECT_EQ(counts[1].records, 2);
  EXPECT_NO_THROW(reader->verify());
}

TEST_F(StoreTest, TextsOfEveryKindComeBackAsTheyWere) {
  CodeRecord record = code_record("od d%20?#'\"\xff.py", 1, 2);
  record.code = std::string("zero \0 byte, quote ', \xe2\x82\xac", 26);
  record.docstring = "";
  record.name = "\n\t";
  {
    const auto writer = IndexWriter::open(folder(), settings());
    writer->add_file(file_entry(record.path));
    add(*writer, record);
    writer->commit();
  }
  const auto reader = IndexReader::open(folder());
  EXPECT_EQ(reader->record(0).code, record.code);
  EXPECT_EQ(reader->record(0).docstring, "");
  EXPECT_EQ(reader->record(0).name, record.name);
  EXPECT_EQ(reader->find(record.path, 2), 0);
}

TEST_F(StoreTest, FolderNamesMayHoldWhatUrisEscape) {
  const fs::path odd = temporary_.path() / "a%41 b?c#d" / "\xc3\xa9";
  {
    const auto writer = IndexWriter::open(odd, settings());
    add_functions(*writer, "a.py", 3);
    writer->commit();
  }
  EXPECT_EQ(IndexReader::open(odd)->record(2).start_line, 21);
  const auto again = IndexWriter::open(odd, settings());
  again->keep_file(again->known_files().at(0));
  again->commit();
  EXPECT_EQ(IndexReader::open(odd)->record(2).start_line, 21);
}

TEST_F(StoreTest, SearchEqualsSortingAllProducts) {
  constexpr std::int64_t kDimension = 24;
  {
    const auto writer = IndexWriter::open(folder(), settings(kDimension));
    for (int f = 0; f < 30; ++f) {
      add_functions(*writer, "dir" + std::to_string(f % 3) + "/" + std::to_string(f) + ".py",
                    f * 7 % 60, kDimension);
    }
    writer->commit();
  }
  const auto reader = IndexReader::open(folder());
  RecordFilter filter;
  for (const bool filtered : {false, true}) {
    if (filtered) filter.path_globs = {"dir1/"};
    for (std::uint64_t q = 0; q < 20; ++q) {
      const auto query = unit_vector(1000 + q, kDimension);
      std::vector<std::pair<double, RecordId>> all;
      for (RecordId id = 0; id < reader->manifest().records; ++id) {
        if (filtered && !reader->record(id).path.starts_with("dir1/")) continue;
        double sum = 0;
        for (std::size_t i = 0; i < query.size(); ++i) {
          sum += double{query[i]} * double{reader->vector(id)[i]};
        }
        all.emplace_back(-sum, id);
      }
      std::sort(all.begin(), all.end());
      const auto hits = reader->search(query, 10, filter);
      ASSERT_EQ(hits.size(), 10u);
      for (std::size_t i = 0; i < hits.size(); ++i) {
        EXPECT_EQ(hits[i].id, all[i].second);
        EXPECT_NEAR(hits[i].score, -all[i].first, 1e-6);
      }
    }
  }
}

TEST_F(StoreTest, AScanInAnyNumberOfThreadsGivesTheSame) {
  constexpr std::int64_t kDimension = 24, kRows = 2000;
  const fs::path path = temporary_.path() / "vectors";
  {
    VectorFileWriter writer(path, kDimension);
    for (std::uint64_t row = 0; row < kRows; ++row) {  // a hundred vectors, so most are ties
      writer.append(unit_vector(row % 100, kDimension));
    }
    writer.finish();
  }
  const VectorFile vectors(path);
  const RowRanges ranges = {{0, 700}, {705, 1200}, {1300, kRows}};
  for (const std::int64_t threads : {1, 2, 3, 8, 100, 5000}) {
    const auto hits = exact_search(vectors, unit_vector(42, kDimension), 30, ranges, threads);
    ASSERT_EQ(hits.size(), 30u) << threads;
    for (std::size_t i = 0; i < 19;
         ++i) {  // 20 rows have exactly this vector, one of them left out
      EXPECT_EQ(hits[i].id, 42 + 100 * static_cast<RecordId>(i < 12 ? i : i + 1)) << threads;
      EXPECT_NEAR(hits[i].score, 1.0f, 1e-5f);
    }
    EXPECT_LT(hits[19].score, 0.9f);
  }
}

TEST_F(StoreTest, EqualScoresComeInRecordOrder) {
  {
    const auto writer = IndexWriter::open(folder(), settings());
    writer->add_file(file_entry("a.py"));
    for (int i = 0; i < 50; ++i) {
      writer->add_record(code_record("a.py", i + 1, i + 1), hash128("same"), unit_vector(1, 16));
    }
    writer->commit();
  }
  const auto hits = IndexReader::open(folder())->search(unit_vector(2, 16), 7, {});
  ASSERT_EQ(hits.size(), 7u);
  for (RecordId i = 0; i < 7; ++i) EXPECT_EQ(hits[static_cast<std::size_t>(i)].id, i);
}

TEST_F(StoreTest, FiltersActBeforeTheTopIsTaken) {
  write_three_files();
  EXPECT_THAT(ids({}), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ids({.languages = {"markdown"}}, 1), ElementsAre(4));
  EXPECT_THAT(ids({.languages = {"markdown", "python"}}), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ids({.languages = {"rust"}}), IsEmpty());
  EXPECT_THAT(ids({.kinds = {"window"}}), ElementsAre(2, 4));
  EXPECT_THAT(ids({.languages = {"python"}, .kinds = {"window", "method"}}), ElementsAre(2, 3));
  EXPECT_THAT(ids({.path_globs = {"src/"}}), ElementsAre(2, 3, 4));
  EXPECT_THAT(ids({.path_globs = {"*.py"}}), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(ids({.kinds = {"window"}, .path_globs = {"*.py"}}), ElementsAre(2));
  EXPECT_THAT(ids({.path_globs = {"!src/"}}), ElementsAre(0, 1));
}

TEST_F(StoreTest, FindGivesTheInnermostRecordOfALine) {
  write_three_files();
  const auto reader = IndexReader::open(folder());
  EXPECT_EQ(reader->find("src/b.py", 4), 2);
  EXPECT_EQ(reader->find("src/b.py", 5), 3);
  EXPECT_EQ(reader->find("src/b.py", 9), 3);
  EXPECT_EQ(reader->find("src/b.py", 10), 2);
  EXPECT_EQ(reader->find("a.py", 11), 1);
  EXPECT_EQ(reader->find("src/b.py", 41), std::nullopt);
  EXPECT_EQ(reader->find("empty.py", 1), std::nullopt);
  EXPECT_EQ(reader->find("nowhere.py", 1), std::nullopt);
}

TEST_F(StoreTest, WrongArgumentsAreNamed) {
  write_three_files();
  const auto reader = IndexReader::open(folder());
  EXPECT_EQ(kind_of([&] { reader->search(unit_vector(1, 15), 5, {}); }, "15"), ErrorKind::shape);
  EXPECT_EQ(kind_of([&] { reader->search(unit_vector(1, 16), 0, {}); }, "k must be"),
            ErrorKind::invalid_argument);
  auto query = unit_vector(1, 16);
  query[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(kind_of([&] { reader->search(query, 5, {}); }), ErrorKind::invalid_argument);
  EXPECT_EQ(kind_of([&] { reader->record(5); }, "no record 5"), ErrorKind::invalid_argument);
  EXPECT_EQ(kind_of([&] { reader->vector(-1); }), ErrorKind::invalid_argument);
  EXPECT_EQ(kind_of([&] { reader->search(query = unit_vector(1, 16), 5, {.path_globs = {""}}); }),
            ErrorKind::invalid_argument);
}

TEST_F(StoreTest, NoIndexIsNotFoundAndSaysHowToMakeOne) {
  EXPECT_EQ(kind_of([&] { IndexReader::open(folder()); }, "spencer index"), ErrorKind::not_found);
}

TEST_F(StoreTest, AnEmptyIndexIsAnIndex) {
  IndexWriter::open(folder(), settings())->commit();
  const auto reader = IndexReader::open(folder());
  EXPECT_EQ(reader->manifest().records, 0);
  EXPECT_THAT(reader->search(unit_vector(1, 16), 5, {}), IsEmpty());
  EXPECT_THAT(reader->search(unit_vector(1, 16), 5, {.kinds = {"function"}}), IsEmpty());
  EXPECT_NO_THROW(reader->verify());
}

TEST_F(StoreTest, UnchangedFilesAreKeptAndOthersVanish) {
  write_three_files();
  {
    const auto writer = IndexWriter::open(folder(), settings());
    EXPECT_EQ(writer->fresh_start(), "");
    ASSERT_EQ(writer->known_files().size(), 5u);
    add_functions(*writer, "new.py", 1);
    FileEntry touched = writer->known_files()[1];
    touched.modified_ns += 5;
    writer->keep_file(touched);
    writer->keep_file(writer->known_files()[3]);
    EXPECT_EQ(writer->known_files()[4].skipped, "binary");
    writer->keep_file(writer->known_files()[4]);
    EXPECT_THROW(writer->keep_file(file_entry("unknown.py")), Error);
    writer->commit();
  }
  const auto reader = IndexReader::open(folder());
  EXPECT_EQ(reader->manifest().records, 3);
  EXPECT_EQ(reader->manifest().files, 3);
  EXPECT_EQ(reader->record(2).kind, "method");
  EXPECT_THAT(reader->vector(2), ::testing::ElementsAreArray(vector_of(reader->record(2))));
  EXPECT_EQ(reader->find("src/b.py", 6), 2);
  EXPECT_EQ(reader->find("a.py", 1), std::nullopt);
  EXPECT_EQ(reader->files()[1].modified_ns, 1700000000000000005);
  EXPECT_EQ(reader->files()[3].skipped, "binary");
}

TEST_F(StoreTest, KnownVectorsComeFromTheGenerationTheJournalAndThisWriter) {
  write_three_files();
  const CodeRecord old = code_record("a.py", 1, 10), lost = code_record("lost.py", 1, 2);
  {
    const auto writer = IndexWriter::open(folder(), settings());
    EXPECT_THAT(writer->known_vector(text_of(lost)), IsEmpty());
    writer->add_file(file_entry("lost.py"));
    add(*writer, lost);
    EXPECT_THAT(writer->known_vector(text_of(lost)), ::testing::ElementsAreArray(vector_of(lost)));
  }  // no commit
  EXPECT_EQ(IndexReader::open(folder())->manifest().records, 5);
  const auto writer = IndexWriter::open(folder(), settings());
  EXPECT_THAT(writer->known_vector(text_of(old)), ::testing::ElementsAreArray(vector_of(old)));
  EXPECT_THAT(writer->known_vector(text_of(lost)), ::testing::ElementsAreArray(vector_of(lost)));
  writer->commit();
  EXPECT_FALSE(fs::exists(folder() / "journal"));
}

TEST_F(StoreTest, OtherSettingsStartAfreshAndSayWhy) {
  write_three_files();
  const Hash128 old = text_of(code_record("a.py", 1, 10));
  const auto expect_fresh = [&](const IndexManifest& other, const std::string& why) {
    const auto writer = IndexWriter::open(folder(), other);
    EXPECT_THAT(writer->fresh_start(), HasSubstr(why));
    EXPECT_THAT(writer->known_vector(old), IsEmpty());
    EXPECT_THAT(writer->known_files(), IsEmpty());
    EXPECT_THROW(writer->keep_file(file_entry("a.py")), Error);
  };
  IndexManifest other = settings();
  other.model_fingerprint = "another";
  expect_fresh(other, "a-model");
  other = settings();
  other.exit_layer = 4;
  expect_fresh(other, "exit 0");
  other = settings();
  other.code_length = 128;
  expect_fresh(other, "code length 256");
  expect_fresh(settings(8), "16 numbers");
  const auto writer = IndexWriter::open(folder(), settings(), true);
  EXPECT_THAT(writer->fresh_start(), HasSubstr("rebuild"));
  EXPECT_THAT(writer->known_vector(old), IsEmpty());
}

TEST_F(StoreTest, AJournalOfOtherSettingsIsNotTaken) {
  const CodeRecord record = code_record("lost.py", 1, 2);
  const auto remember = [&](const IndexManifest& manifest) {
    IndexWriter::open(folder(), manifest)->remember(text_of(record), vector_of(record));
  };
  remember(settings());
  IndexManifest other = settings();
  other.model_fingerprint = "another";
  EXPECT_THAT(IndexWriter::open(folder(), other)->known_vector(text_of(record)), IsEmpty());
  remember(settings());
  EXPECT_FALSE(IndexWriter::open(folder(), settings())->known_vector(text_of(record)).empty());
  EXPECT_THAT(IndexWriter::open(folder(), settings(), true)->known_vector(text_of(record)),
              IsEmpty());
}

TEST_F(StoreTest, OtherExtractionRulesKeepVectorsButNoFiles) {
  write_three_files();
  IndexManifest other = settings();
  other.extraction = "2";
  const auto writer = IndexWriter::open(folder(), other);
  EXPECT_EQ(writer->fresh_start(), "");
  EXPECT_THAT(writer->known_files(), IsEmpty());
  EXPECT_FALSE(writer->known_vector(text_of(code_record("a.py", 1, 10))).empty());
}

TEST_F(StoreTest, BadVectorsAreRefused) {
  const auto writer = IndexWriter::open(folder(), settings());
  const CodeRecord record = code_record("a.py", 1, 2);
  EXPECT_EQ(kind_of([&] { add(*writer, record); }), ErrorKind::invalid_argument);  // no file yet
  writer->add_file(file_entry("a.py"));
  EXPECT_EQ(kind_of([&] { writer->add_record(record, text_of(record), unit_vector(1, 15)); }),
            ErrorKind::shape);
  auto vector = unit_vector(1, 16);
  vector[0] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(kind_of([&] { writer->add_record(record, text_of(record), vector); }, "finite"),
            ErrorKind::invalid_argument);
}

TEST_F(StoreTest, OneWriterAtATime) {
  const auto writer = IndexWriter::open(folder(), settings());
  EXPECT_EQ(kind_of([&] { IndexWriter::open(folder(), settings()); }, "another process"),
            ErrorKind::invalid_argument);
}

TEST_F(StoreTest, AReaderOutlivesTwoLaterGenerations) {
  write_three_files();
  const auto reader = IndexReader::open(folder());
  const auto expected = reader->search(unit_vector(3, 16), 5, {});
  for (int round = 0; round < 2; ++round) {
    const auto writer = IndexWriter::open(folder(), settings());
    add_functions(*writer, "only.py", 1 + round);
    writer->commit();
  }
  EXPECT_EQ(IndexReader::open(folder())->manifest().records, 2);
  int generations = 0;
  for (const auto& entry : fs::directory_iterator(folder())) generations += entry.is_directory();
  EXPECT_EQ(generations, 1);
  const auto again = reader->search(unit_vector(3, 16), 5, {.path_globs = {"**"}});
  ASSERT_EQ(again.size(), expected.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].id, expected[i].id);
    EXPECT_EQ(reader->record(again[i].id).code,
              code_record("", reader->record(again[i].id).start_line, 1).code);
  }
  EXPECT_EQ(reader->files().size(), 5u);
}

TEST_F(StoreTest, OpeningWhileAWriterPublishesAlwaysGivesAWholeGeneration) {
  write_three_files();
  std::atomic<bool> done{false};
  std::jthread writer_thread([&] {
    for (int round = 1; round <= 40; ++round) {
      const auto writer = IndexWriter::open(folder(), settings());
      add_functions(*writer, "round.py", round);
      writer->commit();
    }
    done = true;
  });
  int opened = 0;
  while (!done || opened < 10) {
    const auto reader = IndexReader::open(folder());
    const auto hits = reader->search(unit_vector(3, 16), 100, {});
    EXPECT_EQ(std::ssize(hits), reader->manifest().records);
    for (const auto& hit : hits) EXPECT_NO_THROW(reader->record(hit.id));
    ++opened;
  }
}

}  // namespace
}  // namespace spencer
