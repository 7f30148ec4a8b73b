// Vectors kept on disk, so that a benchmark's codes are encoded once per model and exit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spencer/base/hash.h"

namespace spencer {

/// $XDG_CACHE_HOME/spencer/vectors, or ~/.cache/spencer/vectors; empty where neither is known.
std::filesystem::path default_vector_cache();

/// A folder of vector files, each named by the hash of everything that decides its content.
/// Several processes may use one folder at once.
class VectorCache {
 public:
  explicit VectorCache(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// float32 [rows, dimension]; none if there is no such file. A damaged file, or one of another
  /// size, counts as none, with a warning in the log.
  std::optional<std::vector<float>> load(const Hash128& key, std::int64_t rows,
                                         std::int64_t dimension) const;

  /// Makes the folder where need be. A cache that cannot be written is a warning in the log, not
  /// an error: the vectors are there.
  void store(const Hash128& key, std::span<const float> vectors, std::int64_t dimension) const;

 private:
  std::filesystem::path file_of(const Hash128& key) const;
  std::filesystem::path folder_;
};

}  // namespace spencer
