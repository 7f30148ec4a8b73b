// Small text helpers: kinds of characters, UTF-8 and "did you mean".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spencer {

/// White space of ASCII as it stands in source code.
constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}
/// Whether there is a letter, a digit, or anything beyond ASCII.
bool has_word(std::string_view text);

inline constexpr char32_t kReplacementCharacter = U'\uFFFD';

/// Decodes one code point at `position` (< text.size()) and moves past it. A maximal invalid
/// sequence gives U+FFFD once, as the Unicode standard recommends (and as Python and Rust do).
char32_t next_code_point(std::string_view text, std::size_t& position);
void append_utf8(std::string& out, char32_t code_point);
bool is_valid_utf8(std::string_view text);
/// Valid text comes back as it is; each maximal invalid sequence becomes U+FFFD.
std::string to_valid_utf8(std::string_view text);

/// The candidate nearest to `word` by edit distance, or empty where none is near.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace spencer
