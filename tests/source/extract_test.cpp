// Windows, parts, coverage and names, on small texts and on every real file.
#include "spencer/source/extract.h"

#include <algorithm>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spencer/base/error.h"
#include "spencer/base/text.h"
#include "spencer/source/language.h"
#include "spencer/source/walk.h"

#include "source/cut.h"
#include "source/fixtures.h"

namespace spencer {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(const std::vector<CodeRecord>& records, bool windows = false) {
  std::vector<std::string> result;
  for (const auto& record : records) {
    if (windows || record.kind != "window") result.push_back(record.kind + " " + record.name);
  }
  return result;
}

/// What must hold for any text: lines in order and in range, code as in the file, every line with
/// a word within a record.
void check_records(const std::string& path, const std::string& text, const std::string& language,
                   const ExtractOptions& options = {}) {
  SCOPED_TRACE(path);
  const Lines lines(text);
  std::vector<bool> covered(lines.count(), false);
  int last_start = 0;
  for (const CodeRecord& record : extract(path, text, language, options)) {
    ASSERT_GE(record.start_line, std::max(1, last_start));
    ASSERT_LE(record.start_line, record.end_line);
    ASSERT_LE(record.end_line, static_cast<int>(lines.count()));
    last_start = record.start_line;
    ASSERT_FALSE(record.code.empty());
    ASSERT_FALSE(record.name.empty());
    ASSERT_LT(record.part, record.parts);
    ASSERT_LE(text_length(record.code), options.max_length + 4) << record.name;
    const auto row = static_cast<std::uint32_t>(record.start_line) - 1;
    const auto last = static_cast<std::uint32_t>(record.end_line) - 1;
    const auto at = text.find(record.code, lines.begin(row));
    ASSERT_NE(at, std::string::npos);
    ASSERT_LE(at + record.code.size(), lines.end(last)) << record.name;
    ASSERT_TRUE(is_valid_utf8(record.code));
    ASSERT_TRUE(is_valid_utf8(record.docstring));
    ASSERT_TRUE(is_valid_utf8(record.signature));
    for (auto i = row; i <= last; ++i) covered[i] = true;
  }
  for (std::uint32_t row = 0; row < lines.count(); ++row) {
    ASSERT_TRUE(covered[row] || lines.is_trivial(row))
        << "line " << row + 1 << ": " << lines.line(row);
  }
}

TEST(Extract, EveryLineOfEveryRealFileIsCovered) {
  std::map<std::string, int> files;
  for (const auto& path : testing::source_files()) {
    const auto loaded =
        load_source(testing::sources(), path.lexically_relative(testing::sources()).string());
    if (loaded.skipped) continue;
    ++files[loaded.language];
    check_records(path.string(), loaded.text, loaded.language);
    ExtractOptions small;
    small.max_length = 120;
    small.window_lines = 7;
    small.overlap_lines = 3;
    check_records(path.string(), loaded.text, loaded.language, small);
  }
  for (const auto& language : language_names()) {
    if (has_grammar(language)) {
      EXPECT_GT(files[language], 0) << language;
    }
  }
}

TEST(Extract, PythonNames) {
  const std::string text =
      "import os\n\n# Reads it all.\n@decorate(1)\n@other\nasync def read(path):\n    return "
      "path\n\n"
      "class A(B):\n    '''About A.'''\n    x = 1\n\n    def __init__(self):\n        pass\n\n"
      "    class C:\n        def f(self):\n            '''\n            First.\n\n"
      "              Second.\n            '''\n            def g(): return 1\n\n"
      "square = lambda x: x * x\n";
  const auto records = extract("a/b.py", text, "python");
  EXPECT_THAT(names(records), ElementsAre("function read", "class A", "constructor A.__init__",
                                          "class A.C", "method A.C.f", "function square"));
  EXPECT_EQ(records[1].start_line, 3);
  EXPECT_EQ(records[1].end_line, 7);
  EXPECT_EQ(records[1].docstring, "Reads it all.");
  EXPECT_EQ(records[1].signature, "async def read(path):");
  EXPECT_EQ(records[5].docstring, "First.\n\n  Second.");
}

TEST(Extract, NamesOfOtherLanguages) {
  EXPECT_THAT(names(extract("a.go",
                            "package p\nfunc (s *Set[K, V]) Add(k K) {\n}\n"
                            "var F = func() int { return 1 }\n",
                            "go")),
              ElementsAre("method Set.Add", "function F"));
  EXPECT_THAT(names(extract("a.rs",
                            "impl<'a, T: Fn(u8) -> u8> Show for &'a Foo<T> {\n"
                            "    fn show(&self) {}\n}\nmod m {\n    fn f() {}\n}\n",
                            "rust")),
              ElementsAre("method Foo.show", "function m.f"));
  EXPECT_THAT(
      names(extract("a.cc",
                    "namespace a::b {\ntemplate <class T>\nstruct S {\n  S() {}\n  ~S() {}\n"
                    "  bool operator==(const S&) const { return true; }\n"
                    "  explicit operator bool() const { return true; }\n  int f() = delete;\n"
                    "};\n}\nnamespace {\nvoid g() {}\n}\n"
                    "template <> void a::b::S<int>::h<3>(int) {}\n"
                    "const auto twice = [](int x) { return 2 * x; };\n",
                    "c++")),
      ElementsAre("struct a.b.S", "constructor a.b.S.S", "destructor a.b.S.~S",
                  "method a.b.S.operator==", "method a.b.S.operator bool", "function g",
                  "method a.b.S.h", "function twice"));
  EXPECT_THAT(names(extract("a.rb",
                            "class A::B\n  def self.make; end\n  class << self\n"
                            "    def other; end\n  end\n  def obj.x; end\nend\n",
                            "ruby")),
              ElementsAre("class A.B", "method A.B.make", "method A.B.other", "method A.B.obj.x"));
  EXPECT_THAT(
      names(extract("a.js",
                    "exports.a = () => 1;\nmodule.exports = function () { return 1; };\n"
                    "export default function () { return 2; }\nA.prototype.b = function () {}\n"
                    "const o = { c() {}, d: () => 1, 'e-f': function () {} };\n"
                    "class K {\n static #p = () => 1; async *g() {} }\n"
                    "const L = class {\n m() {} };\n",
                    "javascript")),
      ElementsAre("function a", "function exports", "function default", "method A.b", "method o.c",
                  "function o.d", "function o.e-f", "class K", "method K.#p", "method K.g",
                  "class L", "method L.m"));
  EXPECT_THAT(names(extract("a.ts",
                            "namespace N {\n  export abstract class A<T> {\n"
                            "    abstract f(): void;\n    @dec() g(): T { return x; }\n  }\n}\n"
                            "declare function h(): void;\nenum E { a, b }\n",
                            "typescript")),
              ElementsAre("class N.A", "method N.A.g", "enum E"));
  EXPECT_THAT(names(extract("a.tsx", "const A = (p: P) => <div>{p.x}</div>;\n", "typescript")),
              ElementsAre("function A"));
  EXPECT_THAT(names(extract("a.php",
                            "<html><?php\nnamespace X\\Y;\nclass A {\n"
                            "  function __construct() {}\n  abstract function n();\n}\n"
                            "$f = function ($x) { return $x; };\n",
                            "php")),
              ElementsAre("class A", "constructor A.__construct", "function f"));
  EXPECT_THAT(names(extract("A.java",
                            "record P(int x) {\n P { check(x); } int y() { return x; } }\n"
                            "enum E {\n A { int f() { return 1; } }; abstract int f(); }\n",
                            "java")),
              ElementsAre("record P", "constructor P.P", "method P.y", "enum E", "method E.f"));
  EXPECT_THAT(names(extract("a.cs",
                            "namespace N.M;\nclass A {\n  public int X { get; set; }\n"
                            "  public int Y => 1;\n"
                            "  public static A operator +(A a, A b) => a;\n}\n",
                            "c#")),
              ElementsAre("class A", "property A.Y", "method A.operator +"));
  EXPECT_THAT(names(extract("a.c",
                            "typedef struct { int x; } P;\nstatic char *(*f(void))(int) {\n"
                            "  return 0;\n}\nint g(a) int a; { return a; }\n",
                            "c")),
              ElementsAre("struct P", "function f", "function g"));
}

TEST(Extract, CommentsLoseTheirMarks) {
  const auto doc = [](const char* path, const std::string& text, const char* language) {
    const auto records = extract(path, text, language);
    return records.empty() ? "no record" : records.front().docstring;
  };
  EXPECT_EQ(doc("a.java", "class A {}", "java"), "");
  EXPECT_EQ(
      doc("a.c", "/** Adds.\n *\n *  @param x\n *    first\n **/\nint f(int x) { return x; }", "c"),
      "Adds.\n\n@param x\n  first");
  EXPECT_EQ(doc("a.c", "//////////\n// Adds.  //\n//////////\nint f() { return 1; }", "c"),
            "Adds.  //");
  EXPECT_EQ(doc("a.rs", "/// Adds `a`.\n///\n/// # Panics\n#[inline]\nfn f() {}", "rust"),
            "Adds `a`.\n\n# Panics");
  EXPECT_EQ(doc("a.rb", "=begin\nAdds.\n=end\ndef f\nend\n", "ruby"), "Adds.");
  EXPECT_EQ(
      doc("a.cs", "/// <summary>Adds to <see cref=\"A{T}\"/> if x &lt; 1.</summary>\nvoid f() {}",
          "c#"),
      "Adds to A{T} if x < 1.");
  EXPECT_EQ(doc("a.go", "package p // no\n\n// far\n\nfunc f() {}\n", "go"), "");
}

TEST(Extract, LongFunctionsComeInPartsThatKnowThem) {
  std::string text = "int long_one(int a,\n             int b) {\n";
  for (int i = 0; i < 200; ++i) text += "  a += b * " + std::to_string(i) + ";\n";
  text += "  return a;\n}\n";
  const auto records = extract("a.c", text, "c");
  ASSERT_GT(records.size(), 3U);
  int next = 1;
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].name, "long_one");
    EXPECT_EQ(records[i].kind, "function");
    EXPECT_EQ(records[i].signature, "int long_one(int a, int b)");
    EXPECT_EQ(records[i].part, static_cast<int>(i));
    EXPECT_EQ(records[i].parts, static_cast<int>(records.size()));
    EXPECT_EQ(records[i].start_line, next);
    next = records[i].end_line + 1;
    const auto room = i == 0 ? 900 : 900 - static_cast<int>(records[i].signature.size());
    EXPECT_LE(text_length(records[i].code), room);
  }
  EXPECT_EQ(records.back().end_line, 204);
}

TEST(Extract, NestedFunctionsOfSomeSizeStandAloneToo) {
  const std::string inner =
      "    def inner(x):\n        a = 1\n        b = 2\n        c = 3\n"
      "        return x\n";
  const auto records = extract(
      "a.py", "def outer():\n    def tiny(): return 1\n" + inner + "    return inner\n", "python");
  EXPECT_THAT(names(records), ElementsAre("function outer", "function outer.inner"));
  EXPECT_NE(records[0].code.find("def inner"), std::string::npos);
}

TEST(Extract, WindowsOverlap) {
  std::string text;
  for (int i = 1; i <= 100; ++i)
    text += "key_" + std::to_string(i) + " = " + std::to_string(i) + "\n";
  ExtractOptions options;
  options.max_length = 10'000;
  const auto records = extract("conf/app.toml", text, "toml", options);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].name, "app");
  EXPECT_EQ(records[0].kind, "window");
  EXPECT_EQ(records[0].end_line, 40);
  EXPECT_EQ(records[1].start_line, 33);
  EXPECT_EQ(records[1].end_line, 72);
  EXPECT_EQ(records[2].start_line, 65);
  EXPECT_EQ(records[2].end_line, 100);
}

TEST(Extract, OptionsAreChecked) {
  ExtractOptions options;
  options.overlap_lines = options.window_lines;
  EXPECT_THROW(extract("a.py", "x = 1\n", "python", options), Error);
  options = {};
  options.max_length = 10;
  EXPECT_THROW(extract("a.py", "x = 1\n", "python", options), Error);
}

}  // namespace
}  // namespace spencer
