#include "spencer/text/tokenizer.h"

#include <algorithm>
#include <limits>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

#include "text/unicode.h"

namespace spencer {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

/// `text` itself where it is valid UTF-8, or its repaired copy in `buffer`.
std::string_view valid_text(std::string_view text, std::string& buffer) {
  const char* end = text.data() + text.size();
  const char* ascii_end = skip_ascii(text.data(), end);
  if (ascii_end == end || is_valid_utf8({ascii_end, end})) return text;
  buffer = to_valid_utf8(text);
  return buffer;
}

std::size_t special_places(const InputTemplate& places) {
  return static_cast<std::size_t>(
      std::ranges::count(places, InputPlace::Kind::special, &InputPlace::kind));
}

/// What `max_length` leaves for the texts.
std::size_t room_for_text(const InputTemplate& places, std::size_t max_length) {
  const std::size_t special = special_places(places);
  if (max_length < special) {
    throw Error(ErrorKind::invalid_argument,
                "a length of " + std::to_string(max_length) + " tokens has no room for the " +
                    std::to_string(special) + " special tokens of this model's inputs");
  }
  return max_length - special;
}

/// Cuts two texts to `room` tokens together, as Hugging Face's `longest_first` does: the longer
/// one first; where both are too long, to halves, the odd token going to the longer one.
void cut_longest_first(TokenIds& first, TokenIds& second, std::size_t room) {
  if (first.size() + second.size() <= room) return;
  const bool first_is_longer = first.size() > second.size();
  TokenIds& shorter = first_is_longer ? second : first;
  TokenIds& longer = first_is_longer ? first : second;
  std::size_t short_length = shorter.size();
  std::size_t long_length =
      short_length > room ? short_length : std::max(short_length, room - short_length);
  if (short_length + long_length > room) {
    short_length = room / 2;
    long_length = short_length + room % 2;
  }
  shorter.resize(short_length);
  longer.resize(std::min(long_length, longer.size()));
}

}  // namespace

TokenIds Tokenizer::tokenize(std::string_view text) const {
  TokenIds ids;
  std::string buffer;
  append_ids(valid_text(text, buffer), kNoLimit, ids);
  return ids;
}

TokenSequence Tokenizer::encode(std::string_view text, std::size_t max_length) const {
  const std::size_t room = room_for_text(single_, max_length);
  TokenIds ids;
  std::string buffer;
  append_ids(valid_text(text, buffer), max_length, ids);
  if (ids.size() > room) ids.resize(room);
  return fill(single_, ids, {});
}

TokenSequence Tokenizer::encode_pair(std::string_view first, std::string_view second,
                                     std::size_t max_length) const {
  const std::size_t room = room_for_text(pair_, max_length);
  // How much each text gives way depends on the whole lengths of both.
  TokenIds first_ids, second_ids;
  std::string buffer;
  append_ids(valid_text(first, buffer), kNoLimit, first_ids);
  append_ids(valid_text(second, buffer), kNoLimit, second_ids);
  cut_longest_first(first_ids, second_ids, room);
  return fill(pair_, first_ids, second_ids);
}

TokenSequence Tokenizer::fill(const InputTemplate& places, const TokenIds& first,
                              const TokenIds& second) const {
  TokenSequence out;
  out.ids.reserve(places.size() + first.size() + second.size());
  const bool segments =
      std::ranges::any_of(places, [](const InputPlace& place) { return place.segment != 0; });
  const auto put = [&](const TokenIds& text) {
    const auto begin = static_cast<std::int32_t>(out.ids.size());
    out.ids.insert(out.ids.end(), text.begin(), text.end());
    return TokenSpan{begin, static_cast<std::int32_t>(out.ids.size())};
  };
  for (const InputPlace& place : places) {
    switch (place.kind) {
      case InputPlace::Kind::first_text: out.first = put(first); break;
      case InputPlace::Kind::second_text: out.second = put(second); break;
      case InputPlace::Kind::special: out.ids.push_back(place.id); break;
    }
    if (segments) out.type_ids.resize(out.ids.size(), place.segment);
  }
  return out;
}

}  // namespace spencer
