// Vectors that were computed and are in no generation yet, kept so that no kill loses them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "spencer/base/hash.h"

#include "store/output_file.h"

namespace spencer {

/// An append-only file of (hash of text, vector) entries of one size, each with its own checksum.
/// An entry that does not fit its checksum is left out; the rest stay usable.
class Journal {
 public:
  /// Takes over what is there if it was written for the same `settings` and dimension; starts
  /// empty otherwise. @param settings names the model and all else that the vectors depend on
  Journal(const std::filesystem::path& path, const std::string& settings, std::int64_t dimension);

  bool contains(const Hash128& text) const { return entries_.contains(text); }
  /// Valid until the next call; empty if there is none.
  std::span<const float> find(const Hash128& text);
  /// Reaches the kernel before it returns.
  void add(const Hash128& text, std::span<const float> vector);

 private:
  void take_over();

  OutputFile file_;
  Hash128 settings_;
  std::int64_t dimension_;
  std::size_t entry_bytes_;
  std::int64_t count_ = 0;
  std::unordered_map<Hash128, std::int64_t> entries_;  ///< to the entry's position
  std::vector<std::byte> entry_;
  std::vector<float> vector_;
};

}  // namespace spencer
