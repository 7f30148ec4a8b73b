#include "search/same_function.h"

#include <algorithm>
#include <utility>

namespace spencer {
namespace {

bool same_name(const CodeRecord& a, const CodeRecord& b) {
  return a.path == b.path && a.name == b.name && a.kind == b.kind;
}

/// Whether a record is long enough to be a part with more to follow. Short ones of one name, line
/// upon line, are overloads.
bool may_continue(const CodeRecord& record) { return record.end_line - record.start_line >= 3; }

/// Whether two records of one name are one thing: they overlap, or an unbroken chain of records of
/// that name fills the lines between. Overloads have other lines in between, or are short.
bool are_one(const IndexReader& reader, const CodeRecord& a, const CodeRecord& b) {
  if (!same_name(a, b)) return false;
  CodeRecord link = a.start_line <= b.start_line ? a : b;
  const std::int32_t target = std::max(a.start_line, b.start_line);
  while (link.end_line < target) {
    const std::optional<RecordId> next = reader.find(link.path, link.end_line + 1);
    if (!may_continue(link) || !next) return false;
    CodeRecord after = reader.record(*next);
    if (!same_name(after, link) || after.end_line <= link.end_line) return false;
    link = std::move(after);
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
