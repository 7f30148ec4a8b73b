// How answers are written: for people, and as JSON lines.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <unordered_set>
#include <vector>

#include "spencer/search/searcher.h"

namespace spencer {

struct TextStyle {
  bool color = false;
  int width = 0;                          ///< columns to cut lines at; 0 = do not
  std::filesystem::path shown_prefix;     ///< put before the paths of the index
  std::unordered_set<std::string> stems;  ///< words to mark in the code, see query_stems
};

void write_text(std::ostream& out, const std::vector<Hit>& hits, const TextStyle& style);
/// One object a line; docs/command-line.md describes the fields.
void write_json_lines(std::ostream& out, const std::vector<Hit>& hits);

}  // namespace spencer
