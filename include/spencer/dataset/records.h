// Streams of records: CodeSearchNet's, whole, and (query, code) pairs out of any format.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "spencer/dataset/format.h"

namespace spencer {

/// A CodeSearchNet record with all its fields; what a line lacks is empty.
struct CodeSearchNetRecord {
  std::string repo, path, func_name, original_string, language, code;
  std::vector<std::string> code_tokens;
  std::string docstring;
  std::vector<std::string> docstring_tokens;
  std::string sha, url, partition;
};

/// Calls `sink` for each record of CodeSearchNet files (plain or gzipped), one in memory at a time.
/// @throws Error{corrupt} naming file, line and field, unless `options.skip_bad`
ReadReport read_code_search_net(std::span<const std::filesystem::path> data,
                                const ReadOptions& options,
                                const std::function<void(CodeSearchNetRecord&&)>& sink);

/// A piece of code, and the repository it is from.
struct RepositoryCode {
  std::string id, repository, code;
};

/// Calls `sink` for each record of JSON lines (or arrays) that have `repo` and code, the whole of
/// it before a part: `original_string`, `code` or `function`.
/// @throws Error{corrupt} naming file, line and field, unless `options.skip_bad`
ReadReport read_repository_codes(std::span<const std::filesystem::path> files,
                                 const ReadOptions& options,
                                 const std::function<void(RepositoryCode&&)>& sink);

/// A query and code that answers it, as training reads them.
struct TextPair {
  std::string id;
  std::string query;
  std::string code;
  std::vector<std::string> negatives;  ///< codes given as wrong answers (FlagEmbedding's `neg`)
  std::string repository;              ///< where known; for splits that keep a repository whole
};

/// Calls `sink` for each pair: one per right answer, records labelled as wrong left out. Streams,
/// except for BEIR folders, whose corpus is held while it is joined.
/// @throws Error{corrupt} naming file, line and field, unless `options.skip_bad`;
///         Error{invalid_argument} for a format that has no pairs (POJ-104)
ReadReport read_pairs(std::span<const std::filesystem::path> data, const ReadOptions& options,
                      const std::function<void(TextPair&&)>& sink);

}  // namespace spencer
