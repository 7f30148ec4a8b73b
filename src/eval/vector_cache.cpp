#include "spencer/eval/vector_cache.h"

#include <cstring>

#include "spencer/base/environment.h"
#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/log.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[8] = {'S', 'P', 'E', 'N', 'C', 'V', 'E', 'C'};
constexpr std::uint32_t kVersion = 1;  // 1: first published

/// What stands before the float32 rows; little-endian.
struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t dimension;
  std::uint64_t rows;
  std::uint64_t checksum;  ///< hash64 of the rows' bytes
};
static_assert(sizeof(Header) == 32);

std::string_view as_bytes(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace

fs::path default_vector_cache() {
  if (const std::string cache = environment("XDG_CACHE_HOME"); cache.starts_with('/')) {
    return fs::path(cache) / "spencer" / "vectors";
  }
  if (const std::string home = environment("HOME"); !home.empty()) {
    return fs::path(home) / ".cache" / "spencer" / "vectors";
  }
  return {};
}

fs::path VectorCache::file_of(const Hash128& key) const { return folder_ / (key.hex() + ".vec"); }

std::optional<std::vector<float>> VectorCache::load(const Hash128& key, std::int64_t rows,
                                                    std::int64_t dimension) const {
  const fs::path path = file_of(key);
  if (!fs::exists(path)) return std::nullopt;
  try {
    const MappedFile file(path);
    Header header{};
    const auto count = static_cast<std::size_t>(rows * dimension);
    if (file.size() == sizeof header + count * sizeof(float)) {
      std::memcpy(&header, file.data(), sizeof header);
      std::vector<float> vectors(count);
      std::memcpy(vectors.data(), file.data() + sizeof header, count * sizeof(float));
      if (std::memcmp(header.magic, kMagic, sizeof kMagic) == 0 && header.version == kVersion &&
          header.rows == static_cast<std::uint64_t>(rows) &&
          header.dimension == static_cast<std::uint32_t>(dimension) &&
          header.checksum == hash64(as_bytes(vectors))) {
        return vectors;
      }
    }
    log(LogLevel::warning, path.string() + ": a damaged cache file; its vectors are made again");
  } catch (const Error& error) {
    log(LogLevel::warning, std::string("the vector cache is not used: ") + error.what());
  }
  return std::nullopt;
}

void VectorCache::store(const Hash128& key, std::span<const float> vectors,
                        std::int64_t dimension) const {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.dimension = static_cast<std::uint32_t>(dimension);
  header.rows = vectors.size() / static_cast<std::size_t>(dimension);
  header.checksum = hash64(as_bytes(vectors));
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += as_bytes(vectors);
  try {
    fs::create_directories(folder_);
    write_file_atomically(file_of(key), bytes);
  } catch (const std::exception& error) {
    log(LogLevel::warning, std::string("the vectors could not be cached: ") + error.what());
  }
}

}  // namespace spencer
