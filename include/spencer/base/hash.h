// Hashes: content addresses and checksums (XXH3, not for adversaries).
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace spencer {

/// A 128-bit content address.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const Hash128&) const = default;
  std::string hex() const;  ///< 32 lower-case hexadecimal digits
};

Hash128 hash128(std::string_view bytes);
std::uint64_t hash64(std::string_view bytes);

/// hash64 of a file's bytes, as 16 hexadecimal digits. @throws Error{not_found, io}
std::string file_checksum(const std::filesystem::path& path);

}  // namespace spencer

template <>
struct std::hash<spencer::Hash128> {
  std::size_t operator()(const spencer::Hash128& value) const noexcept { return value.low; }
};
