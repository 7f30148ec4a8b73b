// Code to pre-train on, and which repository each piece is from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "spencer/base/hash.h"
#include "spencer/base/stop.h"
#include "spencer/dataset/records.h"

namespace spencer {

struct Snippet {
  std::string id;  ///< for messages
  std::string code;
  std::int32_t repository = 0;  ///< its place in SnippetSet::repositories()
};

/// What was read, and what of it is left out.
struct SnippetReport {
  ReadReport reading;         ///< of JSON lines
  std::int64_t files = 0;     ///< read in source trees
  std::int64_t empty = 0;     ///< snippets of nothing but white space
  std::int64_t repeated = 0;  ///< snippets whose code was there already, in whichever repository
};

/// What a repository is cut into.
enum class SnippetKind {
  function,  ///< those that `extract` finds
  file,      ///< the beginning of each, where it says what it is and what it imports
};

/// Distinct snippets: a copy in another repository would make "the same repository?" a question
/// with two answers.
class SnippetSet {
 public:
  /// Adds a snippet, unless its code is empty or there already.
  void add(RepositoryCode&& code);

  const std::vector<Snippet>& snippets() const { return snippets_; }
  const std::vector<std::string>& repositories() const { return repositories_; }  ///< their names
  /// Of all snippets, in order, and of which belong together; the repositories' names do not count.
  std::string checksum() const;
  const SnippetReport& report() const { return report_; }

 private:
  friend SnippetSet read_snippets(std::span<const std::filesystem::path>, const ReadOptions&,
                                  SnippetKind, const StopFlag*);
  std::vector<Snippet> snippets_;
  std::vector<std::string> repositories_;
  std::unordered_map<std::string, std::int32_t> repository_positions_;
  std::unordered_set<Hash128> codes_;
  SnippetReport report_;
};

/// Reads snippets. A file holds JSON lines (see read_repository_codes). A folder with a `.git` is a
/// repository; any other folder is a collection of repositories, one per folder in it. Of a
/// repository the files are read that `walk` lists; its name is its path.
/// @param kind of source trees' snippets
/// @throws what walk and read_repository_codes throw; Error{not_found} naming a path that is not
///         there or a folder without a repository; Error{corrupt} if there is no snippet at all
SnippetSet read_snippets(std::span<const std::filesystem::path> data, const ReadOptions& options,
                         SnippetKind kind = SnippetKind::function, const StopFlag* stop = nullptr);

}  // namespace spencer
