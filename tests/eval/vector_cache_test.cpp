// Vectors come back as they were stored, or not at all.
#include "spencer/eval/vector_cache.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/base/file.h"
#include "spencer/base/log.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

class VectorCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("spencer-vectors-" + std::to_string(getpid()));
    set_log_sink([this](LogLevel level, const std::string& message) {
      if (level == LogLevel::warning) warnings_.push_back(message);
    });
  }
  void TearDown() override {
    set_log_sink({});
    fs::remove_all(folder_);
  }
  fs::path folder_;
  std::vector<std::string> warnings_;
  const std::vector<float> vectors_ = {1, 2, 3, 4, 5, 6};
};

TEST_F(VectorCacheTest, GivesBackWhatWasStored) {
  const VectorCache cache(folder_);
  EXPECT_FALSE(cache.load({1, 2}, 2, 3));
  cache.store({1, 2}, vectors_, 3);
  EXPECT_EQ(cache.load({1, 2}, 2, 3), vectors_);
  EXPECT_FALSE(cache.load({1, 3}, 2, 3));
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(VectorCacheTest, DamageAndOtherSizesCountAsAbsent) {
  const VectorCache cache(folder_);
  cache.store({1, 2}, vectors_, 3);
  EXPECT_FALSE(cache.load({1, 2}, 3, 2));
  const fs::path file = fs::directory_iterator(folder_)->path();
  const std::string whole = read_file(file);
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x40);
    write_file_atomically(file, bytes);
    EXPECT_FALSE(cache.load({1, 2}, 2, 3)) << "byte " << i;
  }
  write_file_atomically(file, whole.substr(0, whole.size() - 4));
  EXPECT_FALSE(cache.load({1, 2}, 2, 3));
  EXPECT_FALSE(warnings_.empty());
  write_file_atomically(file, whole);
  EXPECT_EQ(cache.load({1, 2}, 2, 3), vectors_);
}

TEST_F(VectorCacheTest, ACacheThatCannotBeWrittenIsAWarning) {
  write_file_atomically(folder_, "a file where the folder should be");
  VectorCache(folder_).store({1, 2}, vectors_, 3);
  EXPECT_EQ(warnings_.size(), 1u);
}

}  // namespace
}  // namespace spencer
