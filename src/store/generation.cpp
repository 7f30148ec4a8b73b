#include "store/generation.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <system_error>

#include <nlohmann/json.hpp>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/hash.h"

namespace spencer {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr std::string_view kPrefix = "gen-";
constexpr const char* kFormat = "spencer-index";
constexpr std::array<const char*, 3> kAnnNames = {"exact", "hnsw", "ivfpq"};  // as AnnKind

/// The number in "gen-000007", or none for any other name.
std::optional<std::uint64_t> generation_number(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.size() < 6 || name.size() > 18 || !std::all_of(name.begin(), name.end(), is_digit)) {
    return std::nullopt;
  }
  return std::stoull(std::string(name));
}

json to_json(const StoredManifest& stored) {
  const IndexManifest& manifest = stored.manifest;
  json sections = json::object();
  for (const auto& [name, section] : stored.sections) {
    sections[name] = {{"bytes", section.bytes}, {"xxh3", section.checksum}};
  }
  return {{"format", kFormat},
          {"version", manifest.version},
          {"model",
           {{"name", manifest.model_name},
            {"path", manifest.model_path},
            {"fingerprint", manifest.model_fingerprint}}},
          {"dimension", manifest.dimension},
          {"metric", "inner_product"},
          {"exit_layer", manifest.exit_layer},
          {"code_length", manifest.code_length},
          {"extraction", manifest.extraction},
          {"ann", kAnnNames.at(static_cast<std::size_t>(manifest.ann))},
          {"records", manifest.records},
          {"files", manifest.files},
          {"sections", sections}};
}

AnnKind ann_from(const std::string& name, const fs::path& path) {
  const auto found = std::find(kAnnNames.begin(), kAnnNames.end(), name);
  if (found == kAnnNames.end()) throw_corrupt(path, "it names no known search structure");
  return static_cast<AnnKind>(found - kAnnNames.begin());
}

void check_version(const json& document, const fs::path& path) {
  if (document.at("format") != kFormat) throw_corrupt(path, "it is no index manifest");
  const int version = document.at("version");
  if (version > kIndexVersion || version < kOldestReadableIndex) {
    throw Error(ErrorKind::unsupported_version,
                path.string() + ": the index has format version " + std::to_string(version) +
                    "; this spencer reads " + std::to_string(kOldestReadableIndex) + " to " +
                    std::to_string(kIndexVersion) +
                    ". Build it again with `spencer index --rebuild`");
  }
}

StoredManifest from_json(const json& document, const fs::path& path) {
  check_version(document, path);
  StoredManifest stored;
  IndexManifest& manifest = stored.manifest;
  document.at("version").get_to(manifest.version);
  const json& model = document.at("model");
  model.at("name").get_to(manifest.model_name);
  model.at("path").get_to(manifest.model_path);
  model.at("fingerprint").get_to(manifest.model_fingerprint);
  document.at("dimension").get_to(manifest.dimension);
  document.at("exit_layer").get_to(manifest.exit_layer);
  document.at("code_length").get_to(manifest.code_length);
  document.at("extraction").get_to(manifest.extraction);
  manifest.ann = ann_from(document.at("ann"), path);
  document.at("records").get_to(manifest.records);
  document.at("files").get_to(manifest.files);
  for (const auto& [name, section] : document.at("sections").items()) {
    stored.sections[name] = {section.at("bytes"), section.at("xxh3")};
  }
  return stored;
}

}  // namespace

void throw_corrupt(const fs::path& path, const std::string& what) {
  throw Error(ErrorKind::corrupt, "the index is damaged: " + path.string() + ": " + what +
                                      ". Build it again with `spencer index --rebuild`");
}

std::string hex_checksum(std::uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, value);
  return digits;
}

Generation current_generation(const fs::path& index_folder) {
  const fs::path path = index_folder / kCurrentFile;
  std::string line;
  try {
    line = read_file(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(ErrorKind::not_found, "there is no index in " + index_folder.string() +
                                          ". Make one with `spencer index`");
  }
  // "gen-000007 0123456789abcdef\n": the folder and the checksum of its manifest.
  const std::size_t space = line.find(' ');
  if (space == std::string::npos || line.size() != space + 18 || line.back() != '\n' ||
      !generation_number(line.substr(0, space))) {
    throw_corrupt(path, "it does not name a generation");
  }
  return {index_folder / line.substr(0, space), line.substr(space + 1, 16)};
}

StoredManifest read_manifest(const Generation& generation) {
  const fs::path path = generation.folder / kManifestFile;
  const std::string text = read_file(path);
  if (hex_checksum(hash64(text)) != generation.manifest_checksum) {
    throw_corrupt(path, "its checksum is not the one in CURRENT");
  }
  try {
    return from_json(json::parse(text), path);
  } catch (const json::exception& error) {
    throw_corrupt(path, error.what());
  }
}

void publish(const fs::path& index_folder, const fs::path& generation,
             const StoredManifest& manifest) {
  const std::string text =
      to_json(manifest).dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  write_file_atomically(generation / kManifestFile, text);
  sync_to_disk(index_folder);
  write_file_atomically(index_folder / kCurrentFile,
                        generation.filename().string() + " " + hex_checksum(hash64(text)) + "\n");
}

fs::path next_generation(const fs::path& index_folder) {
  std::uint64_t last = 0;
  std::error_code failure;
  const fs::directory_iterator entries(index_folder, failure);
  if (failure) {
    throw Error(ErrorKind::io, "cannot read " + index_folder.string() + ": " + failure.message());
  }
  for (const auto& entry : entries) {
    last = std::max(last, generation_number(entry.path().filename().string()).value_or(0));
  }
  char name[32];
  std::snprintf(name, sizeof name, "gen-%06" PRIu64, last + 1);
  return index_folder / name;
}

void remove_other_generations(const fs::path& index_folder, const fs::path& keep) {
  std::error_code ignored;  // what cannot be removed now is tried again by the next writer
  for (const auto& entry : fs::directory_iterator(index_folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool temporary = name.starts_with(std::string(kCurrentFile) + ".tmp");
    if (temporary || (generation_number(name) && name != keep.filename())) {
      fs::remove_all(entry.path(), ignored);
    }
  }
}

}  // namespace spencer
