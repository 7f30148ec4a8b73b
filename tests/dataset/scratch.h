// A folder of one test's own, with files written from strings.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "spencer/base/error.h"

namespace spencer {

class Scratch : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("spencer-" + std::string(test->test_suite_name()) + "-" + test->name() + "-" +
               std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// Gzipped where the name ends in ".gz".
  std::filesystem::path write(const std::string& name, const std::string& text) {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    if (path.extension() == ".gz") {
      gzFile file = gzopen(path.c_str(), "wb");
      gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
      gzclose(file);
    } else {
      std::ofstream(path) << text;
    }
    return path;
  }

  /// The message of the Error that `act` throws, "" if it throws none.
  template <typename Act>
  static std::string error_of(Act act, ErrorKind kind = ErrorKind::corrupt) {
    try {
      act();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder_;
};

}  // namespace spencer
