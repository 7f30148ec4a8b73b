// The functions found in real files, against other programs' views of the same files.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/source/extract.h"
#include "spencer/source/language.h"
#include "spencer/source/walk.h"

#include "source/fixtures.h"

namespace spencer {
namespace {

using testing::sources;

nlohmann::json read_json(const std::string& name) {
  std::ifstream file(std::string(SPENCER_TEST_DATA) + "/source/" + name);
  return nlohmann::json::parse(file);
}

struct Function {
  CodeRecord first;  ///< its first part
  std::int32_t end_line = 0;
};

bool is_function(const CodeRecord& record) {
  static const std::set<std::string> kinds = {"function", "method", "constructor", "destructor"};
  return kinds.contains(record.kind);
}

std::vector<CodeRecord> records_of(const std::string& name) {
  LoadedSource loaded = load_source(sources(), name);
  EXPECT_FALSE(loaded.skipped) << name << ": " << to_string(loaded.reason);
  ExtractOptions options;
  options.max_parse_seconds = 3600;  // a slow machine, too, must not give up
  return extract(name, loaded.text, loaded.language, options);
}

std::vector<Function> functions_of(const std::vector<CodeRecord>& records) {
  std::vector<Function> functions;
  for (const CodeRecord& record : records) {
    if (is_function(record) && record.part == 0) functions.push_back({record, record.end_line});
  }
  for (Function& function : functions) {
    for (const CodeRecord& record : records) {
      const bool same = record.name == function.first.name && record.parts > 1 &&
                        record.signature == function.first.signature &&
                        record.parts == function.first.parts &&
                        record.start_line > function.first.start_line;
      if (same && record.part + 1 == record.parts) {
        function.end_line = record.end_line;
        break;
      }
    }
  }
  return functions;
}

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

std::string owner(const std::string& name) {
  const auto dot = name.rfind('.');
  return dot == std::string::npos ? "" : last_part(name.substr(0, dot));
}

std::set<std::string> explained(const nlohmann::json& differences, const std::string& file,
                                const char* side) {
  std::set<std::string> names;
  const auto of_file = differences.value(file, nlohmann::json::object());
  const auto of_side = of_file.value(side, nlohmann::json::object());
  for (const auto& [reason, list] : of_side.items()) {
    for (const auto& name : list) names.insert(name);
  }
  return names;
}

/// The lines between a last part and a function's end hold no word: they are not recorded.
bool only_marks_between(const std::string& file, int after, int until) {
  std::ifstream in(sources() / file);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (number <= after || number > until) continue;
    if (std::any_of(line.begin(), line.end(), [](unsigned char c) { return std::isalnum(c); })) {
      return false;
    }
  }
  return true;
}

class Outline : public ::testing::TestWithParam<std::string> {};

TEST_P(Outline, AgreesWithAnotherParser) {
  const std::string& file = GetParam();
  static const nlohmann::json golden = read_json("outline.json");
  static const nlohmann::json differences = read_json("outline_differences.json");
  const auto records = records_of(file);
  std::vector<Function> ours = functions_of(records);
  std::vector<bool> seen(ours.size(), false);
  std::set<std::string> theirs_only;
  for (const auto& entry : golden.at(file)) {
    const std::string name = entry[0];
    const int line = entry[1];
    std::size_t best = ours.size();  // the one that starts nearest
    for (std::size_t i = 0; i < ours.size(); ++i) {
      // A name such as "[Symbol.iterator]" has a dot of its own.
      const bool fits = !seen[i] && ours[i].first.name.ends_with(name) &&
                        ours[i].first.start_line <= line && ours[i].end_line >= line;
      if (fits && (best == ours.size() || ours[i].first.start_line > ours[best].first.start_line)) {
        best = i;
      }
    }
    if (best == ours.size()) {
      theirs_only.insert(name + "@" + std::to_string(line));
      continue;
    }
    seen[best] = true;
    const CodeRecord& record = ours[best].first;
    if (!entry[2].is_null() && entry[2] != ours[best].end_line) {
      EXPECT_TRUE(only_marks_between(file, ours[best].end_line, entry[2]) ||
                  std::any_of(records.begin(), records.end(),
                              [&](const CodeRecord& inner) {
                                return inner.name.starts_with(record.name + ".") &&
                                       only_marks_between(file, inner.end_line, entry[2]);
                              }))
          << record.name << " ends at " << ours[best].end_line << ", not " << entry[2];
    }
    const bool symbol = name.starts_with('[');
    if (!entry[3].is_null() && !symbol && owner(record.name) != entry[3]) {
      // An assignment's own target stands between: `promise.cancel = function`.
      EXPECT_NE(record.name.find(entry[3].get<std::string>() + "."), std::string::npos)
          << record.name << " is within " << entry[3];
    }
    if (entry.size() > 4) {
      EXPECT_EQ(record.docstring.substr(0, record.docstring.find('\n')), entry[4]) << record.name;
    }
  }
  EXPECT_EQ(theirs_only, explained(differences, file, "theirs"));
  std::set<std::string> ours_only;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (seen[i]) continue;
    ours_only.insert(ours[i].first.name + "@" + std::to_string(ours[i].first.start_line));
  }
  EXPECT_EQ(ours_only, explained(differences, file, "ours"));
}

std::vector<std::string> golden_files() {
  std::vector<std::string> files;
  const nlohmann::json golden = read_json("outline.json");
  for (const auto& [file, entries] : golden.items()) files.push_back(file);
  if (files.size() < 40) throw std::runtime_error("outline.json is not complete");
  return files;
}

INSTANTIATE_TEST_SUITE_P(RealFiles, Outline, ::testing::ValuesIn(golden_files()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

/// Read in the files by eye: name, kind, first and last line, first line of the documentation.
struct Known {
  const char* file;
  const char* name;
  const char* kind;
  int start_line;
  int end_line;
  const char* doc;
};

void PrintTo(const Known& known, std::ostream* out) { *out << known.file << ' ' << known.name; }

class KnownRecord : public ::testing::TestWithParam<Known> {};

TEST_P(KnownRecord, IsThere) {
  const Known& known = GetParam();
  const auto records = records_of(known.file);
  const auto found = std::find_if(records.begin(), records.end(), [&](const CodeRecord& record) {
    return record.name == known.name && record.start_line == known.start_line;
  });
  ASSERT_NE(found, records.end());
  EXPECT_EQ(found->kind, known.kind);
  EXPECT_EQ(found->end_line, known.end_line);
  EXPECT_EQ(found->docstring.substr(0, found->docstring.find('\n')), known.doc);
}

constexpr Known kKnown[] = {
    {"itsdangerous/signer.py", "SigningAlgorithm", "class", 16, 19,
     "Subclasses must implement :meth:`get_signature` to provide"},
    {"itsdangerous/signer.py", "SigningAlgorithm.get_signature", "method", 21, 23,
     "Returns the signature for the given key and value."},
    {"itsdangerous/signer.py", "HMACAlgorithm.__init__", "constructor", 49, 53, ""},
    {"itsdangerous/signer.py", "_make_keys_list", "function", 60, 64, ""},
    {"jep/src/main/java/jep/NDArray.java", "NDArray.NDArray", "constructor", 55, 63,
     "Constructor for a Java NDArray. Presumes the data is one dimensional."},
    {"jep/src/main/java/jep/NDArray.java", "NDArray.getLength", "method", 124, 127, ""},
    {"jep/src/main/java/jep/ClassList.java", "ClassList.stripClassExt", "method", 244, 248,
     "don't pass me nulls."},
    {"lru-cache/index.js", "isPosInt", "function", 98, 98, ""},
    {"lru-cache/index.js", "LRUCache.peek", "method", 708, 716,
     "like get(), but without any LRU updating or TTL expiration"},
    {"lru-cache/index.js", "LRUCache.[Symbol.iterator]", "method", 500, 502, ""},
    {"eventemitter2/lib/eventemitter2.js", "Listener.off", "method", 732, 735, ""},
    {"lab-git/src/utils.ts", "extractFilename", "function", 6, 13, "Get the filename from a path"},
    {"lab-git/src/taskhandler.ts", "TaskHandler.isDisposed", "method", 14, 19,
     "Boolean indicating whether the handler has been disposed."},
    {"lab-git/src/components/GitStash.tsx", "IGitStashProps", "interface", 31, 65, ""},
    {"lab-git/src/components/CommitBox.tsx", "CommitBox._handleToggle", "method", 334, 339,
     "Toggle state of the commit variant menu visibility"},
    {"errors/errors.go", "New", "function", 100, 107,
     "New returns an error with the supplied message."},
    {"errors/errors.go", "withStack", "struct", 155, 158, ""},
    {"errors/errors.go", "withStack.Unwrap", "method", 162, 163,
     "Unwrap provides compatibility for Go 1.13 error chains."},
    {"errors/stack.go", "Frame", "type", 12, 15,
     "Frame represents a program counter inside a stack frame."},
    {"parsedown/Parsedown.php", "Parsedown.text", "method", 24, 45, ""},
    {"psr-log/LoggerTrait.php", "LoggerTrait", "trait", 5, 14,
     "This is a simple Logger trait that classes unable to extend AbstractLogger"},
    {"psr-log/LoggerTrait.php", "LoggerTrait.emergency", "method", 15, 26, "System is unusable."},
    {"slop/lib/slop/option.rb", "Slop.Option.reset", "method", 38, 43,
     "Reset the option count and value. Used when calling .reset"},
    {"slop/lib/slop/parser.rb", "Slop.Parser.initialize", "constructor", 13, 17, ""},
    {"jep/src/main/c/Objects/pyjlist.c", "pyjlist_new_copy", "function", 39, 69,
     "Convenience method to copy a list's items into a new java.util.List of the"},
    {"fasttext/src/dictionary.cc", "fasttext.Dictionary.hash", "method", 155, 170,
     "The correct implementation of fnv should be:"},
    {"fasttext/src/dictionary.cc", "fasttext.Dictionary.Dictionary", "constructor", 26, 33, ""},
    {"fasttext/src/dictionary.h", "fasttext.entry", "struct", 28, 33, ""},
    {"fasttext/src/fasttext.h", "fasttext.FastText.getInputVector", "method", 96, 99, ""},
    {"semver/src/identifier.rs", "Identifier.eq", "method", 245, 255, ""},
    {"semver/src/identifier.rs", "ptr_as_str", "function", 386, 396,
     "SAFETY: repr must be in the heap allocated representation, with varint header"},
    {"semver/src/error.rs", "QuotedChar", "struct", 111, 111, ""},
    {"pythonnet/src/runtime/pyint.cs", "PyInt.PyInt", "constructor", 58, 69, "PyInt Constructor"},
    {"pythonnet/src/runtime/pyscope.cs", "PyScope.~PyScope", "destructor", 549, 557, ""},
    {"pythonnet/src/runtime/finalizer.cs", "Finalizer.IncorrectRefCountException.Message",
     "property", 52, 52, ""},
};
INSTANTIATE_TEST_SUITE_P(ByEye, KnownRecord, ::testing::ValuesIn(kKnown));

}  // namespace
}  // namespace spencer
