#include "text/unicode.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

namespace spencer {
namespace {

#include "text/unicode_tables.inc"

constexpr std::size_t kBlocks = 0x1100;  // of 256 code points each

/// For each block, the range that holds its first code point.
constexpr auto kBlockStarts = [] {
  std::array<std::uint16_t, kBlocks + 1> starts{};
  std::size_t range = 0;
  for (std::size_t block = 0; block < kBlocks; ++block) {
    while (range + 1 < std::size(kRanges) && kRanges[range + 1] >> 16 < block) ++range;
    if (range + 1 < std::size(kRanges) && kRanges[range + 1] >> 8 == block << 8) ++range;
    starts[block] = static_cast<std::uint16_t>(range);
  }
  starts[kBlocks] = static_cast<std::uint16_t>(std::size(kRanges) - 1);
  return starts;
}();

constexpr char32_t kHangulFirst = 0xAC00, kHangulLast = 0xD7A3;

std::span<const char32_t> find_in(std::span<const char32_t> keys, const std::uint16_t* starts,
                                  const char32_t* values, char32_t code_point) {
  const auto key = std::ranges::lower_bound(keys, code_point);
  if (key == keys.end() || *key != code_point) return {};
  const auto index = static_cast<std::size_t>(key - keys.begin());
  return {values + starts[index], values + starts[index + 1]};
}

}  // namespace

bool CharClass::dropped() const { return bits & kDropped; }
bool CharClass::blank() const { return bits & kBlank; }
bool CharClass::cjk() const { return bits & kCjk; }
bool CharClass::mark() const { return bits & kMark; }
bool CharClass::combining() const { return bits & kCombining; }
bool CharClass::white() const { return bits & kWhite; }
bool CharClass::punctuation() const { return bits & kPunctuation; }
bool CharClass::numeric() const { return bits & kNumeric; }
bool CharClass::letter() const { return bits & kLetter; }
bool CharClass::number() const { return bits & kNumber; }
bool CharClass::space() const { return bits & kSpace; }
bool CharClass::word() const { return bits & kWord; }
bool CharClass::changed() const { return bits & kChanged; }

CharClass char_class(char32_t code_point) {
  const std::size_t block = code_point >> 8;
  const auto* begin = kRanges + kBlockStarts[block];
  const auto* end = kRanges + kBlockStarts[block + 1] + 1;
  const auto* range = std::upper_bound(begin, end, code_point << 8 | 0xFF) - 1;
  return {kClasses[*range & 0xFF]};
}

std::span<const char32_t> decomposed(char32_t code_point, char32_t (&buffer)[3]) {
  if (code_point >= kHangulFirst && code_point <= kHangulLast) {
    const char32_t index = code_point - kHangulFirst;
    buffer[0] = 0x1100 + index / 588;
    buffer[1] = 0x1161 + index % 588 / 28;
    buffer[2] = 0x11A7 + index % 28;
    return {buffer, index % 28 == 0 ? 2U : 3U};
  }
  return find_in(kDecomposedKeys, kDecomposedStarts, kDecomposedValues, code_point);
}

std::span<const char32_t> lowered(char32_t code_point) {
  return find_in(kLoweredKeys, kLoweredStarts, kLoweredValues, code_point);
}

int combining_order(char32_t code_point) {
  const auto* key = std::ranges::lower_bound(kOrderKeys, code_point);
  if (key == std::end(kOrderKeys) || *key != code_point) return 0;
  return kOrderValues[key - kOrderKeys];
}

char32_t last_valid(const char* begin, const char* end) {
  const char* p = end - 1;
  while (p > begin && (static_cast<unsigned char>(*p) & 0xC0) == 0x80) --p;
  return next_valid(p);
}

const char* skip_ascii(const char* p, const char* end) {
  for (; end - p >= 8; p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    if (word & 0x8080808080808080ULL) break;
  }
  while (p < end && static_cast<unsigned char>(*p) < 0x80) ++p;
  return p;
}

}  // namespace spencer
