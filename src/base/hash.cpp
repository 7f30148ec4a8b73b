#include "spencer/base/hash.h"

#define XXH_INLINE_ALL
#include <cinttypes>
#include <cstdio>

#include <xxhash.h>

#include "spencer/base/file.h"

namespace spencer {
namespace {

std::string hex64(std::uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, value);
  return digits;
}

}  // namespace

std::string Hash128::hex() const { return hex64(high) + hex64(low); }

Hash128 hash128(std::string_view bytes) {
  const XXH128_hash_t value = XXH3_128bits(bytes.data(), bytes.size());
  return {value.high64, value.low64};
}

std::uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string file_checksum(const std::filesystem::path& path) {
  const MappedFile file(path);
  return hex64(XXH3_64bits(file.data(), file.size()));
}

}  // namespace spencer
