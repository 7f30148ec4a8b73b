// records.db: its tables, and what is asked of them.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spencer/store/index_store.h"

#include "store/database.h"
#include "store/exact_search.h"

namespace spencer {

/// The tables of a new records.db. `records` holds what filters ask for, `bodies` the long texts.
extern const char* const kRecordTables;
/// Made once the rows are in, which is faster than keeping it up to date.
extern const char* const kRecordIndex;

/// A checksum over all that a record says, stored beside it.
std::int64_t record_checksum(const CodeRecord& record);

/// 16 bytes as stored in a blob, and back (all zero where the blob has another size).
std::string_view as_blob(const Hash128& hash);
Hash128 hash_from(std::string_view blob);

/// @throws Error{corrupt} if the tables do not hold as many rows as the manifest says
void check_record_table(Database& records, const IndexManifest& manifest);
/// @throws Error{corrupt} if the record is missing or its checksum does not fit
CodeRecord read_record(Database& records, RecordId id);
std::vector<FileEntry> read_files(Database& records);
std::vector<RecordCount> count_kinds(Database& records);
/// For each text embedded, the first row that holds its vector.
std::unordered_map<Hash128, RecordId> read_text_hashes(Database& records);

/// @throws Error{corrupt} here and below if the table names rows outside [0, total)
RowRanges rows_in_paths(Database& records, std::int64_t total,
                        const std::vector<std::string>& globs);
/// An empty list allows every language, or every kind.
RowRanges rows_of_kind(Database& records, std::int64_t total,
                       const std::vector<std::string>& languages,
                       const std::vector<std::string>& kinds);
RowRanges intersect(const RowRanges& a, const RowRanges& b);

}  // namespace spencer
