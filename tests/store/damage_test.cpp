// Flipped, missing and surplus bytes in every file of an index: an error or the right answer.
#include <fstream>
#include <map>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "store/fixture.h"
#include "store/generation.h"
#include "store/records.h"

namespace spencer {
namespace {

constexpr std::int64_t kDamageDimension = 16;

class DamageTest : public ::testing::Test {
 protected:
  DamageTest() {
    const auto writer = IndexWriter::open(folder(), settings());
    add_functions(*writer, "a.py", 30);
    add_functions(*writer, "src/b.py", 20);
    writer->add_file(file_entry("c.md"));
    add(*writer, code_record("c.md", 1, 9, "window", "markdown"));
    writer->commit();
    generation_ = current_generation(folder()).folder;
  }
  fs::path folder() const { return temporary_.path(); }

  void overwrite(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  /// Asks for everything. @return "" for right answers, else what was thrown (an Error of a kind
  /// that fits, or the test fails)
  std::string use() {
    try {
      const auto reader = IndexReader::open(folder());
      reader->verify();
      ask(*reader);
      return "";
    } catch (const Error& error) {
      const auto kind = error.kind();
      EXPECT_TRUE(kind == ErrorKind::corrupt || kind == ErrorKind::unsupported_version)
          << to_string(kind) << ": " << error.what();
      EXPECT_NE(std::string(error.what()).find("--rebuild"), std::string::npos) << error.what();
      return error.what();
    }
  }

  void ask(const IndexReader& reader) {
    EXPECT_EQ(reader.manifest().records, 51);
    for (RecordId id = 0; id < 51; ++id) {
      const CodeRecord record = reader.record(id);
      EXPECT_EQ(record.code, code_record(record.path, record.start_line, 0).code);
    }
    EXPECT_EQ(reader.search(unit_vector(1, kDamageDimension), 51, {}).size(), 51u);
    EXPECT_EQ(reader.search(unit_vector(1, kDamageDimension), 60, {.path_globs = {"src/"}}).size(),
              20u);
    EXPECT_EQ(reader.search(unit_vector(1, kDamageDimension), 60, {.kinds = {"window"}}).size(),
              1u);
    EXPECT_EQ(reader.find("src/b.py", 15), 31);
    EXPECT_EQ(reader.files().size(), 3u);
  }

  std::vector<fs::path> files() const {
    return {folder() / kCurrentFile, generation_ / kManifestFile, generation_ / kVectorsFile,
            generation_ / kRecordsFile};
  }

  TemporaryFolder temporary_;
  fs::path generation_;
};

TEST_F(DamageTest, AFlippedBitIsNoticedWhereverItIs) {
  ASSERT_EQ(use(), "");
  for (const fs::path& path : files()) {
    const std::string whole = read_file(path);
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 97);
    for (std::size_t at = 0; at < whole.size(); at += step) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      overwrite(path, damaged);
      const std::string error = use();
      // Beyond its own checksum the header's page is padding that nobody reads.
      const bool padding = path.filename() == kVectorsFile && at >= 48 && at < 4096;
      EXPECT_EQ(error.empty(), padding) << path << " at " << at << ": " << error;
    }
    overwrite(path, whole);
  }
}

TEST_F(DamageTest, AnyOtherLengthIsNoticed) {
  for (const fs::path& path : files()) {
    const std::string whole = read_file(path);
    for (std::size_t i = 0; i < 40; ++i) {
      overwrite(path, whole.substr(0, whole.size() * i / 40));
      EXPECT_NE(use(), "") << path << " cut to " << whole.size() * i / 40;
    }
    overwrite(path, whole + '\0');
    EXPECT_NE(use(), "") << path << " with a byte more";
    fs::remove(path);
    if (path.filename() == kCurrentFile) {
      EXPECT_THROW(IndexReader::open(folder()), Error);  // no index: not_found
    } else {
      EXPECT_NE(use(), "") << path << " is gone";
    }
    fs::create_directory(path);
    EXPECT_THROW(IndexReader::open(folder()), Error) << path << " is a folder";
    fs::remove(path);
    overwrite(path, whole);
  }
  EXPECT_EQ(use(), "");
}

TEST_F(DamageTest, FilesOfAnotherIndexAreNoticed) {
  const fs::path other = folder() / "other";
  {
    const auto writer = IndexWriter::open(other, settings());
    add_functions(*writer, "z.py", 51);
    writer->commit();
  }
  for (const char* name : {kManifestFile, kVectorsFile, kRecordsFile}) {
    const std::string own = read_file(generation_ / name);
    overwrite(generation_ / name, read_file(current_generation(other).folder / name));
    EXPECT_NE(use(), "") << name;
    overwrite(generation_ / name, own);
  }
}

TEST_F(DamageTest, AnUnknownVersionNamesBoth) {
  std::string manifest = read_file(generation_ / kManifestFile);
  const std::string version = "\"version\": 1";
  ASSERT_NE(manifest.find(version), std::string::npos);
  manifest.replace(manifest.find(version), version.size(), "\"version\": 9");
  overwrite(generation_ / kManifestFile, manifest);
  overwrite(folder() / kCurrentFile,
            generation_.filename().string() + " " + hex_checksum(hash64(manifest)) + "\n");
  const std::string error = use();
  EXPECT_NE(error.find("version 9"), std::string::npos) << error;
  EXPECT_NE(error.find("reads 1 to 1"), std::string::npos) << error;
}

/// Files above 64 MB are not hashed at opening: then SQLite and the records' own checksums stand
/// alone. Here they are asked directly, on a file damaged at many places.
TEST_F(DamageTest, RecordsWithoutTheFilesChecksumGiveAnErrorOrTheRightText) {
  const fs::path path = generation_ / kRecordsFile;
  const std::string whole = read_file(path);
  const IndexManifest manifest = IndexReader::open(folder())->manifest();
  int noticed = 0;
  for (std::size_t at = 0; at < whole.size(); at += 61) {
    std::string damaged = whole;
    for (std::size_t i = at; i < std::min(at + at % 5 + 1, whole.size()); ++i) {
      damaged[i] = static_cast<char>(damaged[i] ^ (0x5b + i));
    }
    overwrite(path, damaged);
    try {
      Database records(path, Database::Access::read);
      check_record_table(records, manifest);
      for (RecordId id = 0; id < 51; ++id) {
        const CodeRecord record = read_record(records, id);
        ASSERT_EQ(record.code, code_record(record.path, record.start_line, 0).code) << at;
      }
      rows_in_paths(records, 51, {"*.py"});
      rows_of_kind(records, 51, {"python"}, {"function"});
      read_files(records);
      read_text_hashes(records);
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 50);
}

TEST_F(DamageTest, AJournalLosesTheDamagedEntriesAlone) {
  const auto record = [](int i) { return code_record("lost.py", i + 1, i + 1); };
  {
    const auto writer = IndexWriter::open(folder(), settings());
    for (int i = 0; i < 10; ++i) writer->remember(text_of(record(i)), vector_of(record(i)));
  }
  const fs::path path = folder() / kJournalFile;
  const std::string whole = read_file(path);
  const std::size_t entry = 16 + 4 * kDamageDimension + 8;
  ASSERT_EQ(whole.size(), 32 + 10 * entry);
  const auto survivors = [&](const std::string& bytes) {
    overwrite(path, bytes);
    const auto writer = IndexWriter::open(folder(), settings());
    int found = 0;
    for (int i = 0; i < 10; ++i) {
      const auto vector = writer->known_vector(text_of(record(i)));
      if (vector.empty()) continue;
      EXPECT_EQ(std::vector<float>(vector.begin(), vector.end()), vector_of(record(i)));
      ++found;
    }
    writer->remember(hash128("more"),
                     unit_vector(5, kDamageDimension));  // it can still be extended
    EXPECT_FALSE(writer->known_vector(hash128("more")).empty());
    return found;
  };
  EXPECT_EQ(survivors(whole), 10);
  for (std::size_t at = 32; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_EQ(survivors(damaged), 9) << at;
  }
  for (std::size_t length = 0; length < whole.size(); length += 13) {
    EXPECT_EQ(survivors(whole.substr(0, length)),
              length < 32 ? 0 : static_cast<int>((length - 32) / entry));
  }
}

}  // namespace
}  // namespace spencer
