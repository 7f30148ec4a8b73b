#include "index/embedder.h"

#include <algorithm>
#include <utility>

#include "spencer/base/clock.h"
#include "spencer/base/error.h"

namespace spencer {
namespace {

// A step takes about this long, so that a stop is answered soon and a fast device is kept busy.
constexpr double kStepSeconds = 0.4;
constexpr std::size_t kFewestTokens = 1 << 12;
constexpr std::size_t kMostTokens = 1 << 20;

}  // namespace

Embedder::Embedder(TextEncoder& encoder, IndexWriter& writer, Progress& progress,
                   const StopFlag& stop)
    : encoder_(encoder),
      writer_(writer),
      progress_(progress),
      stop_(stop),
      step_tokens_(kFewestTokens) {}

void Embedder::embed(std::vector<PendingFile>& window) {
  std::vector<PendingRecord*> records;
  for (PendingFile& file : window) {
    for (PendingRecord& record : file.records) {
      if (!record.tokens.ids.empty() && writer_.known_vector(record.text).empty()) {
        records.push_back(&record);
      }
    }
  }
  // Longest first: what a step needs most of is asked for at the start.
  std::stable_sort(records.begin(), records.end(), [](const auto* a, const auto* b) {
    return a->tokens.ids.size() > b->tokens.ids.size();
  });
  for (std::size_t begin = 0; begin < records.size();) {
    stop_.check();
    std::size_t end = begin, tokens = 0;
    while (end < records.size() && (end == begin || tokens < step_tokens_)) {
      tokens += records[end++]->tokens.ids.size();
    }
    step(records, begin, end);
    begin = end;
  }
}

void Embedder::step(std::vector<PendingRecord*>& records, std::size_t begin, std::size_t end) {
  const auto started = Clock::now();
  const auto dimension = static_cast<std::size_t>(encoder_.dimension());
  std::vector<TokenSequence> sequences;
  for (std::size_t i = begin; i < end; ++i) sequences.push_back(std::move(records[i]->tokens));
  std::vector<float> vectors(sequences.size() * dimension);
  encoder_.encode(sequences, vectors);
  for (std::size_t i = begin; i < end; ++i) {
    writer_.remember(records[i]->text,
                     std::span(vectors).subspan((i - begin) * dimension, dimension));
  }
  embedded_ += static_cast<std::int64_t>(end - begin);
  progress_.advance(static_cast<std::int64_t>(end - begin));
  const double taken = seconds_since(started);
  if (taken < kStepSeconds / 2) step_tokens_ = std::min(2 * step_tokens_, kMostTokens);
  if (taken > kStepSeconds * 2) step_tokens_ = std::max(step_tokens_ / 2, kFewestTokens);
}

}  // namespace spencer
