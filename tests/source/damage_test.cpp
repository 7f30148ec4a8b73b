// Broken, hostile and mutated files: records still hold what they promise. What hangs runs into
// ctest's limit.
#include <random>

#include <gtest/gtest.h>

#include "spencer/base/text.h"
#include "spencer/source/extract.h"
#include "spencer/source/language.h"
#include "spencer/source/walk.h"

#include "source/cut.h"
#include "source/fixtures.h"

namespace spencer {
namespace {

const std::vector<std::string>& grammars() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const auto& name : language_names()) {
      if (has_grammar(name)) result.push_back(name);
    }
    return result;
  }();
  return names;
}

void expect_sound(const std::string& text, const std::string& language) {
  const Lines lines(text);
  std::vector<bool> covered(lines.count(), false);
  for (const CodeRecord& record : extract("file.x", text, language)) {
    ASSERT_GE(record.start_line, 1);
    ASSERT_LE(record.start_line, record.end_line);
    ASSERT_LE(record.end_line, static_cast<int>(lines.count()));
    ASSERT_FALSE(record.code.empty());
    ASSERT_LE(text_length(record.code), 904);
    ASSERT_TRUE(is_valid_utf8(record.code)) << record.code;
    for (int i = record.start_line; i <= record.end_line; ++i) {
      covered[static_cast<std::size_t>(i) - 1] = true;
    }
  }
  for (std::uint32_t row = 0; row < lines.count(); ++row) {
    ASSERT_TRUE(covered[row] || lines.is_trivial(row)) << language << " line " << row + 1;
  }
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

class Damage : public ::testing::TestWithParam<std::string> {};

TEST_P(Damage, OddTexts) {
  const std::string& language = GetParam();
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("\n\n\n"), std::string("x"),
        std::string("   \t\r\n  "), std::string("\0\0\0", 3), std::string("a\0b\nc\0d\n", 8),
        std::string("\r\r\r"), std::string("def f():\r\n    return 1\r\n"),
        std::string("def f(): return 1"), std::string("int f() { return 1; }"),
        std::string("\xEF\xBB\xBF"
                    "class A {}"),
        std::string("\"\"\""), std::string("/*"), std::string("`${`${`"), std::string("<<<EOF"),
        std::string("R\"abc(")}) {
    expect_sound(text, language);
  }
}

TEST_P(Damage, DeepNestingNeitherOverflowsNorHangs) {
  const std::string& language = GetParam();
  for (const char* piece : {"(", "[", "{", "{(", "f(", "-"}) {
    expect_sound(repeat(piece, 100'000), language);
  }
  for (const char* piece : {"((", "if (x) {", "class A { ", "<", "def f(): ", "!", "a ? ", "=> {",
                            "\"${", "namespace a { "}) {
    expect_sound(repeat(piece, 10'000), language);
  }
  expect_sound(repeat("(", 100'000) + repeat(")", 100'000), language);
  expect_sound(repeat("{", 50'000) + "x" + repeat("}", 50'000), language);
  std::string steps;
  for (std::size_t i = 0; i < 1000; ++i) steps += std::string(i, ' ') + "if x:\n";
  expect_sound(steps, language);
}

TEST_P(Damage, OneLineOfFiveMegabytes) {
  const std::string& language = GetParam();
  expect_sound(repeat("function f(a){return a+1};", 5'000'000 / 26), language);
  expect_sound(repeat("x", 5'000'000), language);
}

INSTANTIATE_TEST_SUITE_P(EveryGrammar, Damage, ::testing::ValuesIn(grammars()),
                         [](const auto& test) {
                           std::string name = test.param == "c++" ? "cpp" : test.param;
                           return name == "c#" ? std::string("csharp") : name;
                         });

TEST(Damage, ALineWithManyFunctionsDoesNotGrow) {
  const std::string text = repeat("function f(){return 1};", 10'000);
  std::size_t bytes = 0;
  for (const auto& record : extract("a.js", text, "javascript")) bytes += record.code.size();
  EXPECT_LT(bytes, 2 * text.size());
}

TEST(Damage, ALowBoundOnTimeGivesWindows) {
  const std::string text = repeat("int f() { return 1; }\n", 2000);
  ExtractOptions options;
  options.max_parse_seconds = 1e-9;
  const auto records = extract("a.c", text, "c", options);
  ASSERT_FALSE(records.empty());
  for (const auto& record : records) EXPECT_EQ(record.kind, "window");
}

/// Real files, cut short, with bytes changed, lines swapped and pieces of others put in.
TEST(Damage, MutatedFiles) {
  std::vector<std::pair<std::string, std::string>> seeds;
  for (const auto& path : testing::source_files()) {
    const auto name = path.lexically_relative(testing::sources()).string();
    LoadedSource loaded = load_source(testing::sources(), name);
    const bool fits = !loaded.skipped && has_grammar(loaded.language);
    if (fits && loaded.text.size() < 20'000) seeds.emplace_back(loaded.text, loaded.language);
  }
  ASSERT_GT(seeds.size(), 100U);
  std::mt19937 random(20240611);
  const auto below = [&](std::size_t bound) { return random() % std::max<std::size_t>(bound, 1); };
  for (int round = 0; round < 600; ++round) {
    auto [text, language] = seeds[below(seeds.size())];
    const std::size_t changes = 1 + below(8);
    for (std::size_t i = 0; i < changes; ++i) {
      const std::size_t at = below(text.size());
      switch (below(6)) {
        case 0: text.resize(at); break;
        case 1: text[at] = static_cast<char>(random()); break;
        case 2: text.erase(at, below(200)); break;
        case 3:
          text.insert(at, std::string(1 + below(50), "(){}[]\"'`<>#/*\n\t:;"[below(18)]));
          break;
        case 4: {
          const auto& other = seeds[below(seeds.size())].first;
          text.insert(at, other.substr(below(other.size()), below(400)));
          break;
        }
        default: text.insert(at, text.substr(below(text.size()), below(300)));
      }
      if (text.empty()) break;
    }
    SCOPED_TRACE("round " + std::to_string(round));
    expect_sound(to_valid_utf8(text), language);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace spencer
