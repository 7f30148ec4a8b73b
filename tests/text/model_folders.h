// Folders for tests: the real models, and copies of them to damage.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/text/tokenizer.h"

namespace spencer::testing {

inline std::filesystem::path model_folder(const std::string& name) {
  return std::filesystem::path(SPENCER_DEPS) / "models" / name;
}

/// An empty folder of the running test's own.
inline std::filesystem::path fresh_folder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::path(::testing::TempDir()) /
                      (std::string("spencer_") + test->test_suite_name() + "_" + test->name());
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

/// Expects loading `folder` to fail with `kind` and a message that holds `part`.
inline void expect_load_error(const std::filesystem::path& folder, ErrorKind kind,
                              std::string_view part) {
  try {
    Tokenizer::load(folder);
    FAIL() << "loaded " << folder;
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.kind()), to_string(kind)) << error.what();
    EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
  }
}

}  // namespace spencer::testing
