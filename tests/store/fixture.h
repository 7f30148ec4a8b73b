// An index folder in a temporary place, and records and vectors to fill it with.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "spencer/base/hash.h"
#include "spencer/store/index_store.h"

namespace spencer {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  /// @param in_memory on a file system in memory where there is one: flushing takes no time there
  explicit TemporaryFolder(bool in_memory = false) {
    const bool shared = in_memory && access("/dev/shm", W_OK) == 0;
    const fs::path parent = shared ? fs::path("/dev/shm") : fs::temp_directory_path();
    std::string name = (parent / "spencer_store_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

inline std::vector<float> unit_vector(std::uint64_t seed, std::int64_t dimension) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> vector(static_cast<std::size_t>(dimension));
  double sum = 0;
  for (float& x : vector) {
    x = normal(random);
    sum += double{x} * double{x};
  }
  for (float& x : vector) x = static_cast<float>(x / std::sqrt(sum));
  return vector;
}

inline IndexManifest settings(std::int64_t dimension = 16) {
  IndexManifest manifest;
  manifest.model_name = "a-model";
  manifest.model_path = "/models/a-model";
  manifest.model_fingerprint = "0123456789abcdef0123456789abcdef";
  manifest.dimension = dimension;
  manifest.code_length = 256;
  manifest.extraction = "1";
  return manifest;
}

inline FileEntry file_entry(const std::string& path, std::int64_t size = 100) {
  return {path, size, 1700000000000000000, hash128(path + std::to_string(size)), ""};
}

inline CodeRecord code_record(const std::string& path, std::int32_t start, std::int32_t end,
                              const std::string& kind = "function",
                              const std::string& language = "python") {
  std::string name = "f";
  name += std::to_string(start);
  return {path, language, name, kind, start, end, "Says " + name, "def " + name + "(): pass\n"};
}

/// The text that stands for a record's embedding, and its vector, which only depends on it.
inline Hash128 text_of(const CodeRecord& record) {
  return hash128(record.path + record.name + record.kind + record.language + record.code);
}
inline std::vector<float> vector_of(const CodeRecord& record, std::int64_t dimension = 16) {
  return unit_vector(text_of(record).low, dimension);
}

inline void add(IndexWriter& writer, const CodeRecord& record, std::int64_t dimension = 16) {
  writer.add_record(record, text_of(record), vector_of(record, dimension));
}

/// Adds a file of `count` functions of 10 lines each.
inline void add_functions(IndexWriter& writer, const std::string& path, int count,
                          std::int64_t dimension = 16) {
  writer.add_file(file_entry(path));
  for (int i = 0; i < count; ++i)
    add(writer, code_record(path, 10 * i + 1, 10 * i + 10), dimension);
}

}  // namespace spencer
