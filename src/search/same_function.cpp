#include "search/same_function.h"

#include <algorithm>

namespace spencer {
namespace {

bool same_name(const CodeRecord& a, const CodeRecord& b) {
  return a.path == b.path && a.name == b.name && a.kind == b.kind;
}

/// Whether two records of one name are one thing: they overlap, or an unbroken chain of records of
/// that name fills the lines between. Overloads, which share a name, have other lines in between.
bool are_one(const IndexReader& reader, const CodeRecord& a, const CodeRecord& b) {
  if (!same_name(a, b)) return false;
  const CodeRecord& upper = a.start_line <= b.start_line ? a : b;
  const CodeRecord& lower = a.start_line <= b.start_line ? b : a;
  std::int32_t reached = upper.end_line;
  while (reached < lower.start_line) {
    const std::optional<RecordId> next = reader.find(upper.path, reached + 1);
    if (!next) return false;
    const CodeRecord between = reader.record(*next);
    if (!same_name(between, upper) || between.end_line <= reached) return false;
    reached = between.end_line;
  }
  return true;
}

}  // namespace

std::vector<ScoredRecord> without_repeats(const IndexReader& reader,
                                          std::span<const ScoredRecord> found,
                                          std::optional<RecordId> like, std::size_t wanted) {
  std::vector<ScoredRecord> kept;
  std::vector<CodeRecord> seen;
  if (like) seen.push_back(reader.record(*like));
  for (const ScoredRecord& candidate : found) {
    if (kept.size() == wanted) break;
    CodeRecord record = reader.record(candidate.id);
    const bool repeated = std::any_of(seen.begin(), seen.end(), [&](const CodeRecord& other) {
      return are_one(reader, record, other);
    });
    if (repeated) continue;
    kept.push_back(candidate);
    seen.push_back(std::move(record));
  }
  return kept;
}

}  // namespace spencer
