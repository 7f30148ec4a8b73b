// The index folder's names: CURRENT, gen-NNNNNN/, manifest.json, and what may be cleared away.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "spencer/store/index_store.h"

namespace spencer {

inline constexpr const char* kVectorsFile = "vectors.f32";
inline constexpr const char* kRecordsFile = "records.db";
inline constexpr const char* kAnnFile = "ann.faiss";
inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kCurrentFile = "CURRENT";
inline constexpr const char* kLockFile = "lock";
inline constexpr const char* kJournalFile = "journal";

/// @throws Error{corrupt}: the path, what is wrong, and how to build the index again
[[noreturn]] void throw_corrupt(const std::filesystem::path& path, const std::string& what);

std::string hex_checksum(std::uint64_t value);

/// A file of a generation as the manifest states it.
struct Section {
  std::uint64_t bytes = 0;
  std::string checksum;  ///< XXH3 64 of the file, of the rows alone for vectors.f32
};

struct StoredManifest {
  IndexManifest manifest;
  std::map<std::string, Section> sections;  ///< by file name
};

/// What CURRENT names.
struct Generation {
  std::filesystem::path folder;
  std::string manifest_checksum;
};

/// @throws Error{not_found} if there is no index, Error{corrupt}
Generation current_generation(const std::filesystem::path& index_folder);
/// The manifest, its checksum held against the one in CURRENT.
/// @throws Error{corrupt, unsupported_version, not_found}
StoredManifest read_manifest(const Generation& generation);

/// Writes manifest.json, then makes the generation the current one.
void publish(const std::filesystem::path& index_folder, const std::filesystem::path& generation,
             const StoredManifest& manifest);

/// A folder name that no generation here has had, one above all that are there.
std::filesystem::path next_generation(const std::filesystem::path& index_folder);
/// Removes every generation but `keep` (an empty path keeps none) and temporary files.
void remove_other_generations(const std::filesystem::path& index_folder,
                              const std::filesystem::path& keep);

}  // namespace spencer
