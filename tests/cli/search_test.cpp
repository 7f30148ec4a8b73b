// `spencer index` and `spencer search` end to end, with the real model.
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/tree.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Search, FindsCodeByWhatItDoes) {
  const Tree tree;
  tree.index();
  EXPECT_EQ(tree.names({"wait longer after each failed request", "-k", "1"}),
            std::vector<std::string>{"Client.fetch_with_retry"});
  EXPECT_EQ(tree.names({"drop the least recently used entry", "-k", "1"}),
            std::vector<std::string>{"Cache.Evict"});
  EXPECT_EQ(tree.names({"is this an e-mail address", "-k", "1"}),
            std::vector<std::string>{"validateEmail"});
  // What lies outside of functions is found too.
  EXPECT_EQ(tree.names({"who to ask about the printer", "-k", "1"}),
            std::vector<std::string>{"notes"});
  EXPECT_THAT(tree.names({"a secret", "-k", "50"}), Not(Contains("secret")));
}

TEST(Search, JsonLinesHaveTheFieldsOfTheContract) {
  const Tree tree;
  tree.index();
  const RunResult result = tree.search({"parse a date", "-k", "2", "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  const auto hits = json_lines(result.out);
  ASSERT_THAT(hits, SizeIs(2));
  std::vector<std::string> keys;
  // In the order they are written; json_lines() sorts them.
  const auto first = nlohmann::ordered_json::parse(result.out.substr(0, result.out.find('\n')));
  for (const auto& [key, value] : first.items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("rank", "score", "recall_score", "rerank_score", "path",
                                "start_line", "end_line", "name", "kind", "language", "code"));
  const auto& best = hits[0];
  EXPECT_EQ(best["rank"], 1);
  EXPECT_EQ(hits[1]["rank"], 2);
  EXPECT_GE(best["score"], hits[1]["score"]);
  EXPECT_EQ(best["score"], best["recall_score"]);
  EXPECT_TRUE(best["rerank_score"].is_null());
  EXPECT_EQ(best["path"], "net/client.py");
  EXPECT_EQ(best["name"], "parse_iso_date");
  EXPECT_EQ(best["kind"], "function");
  EXPECT_EQ(best["language"], "python");
  EXPECT_EQ(best["start_line"], 21);
  EXPECT_EQ(best["end_line"], 24);
  EXPECT_THAT(best["code"].get<std::string>(), HasSubstr("text.split"));
}

TEST(Search, FiltersActBeforeTheTopKIsTaken) {
  const Tree tree;
  tree.index();
  const std::string query = "wait longer after each failed request";
  EXPECT_EQ(tree.names({query, "-k", "1", "--lang", "go"}),
            tree.names({query, "-k", "1", "cache"}));
  EXPECT_THAT(tree.names({query, "-k", "1", "--kind", "window"}), SizeIs(1));
  EXPECT_THAT(tree.names({query, "--lang", "go,javascript"}),
              testing::UnorderedElementsAre("Cache.Evict", "CountWords", "validateEmail",
                                            "renderTable", testing::_));
  EXPECT_THAT(tree.names({query, "-k", "1", "--path", "web/*.js"}),
              testing::AnyOf(ElementsAre("validateEmail"), ElementsAre("renderTable")));
  EXPECT_THAT(tree.names({query, "web", "--path", "*.js"}), Contains("renderTable"));
  EXPECT_THAT(tree.names({query, "web", "--path", "*.py"}), IsEmpty());
  EXPECT_THAT(tree.names({query, "--lang", "rust"}), IsEmpty());
  tree.write("options.toml",
             "[search]\nk = 2\nlang = [\"go\"]\nkind = [\"function\", \"method\"]\n");
  EXPECT_THAT(tree.names({query, "--config", "options.toml"}),
              testing::UnorderedElementsAre("Cache.Evict", "CountWords"));
  const RunResult slip = tree.search({query, "--lang", "pyhton"});
  EXPECT_EQ(slip.code, 2);
  EXPECT_THAT(slip.err, HasSubstr("did you mean 'python'?"));
  EXPECT_THAT(tree.search({query, "--kind", "funktion"}).err, HasSubstr("'function'"));
  const RunResult nothing = tree.search({query, "--path", "*.rs"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_EQ(nothing.out, "");
  EXPECT_THAT(nothing.err, HasSubstr("nothing was found"));
}

TEST(Search, CodeAsTheQueryFromAFileAndFromStandardInput) {
  const Tree tree;
  tree.index();
  const std::string code =
      "int count_words(const char *text, struct map *counts) {\n"
      "  for (char *word = next(text); word; word = next(word)) map_add(counts, word, 1);\n}\n";
  tree.write("query.c", code);
  const std::vector<std::string> by_file = tree.names({"--code", "query.c", "-k", "3"});
  EXPECT_EQ(by_file.at(0), "CountWords");
  RunSetup setup = tree.here();
  setup.input = code;
  const RunResult piped = run_spencer({"search", "--code", "-", "-k", "3", "--json"}, setup);
  ASSERT_EQ(piped.code, 0) << piped.err;
  EXPECT_EQ(json_lines(piped.out).at(0).at("name"), "CountWords");
  setup.input = " \n";
  EXPECT_EQ(run_spencer({"search", "--code", "-"}, setup).code, 2);
}

/// A tree whose functions have twins in other languages.
class TwinTree : public Tree {
 public:
  TwinTree() {
    write("python/twins.py", R"(def binary_search(items, wanted):
    low, high = 0, len(items) - 1
    while low <= high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return middle
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1


def flatten(nested):
    result = []
    for element in nested:
        if isinstance(element, list):
            result.extend(flatten(element))
        else:
            result.append(element)
    return result


def debounce(callback, delay):
    timer = None
    def wrapped(*arguments):
        nonlocal timer
        if timer is not None:
            timer.cancel()
        timer = threading.Timer(delay, callback, arguments)
        timer.start()
    return wrapped
)");
    write("web/twins.js", R"(function locate(list, target) {
  let left = 0, right = list.length - 1;
  while (left <= right) {
    const mid = Math.floor((left + right) / 2);
    if (list[mid] === target) return mid;
    if (list[mid] < target) left = mid + 1;
    else right = mid - 1;
  }
  return -1;
}

function flattenDeep(array) {
  return array.reduce(
    (all, item) => (Array.isArray(item) ? all.concat(flattenDeep(item)) : all.concat(item)), []);
}

function waitUntilQuiet(fn, milliseconds) {
  let handle;
  return (...args) => {
    clearTimeout(handle);
    handle = setTimeout(() => fn(...args), milliseconds);
  };
}
)");
    index();
  }
};

TEST(Search, CodeFindsItsTwinInAnotherLanguage) {
  const TwinTree tree;
  const auto first = [&](const char* line, const char* language) {
    return tree.names({"--like", line, "--lang", language, "-k", "1"}).at(0);
  };
  EXPECT_EQ(first("python/twins.py:1", "javascript"), "locate");
  EXPECT_EQ(first("python/twins.py:14", "javascript"), "flattenDeep");
  EXPECT_EQ(first("python/twins.py:24", "javascript"), "waitUntilQuiet");
  EXPECT_EQ(first("web/twins.js:1", "python"), "binary_search");
  tree.write("query.txt", R"(def position_of(value, numbers):
    start, end = 0, len(numbers) - 1
    while start <= end:
        half = (start + end) // 2
        if numbers[half] == value:
            return half
        start, end = (half + 1, end) if numbers[half] < value else (start, half - 1)
    return -1
)");
  EXPECT_EQ(tree.names({"--code", "query.txt", "--lang", "javascript", "-k", "1"}),
            std::vector<std::string>{"locate"});
}

// The prefixes of a model decide its vectors, so an index made without them is another model's.
TEST(Search, AnIndexMadeWithOtherPrefixesIsRefused) {
  const FreshFolder folder;
  std::filesystem::copy(minilm(), folder.path() / "model", fs::copy_options::recursive);
  folder.write("src/a.py", "def add(a, b):\n    return a + b\n");
  RunSetup here;
  here.folder = folder.path();
  ASSERT_EQ(run_spencer({"index", "src", "--model", "model"}, here).code, 0);
  ASSERT_EQ(run_spencer({"search", "add numbers", "src"}, here).code, 0);
  folder.write("model/config_sentence_transformers.json",
               R"({"prompts": {"query": "query: ", "document": "code: "}})");
  const RunResult refused = run_spencer({"search", "add numbers", "src"}, here);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("has changed since"));
  ASSERT_EQ(run_spencer({"index", "src", "--model", "model"}, here).code, 0);
  EXPECT_EQ(run_spencer({"search", "add numbers", "src"}, here).code, 0);
}

TEST(Search, MoreLikeThisNeedsNoLibtorch) {
  const Tree tree;
  tree.index();
  const RunResult result =
      run_spencer({"search", "--like", "net/client.py:8", "--json"}, without_libtorch(tree.here()));
  ASSERT_EQ(result.code, 0) << result.err;
  std::vector<std::string> names;
  for (const auto& hit : json_lines(result.out)) names.push_back(hit.at("name"));
  EXPECT_THAT(names, Contains("parse_iso_date"));
  EXPECT_THAT(names, Not(Contains("Client.fetch_with_retry")));
  // The place is read from where one stands.
  RunSetup below = tree.here();
  below.folder = tree.path() / "net";
  EXPECT_EQ(run_spencer({"search", "--like", "client.py:8", "--json"}, below).out, result.out);
  const RunResult nowhere = tree.search({"--like", "net/client.py:4000"});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("net/client.py:4000"));
}

TEST(Search, TextAnswersShowPlaceNameScoreAndLines) {
  const Tree tree;
  tree.index();
  const RunResult result = tree.search({"wait longer after each failed request", "-k", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("net/client.py:5  Client.fetch_with_retry  (method)  0."));
  EXPECT_THAT(result.out, HasSubstr(" 5      def fetch_with_retry(self, url, attempts=5):"));
  EXPECT_THAT(result.out, HasSubstr("longer after every failure"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
  // Below the root, and from elsewhere, the path still leads there.
  RunSetup below = tree.here();
  below.folder = tree.path() / "net";
  EXPECT_THAT(run_spencer({"search", "wait longer", "-k", "1"}, below).out,
              HasSubstr("client.py:5  "));
  below.folder = "/";
  EXPECT_THAT(run_spencer({"search", "wait longer", tree.path().string(), "-k", "1"}, below).out,
              HasSubstr("net/client.py:5  "));
}

TEST(Search, ATerminalGetsColoursUnlessItWantsNone) {
  const Tree tree;
  tree.index();
  const std::vector<std::string> arguments = {"search", "wait longer", "-k", "1"};
  RunSetup setup = tree.here();
  setup.environment["TERM"] = "xterm-256color";
  setup.environment["NO_COLOR"] = std::nullopt;
  const RunResult coloured = run_on_terminal(arguments, setup);
  EXPECT_EQ(coloured.code, 0);
  EXPECT_THAT(coloured.out, HasSubstr("\x1b[34mdef\x1b[0m"));  // a keyword
  EXPECT_THAT(coloured.out, HasSubstr("\x1b[1;4m"));           // a word of the query
  setup.environment["NO_COLOR"] = "1";
  EXPECT_THAT(run_on_terminal(arguments, setup).out, Not(HasSubstr("\x1b")));
  std::vector<std::string> always = arguments;
  always.insert(always.end(), {"--color", "always"});
  EXPECT_THAT(run_spencer(always, setup).out, HasSubstr("\x1b["));
}

TEST(Search, NamesAndCodeCannotDriveTheTerminal) {
  const FreshFolder folder;
  folder.write("evil\x1b]0;owned\x07.py",
               "def wipe():\n    '''clear the screen'''\n    print('\x1b[2J\x9b' 'x')\n");
  RunSetup here;
  here.folder = folder.path();
  ASSERT_EQ(run_spencer({"index", "--model", minilm().string()}, here).code, 0);
  const RunResult text = run_spencer({"search", "clear the screen"}, here);
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("evil\\x1b]0;owned\\x07.py"));
  const std::string lines = run_spencer({"search", "clear the screen", "--json"}, here).out;
  const std::string plan = run_spencer({"index", "--dry-run"}, here).out;
  for (const std::string& output : {text.out, lines, plan}) {
    EXPECT_FALSE(output.empty());
    EXPECT_THAT(output, Not(HasSubstr("\x1b")));
    EXPECT_THAT(output, Not(HasSubstr("\x07")));
  }
  EXPECT_EQ(json_lines(lines).at(0).at("path"), "evil\x1b]0;owned\x07.py");
}

}  // namespace
}  // namespace spencer
