// `spencer search`: find code by what it does.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "spencer/base/stop.h"
#include "spencer/search/searcher.h"

#include "common_options.h"

namespace spencer {

struct SearchArgs {
  std::vector<std::string> words;  ///< QUERY and PATH, as far as given
  std::string code;                ///< a file, or "-" for standard input; empty: not asked for
  std::string like;                ///< PATH:LINE; empty: not asked for
  std::filesystem::path index;
  SearchOptions options;
  OutputOptions output;
};

void add_search(CLI::App& app, SearchArgs& args);
/// @return the exit code: 0 found, 1 nothing found
int run_search(SearchArgs args, std::ostream& out, const StopFlag& stop);

}  // namespace spencer
