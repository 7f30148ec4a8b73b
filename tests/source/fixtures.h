// Where the tests' real source files lie, and a temporary folder.
#pragma once

#include <algorithm>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "spencer/base/file.h"

namespace spencer::testing {

inline std::filesystem::path sources() { return std::filesystem::path(SPENCER_DEPS) / "sources"; }

/// Every fetched source file, sorted; throws where scripts/fetch_test_sources.sh has not run.
inline std::vector<std::filesystem::path> source_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sources())) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (entry.is_regular_file() && !hidden) files.push_back(entry.path());
  }
  if (files.size() < 200) throw std::runtime_error(sources().string() + " is not complete");
  std::sort(files.begin(), files.end());
  return files;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::random_device seed;
    path_ = std::filesystem::temp_directory_path() / ("spencer-source-" + std::to_string(seed()));
    std::filesystem::create_directories(path_);
    path_ = std::filesystem::canonical(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    write_file_atomically(path_ / name, text);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace spencer::testing
