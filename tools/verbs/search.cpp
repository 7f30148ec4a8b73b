#include "verbs/search.h"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <ostream>
#include <utility>

#include <unistd.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/search/words.h"

#include "exit_code.h"
#include "option_kinds.h"
#include "verbs/search_output.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSearchExamples = R"(
Exit code: 0 if something was found, 1 if nothing was, 2 after an error.

Examples:
  spencer search "retry a request with exponential backoff"
  spencer search "parse a date" src --lang python --kind function -k 5
  spencer search --like src/client.py:120
  git show HEAD:src/lru.c | spencer search --code - --json
)";

struct Place {
  std::string path;
  std::int32_t line = 0;
};

/// PATH:LINE taken apart. @throws Error{invalid_argument}
Place split_place(const std::string& place) {
  const std::size_t colon = place.rfind(':');
  std::int32_t line = 0;
  if (colon != std::string::npos && colon > 0) {
    const char* end = place.data() + place.size();
    const auto [stop, problem] = std::from_chars(place.data() + colon + 1, end, line);
    if (problem == std::errc() && stop == end && line > 0) return {place.substr(0, colon), line};
  }
  throw Error(ErrorKind::invalid_argument,
              "--like " + place + ": give a file and a line, for example src/client.py:120");
}

/// `path` as the index of `root` names it; a path that is not below `root` stays as it is.
std::string path_in_index(const fs::path& path, const fs::path& root) {
  if (root.empty()) return path.lexically_normal().generic_string();
  const fs::path full = fs::weakly_canonical(path);
  const auto [rest, from] = std::mismatch(root.begin(), root.end(), full.begin(), full.end());
  if (rest != root.end()) return path.lexically_normal().generic_string();
  fs::path inside;
  for (auto part = from; part != full.end(); ++part) inside /= *part;
  return inside.generic_string();
}

std::string escape_glob(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("*?[]\\!#").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// The globs of --path count from PATH; without one, PATH itself is the restriction.
std::vector<std::string> globs_below(const std::string& folder, std::vector<std::string> globs) {
  if (folder.empty() || folder == ".") return globs;
  const std::string prefix = "/" + escape_glob(folder);
  if (globs.empty()) return {prefix, prefix + "/**"};
  for (std::string& glob : globs) {
    const std::size_t slash = glob.find('/');
    const bool anchored = slash != std::string::npos && slash + 1 < glob.size();
    glob = prefix + (anchored ? "/" : "/**/") + glob.substr(glob.starts_with('/') ? 1 : 0);
  }
  return globs;
}

/// What goes before the index's paths so that they can be opened from the current folder.
fs::path prefix_for_people(const fs::path& root) {
  const fs::path here = fs::current_path();
  const auto holds = [](const fs::path& outer, const fs::path& inner) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first ==
           outer.end();
  };
  if (!holds(here, root) && !holds(root, here)) return root;
  const fs::path relative = root.lexically_relative(here);
  return relative == "." ? fs::path() : relative;
}

std::string read_code(const std::string& from) {
  if (from != "-") return read_file(from);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

/// What was asked for, and where.
struct Request {
  Query query;
  fs::path start = ".";
  fs::path root;  ///< of the indexed tree; empty where --index leaves it open
  fs::path index;
};

Request resolve(const SearchArgs& args) {
  args.options.validate();
  const Place like = args.like.empty() ? Place() : split_place(args.like);
  Request request;
  std::vector<std::string> words = args.words;
  const bool by_example = !args.code.empty() || !args.like.empty();
  if (!by_example) {
    if (words.empty()) {
      throw Error(ErrorKind::invalid_argument,
                  "there is no query; say what the code should do: spencer search 'parse a date'");
    }
    request.query = Query::words(words.front());
    request.query.validate();
    words.erase(words.begin());
  }
  if (words.size() > 1 || (words.size() == 1 && !by_example && !fs::exists(words.front()))) {
    throw Error(ErrorKind::invalid_argument,
                "there is no file or folder '" + words.front() +
                    "'; a query of several words stands in quotes, and one PATH may follow it");
  }
  if (!words.empty()) request.start = words.front();
  if (args.index.empty()) {
    request.index = find_index(request.start);
    request.root = request.index.parent_path();
  } else {
    request.index = args.index;
    if (args.index.filename() == ".spencer")
      request.root = fs::weakly_canonical(args.index).parent_path();
  }
  if (!args.code.empty()) request.query = Query::code(read_code(args.code));
  if (!args.like.empty()) {
    request.query = Query::like(path_in_index(like.path, request.root), like.line);
  }
  return request;
}

}  // namespace

void add_search(CLI::App& app, SearchArgs& args) {
  app.description("Find code by what it does: in words, by a piece of code, or by an example");
  app.footer(kSearchExamples);
  app.add_option("query", args.words,
                 "What the code should do, and then the tree to search (by default the current "
                 "folder's; with --code or --like only the tree)")
      ->type_name("QUERY [PATH]");
  CLI::Option* code = app.add_option("--code", args.code,
                                     "Search for code like this file's; -: "
                                     "standard input")
                          ->type_name("FILE|-");
  app.add_option("--like", args.like, "Search for more like the function at this line")
      ->type_name("PATH:LINE")
      ->excludes(code);
  app.add_option("-k", args.options.top_k, "Answers wanted")->type_name("N")->capture_default_str();
  RecordFilter& filter = args.options.filter;
  app.add_option("--lang", filter.languages, "Only these languages: python, go, c++, ...")
      ->type_name("NAME")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--path", filter.path_globs,
                 "Only these files; as in .gitignore, counted from PATH: 'src/**/*.py'")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--kind", filter.kinds, "Only these kinds: function, method, window, ...")
      ->type_name("NAME")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_index_folder(app, args.index);
  add_model(app, args.options.model, "The model folder; by default where the index says it is");
  app.add_option("--reranker", args.options.reranker,
                 "A cross-encoder that re-orders the first answers to a query in words; by default "
                 "the model folder's own, where it has one")
      ->type_name("DIR")
      ->group("Model and device");
  app.add_option("--rerank", args.options.rerank_k,
                 "Answers the reranker reads; 5 where there is one, 0: none")
      ->type_name("N")
      ->group("Model and device");
  add_recall_weight(app, args.options.recall_weight);
  add_engine(app, args.options.engine);
  add_query_length(app, args.options.lengths.query);
  add_code_length(app, args.options.lengths.code);
  add_output(app, args.output);
}

int run_search(SearchArgs args, std::ostream& out, const StopFlag& stop) {
  const Request request = resolve(args);
  args.options.needs_model = request.query.kind != Query::Kind::like;
  if (args.words.size() > (args.code.empty() && args.like.empty() ? 1u : 0u)) {
    args.options.filter.path_globs =
        globs_below(path_in_index(request.start, request.root), args.options.filter.path_globs);
  }
  Searcher searcher(request.index, args.options);
  const std::vector<Hit> hits = searcher.search(request.query);
  stop.check();
  if (args.output.json) {
    write_json_lines(out, hits);
  } else {
    TextStyle style;
    style.color = use_color(args.output.color, STDOUT_FILENO);
    style.width = terminal_width(STDOUT_FILENO);
    if (!request.root.empty()) style.shown_prefix = prefix_for_people(request.root);
    style.stems = query_stems(request.query.text);
    write_text(out, hits, style);
  }
  if (hits.empty() && !args.output.quiet) std::cerr << "spencer: nothing was found\n";
  return hits.empty() ? exit_code::nothing_found : exit_code::ok;
}

}  // namespace spencer
