// A vocabulary: tokens to ids by hash, ids to tokens by position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spencer {

class Vocabulary {
 public:
  /// @param source stands in errors
  explicit Vocabulary(std::string source = {}) : source_(std::move(source)) {}

  /// The hash of a token grows byte by byte, so that one pass over a word hashes all its prefixes.
  static constexpr std::uint64_t kHashStart = 0xCBF29CE484222325ULL;
  static std::uint64_t hash_more(std::uint64_t hash, char byte) {
    return (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
  }
  static std::uint64_t hash_more(std::uint64_t hash, std::string_view bytes) {
    for (const char byte : bytes) hash = hash_more(hash, byte);
    return hash;
  }

  void reserve(std::size_t tokens, std::size_t bytes);
  /// Of two equal tokens the later one counts, as in Hugging Face's readers.
  /// @throws Error{corrupt} if the id is outside [0, 2^24), or another token's
  void add(std::string_view token, std::int64_t id);

  /// The id of `token`, or -1.
  std::int32_t find(std::string_view token) const {
    return find_hashed(hash_more(kHashStart, token), {}, token);
  }
  /// The id of the token `prefix + rest`, whose hash is `hash`, or -1.
  std::int32_t find_hashed(std::uint64_t hash, std::string_view prefix,
                           std::string_view rest) const;
  /// The token of an id; empty where there is none.
  std::string_view token(std::int32_t id) const;

  std::size_t count() const { return count_; }             ///< different tokens
  std::size_t id_limit() const { return places_.size(); }  ///< one more than the largest id
  std::size_t longest() const { return longest_; }         ///< bytes of the longest token

 private:
  static constexpr std::uint32_t kNoPlace = 0xFFFFFFFF;
  struct Place {
    std::uint32_t start = kNoPlace, length = 0;
  };
  struct Slot {
    std::uint32_t check = 0;  ///< high half of the hash
    std::int32_t id = -1;
  };
  static std::size_t slot_of(std::uint64_t hash) { return (hash ^ (hash >> 32)) * 0x9E3779B1U; }
  void rehash(std::size_t slots);

  std::string source_;
  std::string bytes_;
  std::vector<Place> places_;  ///< by id
  std::vector<Slot> slots_;    ///< open addressing; a power of two
  std::size_t count_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace spencer
