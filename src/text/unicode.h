// How Hugging Face `tokenizers` sees code points: classes, decompositions, lower case.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace spencer {

/// Bits of a code point's class; the meaning of each stands in scripts/make_unicode_tables.py.
struct CharClass {
  std::uint16_t bits = 0;

  bool dropped() const;      ///< BERT's text cleaning removes it
  bool blank() const;        ///< BERT's text cleaning makes it a space
  bool cjk() const;          ///< set apart as a word of its own
  bool mark() const;         ///< an accent, as BERT strips them
  bool combining() const;    ///< takes part in canonical reordering
  bool white() const;        ///< white space
  bool punctuation() const;  ///< BERT's punctuation
  bool numeric() const;      ///< what the Digits pre-tokenizer splits off
  bool letter() const;       ///< \p{L}
  bool number() const;       ///< \p{N}
  bool space() const;        ///< \s
  bool word() const;         ///< \w
  bool changed() const;      ///< decomposed() or lowered() gives something else
};

CharClass char_class(char32_t code_point);

/// What `of` says of each ASCII character's class.
template <typename Value>
std::array<Value, 128> ascii_table(Value (*of)(CharClass)) {
  std::array<Value, 128> table{};
  for (char32_t c = 0; c < table.size(); ++c) table[c] = of(char_class(c));
  return table;
}

/// The full canonical decomposition; empty where the code point is its own. Hangul syllables use
/// `buffer`.
std::span<const char32_t> decomposed(char32_t code_point, char32_t (&buffer)[3]);
/// The lower case; empty where the code point is its own.
std::span<const char32_t> lowered(char32_t code_point);
/// Orders combining code points as their canonical combining classes do.
int combining_order(char32_t code_point);

/// Decodes one code point of valid UTF-8 and moves past it.
inline char32_t next_valid(const char*& p) {
  const auto first = static_cast<unsigned char>(*p++);
  if (first < 0x80) return first;
  const auto continuation = [&p] { return static_cast<unsigned char>(*p++) & 0x3Fu; };
  if (first < 0xE0) return (first & 0x1Fu) << 6 | continuation();
  if (first < 0xF0) {
    const char32_t high = (first & 0x0Fu) << 12;
    const char32_t middle = continuation() << 6;
    return high | middle | continuation();
  }
  const char32_t high = (first & 0x07u) << 18;
  const char32_t upper = continuation() << 12;
  const char32_t lower = continuation() << 6;
  return high | upper | lower | continuation();
}

/// The code point before `end`, in valid UTF-8 that starts at `begin` (< end).
char32_t last_valid(const char* begin, const char* end);

/// Past the bytes below 0x80 that start at `p`.
const char* skip_ascii(const char* p, const char* end);

}  // namespace spencer
