#include "spencer/base/file.h"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/base/error.h"
#include "spencer/base/hash.h"

namespace spencer {
namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  FileTest() : folder_(fs::temp_directory_path() / ("spencer_file_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~FileTest() override { fs::remove_all(folder_); }
  fs::path folder_;
};

TEST_F(FileTest, WrittenFileReadsBackAndLeavesNothingBeside) {
  const fs::path path = folder_ / "a.bin";
  const std::string content("zero \0 byte", 11);
  write_file_atomically(path, "old");
  write_file_atomically(path, content);
  EXPECT_EQ(read_file(path), content);
  const MappedFile mapped(path);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(mapped.data()), mapped.size()), content);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(FileTest, EmptyFileMapsToNothing) {
  write_file_atomically(folder_ / "empty", "");
  EXPECT_EQ(MappedFile(folder_ / "empty").size(), 0u);
  EXPECT_EQ(read_file(folder_ / "empty"), "");
}

TEST_F(FileTest, ErrorsNameThePathAndTheKind) {
  try {
    read_file(folder_ / "absent");
    FAIL() << "read a file that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_NE(std::string(error.what()).find("absent"), std::string::npos);
  }
  EXPECT_THROW(read_file(folder_), Error);
  EXPECT_THROW(MappedFile{folder_}, Error);
  EXPECT_THROW(write_file_atomically("/dev/full/x", "y"), Error);
}

TEST_F(FileTest, AFullDiskLeavesTheOldContent) {
  const fs::path path = folder_ / "kept";
  write_file_atomically(path, "old");
  fs::create_directory_symlink("/nowhere", folder_ / "dangling");
  EXPECT_THROW(write_file_atomically(folder_ / "dangling" / "x", "new"), Error);
  EXPECT_EQ(read_file(path), "old");
}

TEST_F(FileTest, LockIsExclusiveAndReleased) {
  const fs::path path = folder_ / "lock";
  {
    const FileLock lock(path, "busy");
    EXPECT_THROW(FileLock(path, "busy"), Error);
  }
  EXPECT_NO_THROW(FileLock(path, "busy"));
}

// Values published with xxHash's own test vectors: XXH3 of the empty input.
TEST(Hash, KnownValues) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2ull);
  EXPECT_EQ(hash128("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(hash128("a"), hash128("b"));
}

}  // namespace spencer
