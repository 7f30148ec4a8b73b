#include "index/feeder.h"

#include <utility>

#include "spencer/index/embedding_text.h"

namespace spencer {

Feeder::Feeder(std::span<SurveyedFile> files, const ReadOptions& options,
               const std::unordered_set<Hash128>& missing, Tokenize tokenize, const StopFlag& stop)
    : files_(files),
      options_(options),
      missing_(missing),
      tokenize_(std::move(tokenize)),
      stop_(stop) {}

std::vector<PendingFile> Feeder::next() {
  std::vector<PendingFile> window;
  std::int64_t records = 0, to_embed = 0;
  while (!files_.empty() && to_embed < kWindowRecords && records < 4 * kWindowRecords) {
    stop_.check();
    window.push_back(prepare(files_.front(), to_embed));
    records += 1 + std::ssize(window.back().records);
    files_ = files_.subspan(1);
  }
  return window;
}

PendingFile Feeder::prepare(SurveyedFile& file, std::int64_t& to_embed) {
  PendingFile pending{file.entry, file.keep, {}};
  if (file.keep) return pending;
  std::vector<CodeRecord> records = std::exchange(file.records, {});
  std::vector<Hash128> texts = std::exchange(file.texts, {});
  bool as_surveyed = true;
  if (!file.held) {
    ReadFile again = read_source(options_, file.entry.path);
    as_surveyed = again.content == file.entry.content;
    records = std::move(again.records);
    texts = std::move(again.texts);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    PendingRecord& next = pending.records.emplace_back();
    next.record = std::move(records[i]);
    next.text = texts[i];
    // A file that has changed since the survey may hold texts that nobody has looked up.
    const bool wanted = !as_surveyed || missing_.contains(next.text);
    if (!wanted || !met_.insert(next.text).second) continue;
    next.tokens = tokenize_(embedding_text(next.record));
    ++to_embed;
  }
  if (!as_surveyed) {  // so that the next run reads it again
    pending.entry.modified_ns = 0;
    pending.entry.content = {};
  }
  return pending;
}

}  // namespace spencer
