// Training pairs in memory: each distinct text once, and which codes answer which query.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spencer/dataset/records.h"

namespace spencer {

/// A query and a code that answers it, as positions in a PairSet.
struct TrainingPair {
  std::int32_t query = 0;
  std::int32_t code = 0;
  std::vector<std::int32_t> negatives;  ///< codes the data names as wrong answers
  std::string id;
};

/// What was read, and what of it cannot be trained on.
struct PairReport {
  ReadReport reading;
  std::int64_t empty = 0;     ///< pairs left out for an empty query or code
  std::int64_t repeated = 0;  ///< pairs left out because they were there already
};

/// Equal texts have one position, so that "the same query" and "the same code" are comparisons of
/// numbers.
class PairSet {
 public:
  /// Adds a pair, unless a text of it is empty or it is there already.
  void add(TextPair&& pair);

  const std::vector<std::string>& queries() const { return queries_; }
  const std::vector<std::string>& codes() const { return codes_; }
  const std::vector<TrainingPair>& pairs() const { return pairs_; }
  /// Whether some pair says that `code` answers `query`.
  bool answers(std::int32_t query, std::int32_t code) const;
  /// Whether `code` must never count as a wrong answer: it answers `query`, or is the same text.
  bool is_right(std::int32_t query, std::int32_t code) const;
  const std::vector<std::int32_t>& answers_of(std::int32_t query) const {
    return answers_[static_cast<std::size_t>(query)];
  }
  /// Of all texts and pairs, in order.
  std::string checksum() const;
  const PairReport& report() const { return report_; }

 private:
  friend PairSet read_pair_set(std::span<const std::filesystem::path>, const ReadOptions&);
  using Positions = std::unordered_map<std::string, std::int32_t>;
  static std::int32_t place(std::string&& text, std::vector<std::string>& texts,
                            Positions& positions);

  std::vector<std::string> queries_, codes_;
  Positions query_positions_, code_positions_;
  std::vector<TrainingPair> pairs_;
  std::vector<std::vector<std::int32_t>> answers_;  // per query
  PairReport report_;
};

/// What a dual encoder learns from; either set may be empty, not both.
struct DualPairs {
  DualPairs(const PairSet& text_pairs, const PairSet& code_pairs = no_pairs())
      : text(text_pairs), code(code_pairs) {}

  const PairSet& text;
  const PairSet& code;  ///< their queries are codes, and are encoded as codes are

 private:
  static const PairSet& no_pairs();
};

/// Reads pairs of any format `read_pairs` knows. @throws what it throws, and Error{corrupt} if
/// there is no pair to train on, saying why
PairSet read_pair_set(std::span<const std::filesystem::path> data, const ReadOptions& options);

}  // namespace spencer
