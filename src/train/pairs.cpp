#include "spencer/train/pairs.h"

#include <algorithm>

#include "spencer/base/error.h"
#include "spencer/base/hash.h"

namespace spencer {

std::int32_t PairSet::place(std::string&& text, std::vector<std::string>& texts,
                            Positions& positions) {
  const auto [found, is_new] = positions.emplace(text, static_cast<std::int32_t>(texts.size()));
  if (is_new) texts.push_back(std::move(text));
  return found->second;
}

void PairSet::add(TextPair&& pair) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto is_empty = [&](const std::string& text) {
    return text.find_first_not_of(blanks) == std::string::npos;
  };
  if (is_empty(pair.query) || is_empty(pair.code)) {
    ++report_.empty;
    return;
  }
  TrainingPair placed;
  placed.query = place(std::move(pair.query), queries_, query_positions_);
  placed.code = place(std::move(pair.code), codes_, code_positions_);
  placed.id = std::move(pair.id);
  answers_.resize(queries_.size());
  if (answers(placed.query, placed.code)) {
    ++report_.repeated;
    return;
  }
  for (std::string& negative : pair.negatives) {
    if (!is_empty(negative)) {
      placed.negatives.push_back(place(std::move(negative), codes_, code_positions_));
    }
  }
  answers_[static_cast<std::size_t>(placed.query)].push_back(placed.code);
  pairs_.push_back(std::move(placed));
}

bool PairSet::answers(std::int32_t query, std::int32_t code) const {
  const auto& right = answers_of(query);
  return std::find(right.begin(), right.end(), code) != right.end();
}

bool PairSet::is_right(std::int32_t query, std::int32_t code) const {
  return answers(query, code) ||
         queries_[static_cast<std::size_t>(query)] == codes_[static_cast<std::size_t>(code)];
}

std::string PairSet::checksum() const {
  std::string bytes;
  for (const auto* texts : {&queries_, &codes_}) {
    for (const std::string& text : *texts) bytes += hash128(text).hex();
  }
  for (const TrainingPair& pair : pairs_) {
    bytes += std::to_string(pair.query) + ' ' + std::to_string(pair.code) + '\n';
  }
  return hash128(bytes).hex();
}

const PairSet& DualPairs::no_pairs() {
  static const PairSet none;
  return none;
}

PairSet read_pair_set(std::span<const std::filesystem::path> data, const ReadOptions& options) {
  PairSet set;
  ReadReport reading =
      read_pairs(data, options, [&](TextPair&& pair) { set.add(std::move(pair)); });
  set.report_.reading = std::move(reading);
  if (set.pairs_.empty()) {
    throw Error(ErrorKind::corrupt,
                "there is no pair to train on: " + std::to_string(set.report_.reading.records) +
                    " records were read, " + std::to_string(set.report_.reading.skipped) +
                    " were bad, " + std::to_string(set.report_.empty) +
                    " had an empty query or code");
  }
  return set;
}

}  // namespace spencer
