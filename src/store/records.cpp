#include "store/records.h"

#include <algorithm>
#include <cstring>

#include "store/generation.h"
#include "store/glob.h"

namespace spencer {
namespace {

void extend(RowRanges& ranges, RowRange range) {
  if (range.begin >= range.end) return;
  if (!ranges.empty() && ranges.back().end == range.begin) {
    ranges.back().end = range.end;
  } else {
    ranges.push_back(range);
  }
}

[[noreturn]] void throw_bad_rows(const Database& records) {
  throw_corrupt(records.path(), "it names records that do not exist");
}

/// "column IN (?n, ?n+1, ...)", or nothing for no values.
std::string in_list(const char* column, std::size_t values, int& parameter) {
  if (values == 0) return {};
  std::string sql = std::string(" AND ") + column + " IN (";
  for (std::size_t i = 0; i < values; ++i) {
    sql += (i == 0 ? "?" : ",?") + std::to_string(parameter++);
  }
  return sql + ")";
}

}  // namespace

const char* const kRecordTables = R"sql(
  CREATE TABLE files (
    path TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    content BLOB NOT NULL, skipped TEXT NOT NULL, first_record INTEGER NOT NULL,
    records INTEGER NOT NULL) STRICT;
  CREATE TABLE records (
    id INTEGER PRIMARY KEY, language TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, text BLOB NOT NULL) STRICT;
  CREATE TABLE bodies (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, docstring TEXT NOT NULL, code TEXT NOT NULL,
    checksum INTEGER NOT NULL) STRICT;
)sql";

const char* const kRecordIndex = "CREATE INDEX records_by_kind ON records (language, kind)";

std::int64_t record_checksum(const CodeRecord& record) {
  std::string all;
  for (const std::string* text : {&record.path, &record.language, &record.name, &record.kind,
                                  &record.docstring, &record.code}) {
    all += std::to_string(text->size()) + ' ' + *text;
  }
  all += std::to_string(record.start_line) + ' ' + std::to_string(record.end_line);
  return static_cast<std::int64_t>(hash64(all));
}

std::string_view as_blob(const Hash128& hash) {
  static_assert(sizeof(Hash128) == 16);
  return {reinterpret_cast<const char*>(&hash), sizeof hash};
}

Hash128 hash_from(std::string_view blob) {
  Hash128 hash;
  if (blob.size() == sizeof hash) std::memcpy(&hash, blob.data(), sizeof hash);
  return hash;
}

void check_record_table(Database& records, const IndexManifest& manifest) {
  // The ids run from 0, so the first and the last tell whether all are there.
  Statement statement(records,
                      "SELECT (SELECT count(*) FROM files WHERE skipped = ''), (SELECT "
                      "ifnull(min(id), 0) FROM bodies), "
                      "(SELECT ifnull(max(id), -1) FROM bodies), "
                      "(SELECT ifnull(max(id), -1) FROM records)");
  const bool fits = statement.step() && statement.integer(0) == manifest.files &&
                    statement.integer(1) == 0 && statement.integer(2) == manifest.records - 1 &&
                    statement.integer(3) == manifest.records - 1;
  if (!fits) throw_corrupt(records.path(), "it does not hold the records that the manifest counts");
}

CodeRecord read_record(Database& records, RecordId id) {
  Statement statement(records,
                      "SELECT b.path, r.language, r.name, r.kind, r.start_line, r.end_line, "
                      "b.docstring, b.code, b.checksum "
                      "FROM records r JOIN bodies b ON b.id = r.id WHERE r.id = ?1");
  statement.bind(1, id);
  if (!statement.step())
    throw_corrupt(records.path(), "record " + std::to_string(id) + " is missing");
  CodeRecord record;
  record.path = statement.text(0);
  record.language = statement.text(1);
  record.name = statement.text(2);
  record.kind = statement.text(3);
  record.start_line = static_cast<std::int32_t>(statement.integer(4));
  record.end_line = static_cast<std::int32_t>(statement.integer(5));
  record.docstring = statement.text(6);
  record.code = statement.text(7);
  if (record_checksum(record) != statement.integer(8)) {
    throw_corrupt(records.path(), "the checksum of record " + std::to_string(id) + " does not fit");
  }
  return record;
}

std::vector<FileEntry> read_files(Database& records) {
  Statement statement(
      records,
      "SELECT path, size, modified_ns, content, skipped FROM files ORDER BY first_record, rowid");
  std::vector<FileEntry> files;
  while (statement.step()) {
    files.push_back({std::string(statement.text(0)), statement.integer(1), statement.integer(2),
                     hash_from(statement.blob(3)), std::string(statement.text(4))});
  }
  return files;
}

std::vector<RecordCount> count_kinds(Database& records) {
  Statement statement(records,
                      "SELECT language, kind, count(*) FROM records GROUP BY language, kind "
                      "ORDER BY language, kind");
  std::vector<RecordCount> counts;
  while (statement.step()) {
    counts.push_back(
        {std::string(statement.text(0)), std::string(statement.text(1)), statement.integer(2)});
  }
  return counts;
}

std::unordered_map<Hash128, RecordId> read_text_hashes(Database& records) {
  Statement statement(records, "SELECT id, text FROM records ORDER BY id");
  std::unordered_map<Hash128, RecordId> rows;
  while (statement.step()) rows.emplace(hash_from(statement.blob(1)), statement.integer(0));
  return rows;
}

RowRanges rows_in_paths(Database& records, std::int64_t total,
                        const std::vector<std::string>& globs) {
  const PathFilter filter(globs);
  Statement statement(records,
                      "SELECT path, first_record, records FROM files ORDER BY first_record, rowid");
  RowRanges ranges;
  std::int64_t next = 0;
  while (statement.step()) {
    const std::int64_t first = statement.integer(1), count = statement.integer(2);
    if (first != next || count < 0 || count > total - first) throw_bad_rows(records);
    next = first + count;
    if (filter.wants(statement.text(0))) extend(ranges, {first, next});
  }
  return ranges;
}

RowRanges rows_of_kind(Database& records, std::int64_t total,
                       const std::vector<std::string>& languages,
                       const std::vector<std::string>& kinds) {
  int parameter = 1;
  std::string sql = "SELECT id FROM records WHERE 1";
  sql += in_list("language", languages.size(), parameter);
  sql += in_list("kind", kinds.size(), parameter);
  Statement statement(records, sql);
  parameter = 1;
  for (const auto* list : {&languages, &kinds}) {
    for (const std::string& value : *list) statement.bind_text(parameter++, value);
  }
  std::vector<std::int64_t> rows;
  while (statement.step()) rows.push_back(statement.integer(0));
  std::sort(rows.begin(), rows.end());
  if (!rows.empty() && (rows.front() < 0 || rows.back() >= total)) throw_bad_rows(records);
  RowRanges ranges;
  for (const std::int64_t row : rows) extend(ranges, {row, row + 1});
  return ranges;
}

RowRanges intersect(const RowRanges& a, const RowRanges& b) {
  RowRanges common;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    extend(common, {std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)});
    if (a[i].end < b[j].end) {
      ++i;
    } else {
      ++j;
    }
  }
  return common;
}

}  // namespace spencer
