// Surveyed files in windows of bounded size, tokenised ahead of the encoder.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <unordered_set>
#include <vector>

#include "spencer/text/tokenizer.h"

#include "index/survey.h"

namespace spencer {

/// A record on its way to the index. Without tokens its vector is known already.
struct PendingRecord {
  CodeRecord record;
  Hash128 text;
  TokenSequence tokens;
};

struct PendingFile {
  FileEntry entry;
  bool keep = false;
  std::vector<PendingRecord> records;
};

/// Hands out the files in their order. A window holds about `kWindowRecords` records to embed: many
/// enough for batches of like length, few enough to bound the memory.
class Feeder {
 public:
  static constexpr std::int64_t kWindowRecords = 4096;

  using Tokenize = std::function<TokenSequence(const std::string& text)>;

  /// @param files is emptied of its records as they are handed out; must outlive the feeder
  /// @param missing hashes of the texts that have no vector yet
  Feeder(std::span<SurveyedFile> files, const ReadOptions& options,
         const std::unordered_set<Hash128>& missing, Tokenize tokenize, const StopFlag& stop);

  /// The next window; empty at the end.
  std::vector<PendingFile> next();

 private:
  PendingFile prepare(SurveyedFile& file, std::int64_t& to_embed);

  std::span<SurveyedFile> files_;
  const ReadOptions& options_;
  const std::unordered_set<Hash128>& missing_;
  Tokenize tokenize_;
  const StopFlag& stop_;
  std::unordered_set<Hash128> met_;  ///< each missing text is tokenised once
};

}  // namespace spencer
