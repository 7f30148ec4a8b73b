#include "text/byte_level_bpe.h"

#include <algorithm>
#include <bit>
#include <queue>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

#include "text/unicode.h"

namespace spencer {
namespace {

using nlohmann::json;

/// Up to here, looking through a word for its best merge is quicker than keeping a queue.
constexpr std::size_t kShortWord = 64;

/// GPT-2's alphabet: each byte is written as a printable character, the others moved up from 256.
const std::array<char32_t, 256>& byte_alphabet() {
  static const auto alphabet = [] {
    std::array<char32_t, 256> characters{};
    char32_t moved = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
      characters[byte] = printable ? byte : moved++;
    }
    return characters;
  }();
  return alphabet;
}

/// The byte each character of the alphabet stands for; -1 for other characters.
const std::array<int, 512>& alphabet_bytes() {
  static const auto bytes = [] {
    std::array<int, 512> table{};
    table.fill(-1);
    for (int byte = 0; byte < 256; ++byte) table[byte_alphabet()[byte]] = byte;
    return table;
  }();
  return bytes;
}

std::string in_alphabet(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    append_utf8(text, byte_alphabet()[static_cast<unsigned char>(byte)]);
  }
  return text;
}

/// The bytes a token stands for: its own where it is not written in the alphabet.
std::string bytes_of(std::string_view token) {
  std::string bytes;
  for (const char *p = token.data(), *end = p + token.size(); p < end;) {
    const char32_t character = next_valid(p);
    const int byte = character < 512 ? alphabet_bytes()[character] : -1;
    if (byte < 0) return std::string(token);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

std::size_t slot_of(std::uint64_t pair) { return (pair * 0x9E3779B97F4A7C15ULL) >> 32; }

}  // namespace

ByteLevelBpe::ByteLevelBpe(TokenizerFile file)
    : PipelineTokenizer(file),
      splitter_(reading_json(name_, [&] { return ByteSplitter(file.pre_tokenizer, name_); })) {
  reading_json(name_, [&] { read_options(file); });
  read_bytes();
  read_merges(file);
  take_added_tokens(file);
}

void ByteLevelBpe::read_options(const TokenizerFile& file) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::unsupported, name_ + ": " + what + " with byte-level BPE");
  };
  const json& normalizer = file.normalizer;
  if (!normalizer.is_null()) {
    refuse("normalizer '" + normalizer.at("type").get<std::string>() + "'");
  }
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json value = file.model.value(affix, json());
    if (!value.is_null() && value != json("")) refuse(affix + (" " + value.dump()));
  }
  const json dropout = file.model.value("dropout", json());
  if (!dropout.is_null() && dropout.get<double>() != 0) refuse("dropout");
  ignore_merges_ = file.model.value("ignore_merges", false);
  fuse_unknown_ = file.model.value("fuse_unk", false);
  const json unknown = file.model.value("unk_token", json());
  if (!unknown.is_null()) unknown_id_ = vocabulary_.find(unknown.get<std::string>());
  spaced_ = file.decoder.is_null();
  if (!spaced_ && file.decoder.at("type") != "ByteLevel") {
    refuse("decoder '" + file.decoder.at("type").get<std::string>() + "'");
  }
}

void ByteLevelBpe::read_bytes() {
  std::size_t known = 0;
  for (int byte = 0; byte < 256; ++byte) {
    std::string character;
    append_utf8(character, byte_alphabet()[byte]);
    byte_ids_[byte] = vocabulary_.find(character);
    known += byte_ids_[byte] >= 0;
  }
  if (known == 0) {
    throw Error(ErrorKind::corrupt, name_ + ": the vocabulary holds none of the 256 bytes");
  }
}

void ByteLevelBpe::read_merges(const TokenizerFile& file) {
  merges_.resize(std::bit_ceil(std::max<std::size_t>(file.merges.size() * 2, 16)));
  std::uint32_t rank = 0;
  for (const auto& [left, right] : file.merges) {
    const std::int32_t left_id = vocabulary_.find(left), right_id = vocabulary_.find(right);
    const std::int32_t id = vocabulary_.find(left + right);
    if (left_id < 0 || right_id < 0 || id < 0) {
      throw Error(ErrorKind::corrupt, name_ + ": merge " + std::to_string(rank + 1) + " ('" + left +
                                          "' and '" + right +
                                          "') uses a token that is not in the vocabulary");
    }
    insert_merge({pair_of(left_id, right_id), rank++, id});
  }
}

/// Of two merges of the same pair the later one counts, as in Hugging Face's reader.
void ByteLevelBpe::insert_merge(const Merge& merge) {
  const std::size_t mask = merges_.size() - 1;
  std::size_t at = slot_of(merge.pair) & mask;
  while (merges_[at].rank != kNoRank && merges_[at].pair != merge.pair) at = (at + 1) & mask;
  merges_[at] = merge;
}

/// The merge of two ids, or a free slot (rank kNoRank).
const ByteLevelBpe::Merge& ByteLevelBpe::find_merge(std::int32_t left, std::int32_t right) const {
  const std::uint64_t pair = pair_of(left, right);
  const std::size_t mask = merges_.size() - 1;
  std::size_t at = slot_of(pair) & mask;
  while (merges_[at].pair != pair && merges_[at].rank != kNoRank) at = (at + 1) & mask;
  return merges_[at];
}

bool ByteLevelBpe::append_words(std::string_view text, std::size_t limit, TokenIds& ids) const {
  return splitter_.split(text, [&](std::string_view word) {
    append_word(word, ids);
    return ids.size() < limit;
  });
}

void ByteLevelBpe::append_word(std::string_view word, TokenIds& ids) const {
  if (ignore_merges_) {
    const std::int32_t id = vocabulary_.find(in_alphabet(word));
    if (id >= 0) {
      ids.push_back(id);
      return;
    }
  }
  const std::size_t first = ids.size();
  append_bytes(word, ids);
  if (ids.size() - first <= kShortWord) {
    merge_short(ids, first);
  } else {
    merge_long(ids, first);
  }
}

void ByteLevelBpe::append_bytes(std::string_view word, TokenIds& ids) const {
  bool after_unknown = false;
  for (const char byte : word) {
    const std::int32_t id = byte_ids_[static_cast<unsigned char>(byte)];
    if (id >= 0) {
      ids.push_back(id);
    } else if (unknown_id_ >= 0 && !(after_unknown && fuse_unknown_)) {
      ids.push_back(unknown_id_);
    }
    after_unknown = id < 0;
  }
}

/// Merges the ids from `first` on: the pair of the lowest rank, of these the leftmost, again and
/// again.
void ByteLevelBpe::merge_short(TokenIds& ids, std::size_t first) const {
  std::array<const Merge*, kShortWord> merges;  // merges[i]: of ids i and i + 1
  std::size_t count = ids.size() - first;
  std::int32_t* const word = ids.data() + first;
  for (std::size_t i = 0; i + 1 < count; ++i) merges[i] = &find_merge(word[i], word[i + 1]);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
      if (merges[i]->rank < merges[best]->rank) best = i;
    }
    if (merges[best]->rank == kNoRank) break;
    word[best] = merges[best]->id;
    --count;
    std::copy(word + best + 2, word + count + 1, word + best + 1);
    if (best + 1 < count) {
      std::copy(merges.begin() + best + 2, merges.begin() + count, merges.begin() + best + 1);
      merges[best] = &find_merge(word[best], word[best + 1]);
    }
    if (best > 0) merges[best - 1] = &find_merge(word[best - 1], word[best]);
  }
  ids.resize(first + count);
}

/// The same for words of any length, with a queue of the merges that may be done.
void ByteLevelBpe::merge_long(TokenIds& ids, std::size_t first) const {
  struct Symbol {
    std::int32_t id;
    std::ptrdiff_t previous, next;  // -1 at the ends
  };
  using Candidate = std::pair<std::uint32_t, std::ptrdiff_t>;  // rank, place of the left symbol
  const auto count = static_cast<std::ptrdiff_t>(ids.size() - first);
  std::vector<Symbol> symbols;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    symbols.push_back(
        {ids[first + static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto merge_at = [&](std::ptrdiff_t place) -> const Merge& {
    const Symbol& left = symbols[place];
    return find_merge(left.id, symbols[left.next].id);
  };
  const auto offer = [&](std::ptrdiff_t place) {
    if (place < 0 || symbols[place].next < 0) return;
    if (const Merge& merge = merge_at(place); merge.rank != kNoRank)
      queue.push({merge.rank, place});
  };
  for (std::ptrdiff_t i = 0; i + 1 < count; ++i) offer(i);
  while (!queue.empty()) {
    const auto [rank, place] = queue.top();
    queue.pop();
    Symbol& left = symbols[place];
    if (left.id < 0 || left.next < 0) continue;
    const Merge& merge = merge_at(place);
    if (merge.rank != rank) continue;  // one of the two has been merged since
    Symbol& right = symbols[left.next];
    left.id = merge.id;
    left.next = right.next;
    right.id = -1;
    if (left.next >= 0) symbols[left.next].previous = place;
    offer(left.previous);
    offer(place);
  }
  ids.resize(first);
  for (std::ptrdiff_t i = 0; i >= 0 && count > 0; i = symbols[i].next) ids.push_back(symbols[i].id);
}

std::string ByteLevelBpe::join(const std::vector<std::string_view>& tokens) const {
  std::string bytes;
  for (const std::string_view token : tokens) {
    if (spaced_ && !bytes.empty()) bytes += ' ';
    bytes += spaced_ ? std::string(token) : bytes_of(token);
  }
  return to_valid_utf8(bytes);
}

}  // namespace spencer
