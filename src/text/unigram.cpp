#include "text/unigram.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <string>

#include <sentencepiece_processor.h>

namespace spencer {
namespace {

constexpr double kUnknownPenalty = 10;

std::size_t character_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// Reads the fields of a protocol buffer message.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : bytes_(bytes) {}

  /// Moves to the next field. @return false at the end, or where the bytes make no sense
  bool next() {
    if (bytes_.empty()) return false;
    const std::uint64_t key = varint();
    field = static_cast<int>(key >> 3);
    message = {};
    switch (key & 7) {
      case 0: number = varint(); return true;
      case 1: return take(8);
      case 2: return take(varint());
      case 5: return take(4);
      default: return false;
    }
  }

  int field = 0;
  std::uint64_t number = 0;
  std::string_view message;

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }
  bool take(std::uint64_t length) {
    if (length > bytes_.size()) return false;
    message = bytes_.substr(0, length);
    bytes_.remove_prefix(length);
    return true;
  }

  std::string_view bytes_;
};

}  // namespace

/// How the best cut of the text up to here ends.
struct Unigram::Step {
  int id = -1;
  double score = 0;
  std::size_t start = std::numeric_limits<std::size_t>::max();

  void offer(int by_id, double by_score, std::size_t from) {
    if (start != std::numeric_limits<std::size_t>::max() && by_score <= score) return;
    *this = {by_id, by_score, from};
  }
};

Unigram::Unigram(const sentencepiece::SentencePieceProcessor& processor)
    : pieces_("sentencepiece model"), unknown_id_(processor.unk_id()) {
  double lowest = 0;
  bool bytes = true;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    scores_.push_back(static_cast<double>(processor.GetScore(id)));
    lowest = std::min(lowest, scores_.back());
    const bool found_in_text = !processor.IsUnknown(id) && !processor.IsControl(id) &&
                               !processor.IsUnused(id) && !processor.IsByte(id);
    if (found_in_text) pieces_.add(processor.IdToPiece(id), id);
  }
  unknown_score_ = lowest - kUnknownPenalty;
  for (int byte = 0; byte < 256 && bytes; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", byte);
    byte_ids_.push_back(processor.PieceToId(name));
    bytes = processor.IsByte(byte_ids_.back());
  }
  if (!bytes) byte_ids_.clear();
}

std::vector<Unigram::Step> Unigram::best_steps(std::string_view text) const {
  std::vector<Step> ends(text.size() + 1);
  std::size_t length = 0;
  for (std::size_t start = 0; start < text.size(); start += length) {
    length = std::min(character_length(text[start]), text.size() - start);
    const double score = ends[start].score;
    const std::size_t longest = std::min(pieces_.longest(), text.size() - start);
    std::uint64_t hash = Vocabulary::kHashStart;
    bool single = false;
    for (std::size_t size = 1; size <= longest; ++size) {
      hash = Vocabulary::hash_more(hash, text[start + size - 1]);
      const std::int32_t id = pieces_.find_hashed(hash, {}, text.substr(start, size));
      if (id < 0) continue;
      ends[start + size].offer(id, score + scores_[static_cast<std::size_t>(id)], start);
      single |= size == length;
    }
    if (!single) ends[start + length].offer(unknown_id_, score + unknown_score_, start);
  }
  return ends;
}

void Unigram::append_unknown(std::string_view text, std::vector<int>& reversed) const {
  if (byte_ids_.empty()) {
    if (reversed.empty() || reversed.back() != unknown_id_) reversed.push_back(unknown_id_);
    return;
  }
  for (auto byte = text.rbegin(); byte != text.rend(); ++byte) {
    reversed.push_back(byte_ids_[static_cast<unsigned char>(*byte)]);
  }
}

std::vector<int> Unigram::cut(std::string_view text) const {
  const std::vector<Step> ends = best_steps(text);
  std::vector<int> ids;
  for (std::size_t end = text.size(); end > 0; end = ends[end].start) {
    if (ends[end].id == unknown_id_) {
      append_unknown(text.substr(ends[end].start, end - ends[end].start), ids);
    } else {
      ids.push_back(ends[end].id);
    }
  }
  std::ranges::reverse(ids);
  return ids;
}

bool is_unigram_model(std::string_view serialized) {
  constexpr int kTrainerSpec = 2, kModelType = 3;
  constexpr std::uint64_t kUnigram = 1;
  std::uint64_t type = kUnigram;  // the format's default
  for (ProtoReader model(serialized); model.next();) {
    if (model.field != kTrainerSpec) continue;
    for (ProtoReader spec(model.message); spec.next();) {
      if (spec.field == kModelType) type = spec.number;
    }
  }
  return type == kUnigram;
}

}  // namespace spencer
