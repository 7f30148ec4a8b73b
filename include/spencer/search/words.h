// Text and identifiers cut into comparable words: camelCase and snake_case parts, lightly stemmed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace spencer {

/// A word, and where it stands in its text.
struct Word {
  std::string stem;  ///< lower case, common English endings off: "parsers" and "parsing" -> "pars"
  std::size_t offset = 0;  ///< byte offset in the text
  std::size_t length = 0;  ///< in bytes
};

/// The words of a text, in order. "parseHTTPResponse_v2" gives parse, HTTP, Response, v, 2. Bytes
/// above ASCII count as letters.
std::vector<Word> split_words(std::string_view text);

/// The stems worth matching in a query: no stop words and no single letters, unless there is
/// nothing else.
std::unordered_set<std::string> query_stems(std::string_view query);

}  // namespace spencer
