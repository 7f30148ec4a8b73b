// The table of languages: extensions, file names and interpreters.
#include "spencer/source/language.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <unordered_map>

#include "source/grammar.h"

namespace spencer {
namespace {

struct Entry {
  std::string_view key;
  std::string_view language;
};

constexpr Entry kExtensions[] = {
    {"adoc", "asciidoc"},
    {"asm", "assembly"},
    {"awk", "awk"},
    {"bash", "shell"},
    {"bat", "batch"},
    {"bzl", "starlark"},
    {"c", "c"},
    {"c++", "c++"},
    {"cc", "c++"},
    {"cfg", "ini"},
    {"cjs", "javascript"},
    {"clj", "clojure"},
    {"cljs", "clojure"},
    {"cmake", "cmake"},
    {"cmd", "batch"},
    {"coffee", "coffeescript"},
    {"conf", "ini"},
    {"cpp", "c++"},
    {"cppm", "c++"},
    {"cs", "c#"},
    {"css", "css"},
    {"csv", "csv"},
    {"cts", "typescript"},
    {"cu", "c++"},
    {"cuh", "c++"},
    {"cxx", "c++"},
    {"d", "d"},
    {"dart", "dart"},
    {"diff", "diff"},
    {"el", "emacs lisp"},
    {"erl", "erlang"},
    {"ex", "elixir"},
    {"exs", "elixir"},
    {"f90", "fortran"},
    {"fs", "f#"},
    {"go", "go"},
    {"gradle", "groovy"},
    {"graphql", "graphql"},
    {"groovy", "groovy"},
    {"h", "c"},
    {"h++", "c++"},
    {"hcl", "hcl"},
    {"hh", "c++"},
    {"hpp", "c++"},
    {"hs", "haskell"},
    {"htm", "html"},
    {"html", "html"},
    {"hxx", "c++"},
    {"inc", "c"},
    {"ini", "ini"},
    {"inl", "c++"},
    {"ipp", "c++"},
    {"ixx", "c++"},
    {"java", "java"},
    {"jl", "julia"},
    {"js", "javascript"},
    {"json", "json"},
    {"json5", "json"},
    {"jsonc", "json"},
    {"jsx", "javascript"},
    {"ksh", "shell"},
    {"kt", "kotlin"},
    {"kts", "kotlin"},
    {"less", "css"},
    {"lisp", "lisp"},
    {"lua", "lua"},
    {"m", "objective-c"},
    {"md", "markdown"},
    {"mdx", "markdown"},
    {"mjs", "javascript"},
    {"mk", "makefile"},
    {"ml", "ocaml"},
    {"mli", "ocaml"},
    {"mm", "objective-c"},
    {"mts", "typescript"},
    {"nim", "nim"},
    {"nix", "nix"},
    {"patch", "diff"},
    {"php", "php"},
    {"phtml", "php"},
    {"pl", "perl"},
    {"pm", "perl"},
    {"properties", "ini"},
    {"proto", "protobuf"},
    {"ps1", "powershell"},
    {"psm1", "powershell"},
    {"py", "python"},
    {"pyi", "python"},
    {"pyw", "python"},
    {"pyx", "cython"},
    {"r", "r"},
    {"rake", "ruby"},
    {"rb", "ruby"},
    {"rs", "rust"},
    {"rst", "restructuredtext"},
    {"s", "assembly"},
    {"sass", "css"},
    {"scala", "scala"},
    {"scm", "scheme"},
    {"scss", "css"},
    {"sh", "shell"},
    {"sol", "solidity"},
    {"sql", "sql"},
    {"svelte", "svelte"},
    {"svg", "svg"},
    {"swift", "swift"},
    {"tcl", "tcl"},
    {"tex", "tex"},
    {"tf", "hcl"},
    {"toml", "toml"},
    {"tpp", "c++"},
    {"ts", "typescript"},
    {"tsx", "typescript"},
    {"txt", "text"},
    {"vim", "vim"},
    {"vue", "vue"},
    {"xhtml", "html"},
    {"xml", "xml"},
    {"xsd", "xml"},
    {"yaml", "yaml"},
    {"yml", "yaml"},
    {"zig", "zig"},
    {"zsh", "shell"},
    {"gemspec", "ruby"},
    {"ru", "ruby"},
    {"cshtml", "html"},
    {"markdown", "markdown"},
    {"php5", "php"},
    {"csproj", "xml"},
};

constexpr Entry kFileNames[] = {
    {"BUILD", "starlark"},        {"BUILD.bazel", "starlark"},
    {"CMakeLists.txt", "cmake"},  {"Containerfile", "dockerfile"},
    {"Dockerfile", "dockerfile"}, {"GNUmakefile", "makefile"},
    {"Gemfile", "ruby"},          {"Jenkinsfile", "groovy"},
    {"Makefile", "makefile"},     {"Rakefile", "ruby"},
    {"SConscript", "python"},     {"SConstruct", "python"},
    {"Vagrantfile", "ruby"},      {"WORKSPACE", "starlark"},
    {"makefile", "makefile"},     {"go.mod", "go module"},
};

constexpr Entry kInterpreters[] = {
    {"ash", "shell"},          {"bash", "shell"}, {"dash", "shell"},      {"deno", "typescript"},
    {"ksh", "shell"},          {"lua", "lua"},    {"node", "javascript"}, {"nodejs", "javascript"},
    {"perl", "perl"},          {"php", "php"},    {"pypy", "python"},     {"python", "python"},
    {"ruby", "ruby"},          {"Rscript", "r"},  {"sh", "shell"},        {"tclsh", "tcl"},
    {"ts-node", "typescript"}, {"zsh", "shell"},
};

std::string_view find(const auto& table, std::string_view key) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const Entry& entry) { return entry.key == key; });
  return found == std::end(table) ? std::string_view() : found->language;
}

std::string_view extension_language(std::string_view extension) {
  static const std::unordered_map<std::string_view, std::string_view> map = [] {
    std::unordered_map<std::string_view, std::string_view> result;
    for (const Entry& entry : kExtensions) result.emplace(entry.key, entry.language);
    return result;
  }();
  const auto found = map.find(extension);
  return found == map.end() ? std::string_view() : found->second;
}

/// The program of a "#!" line: "/usr/bin/env -S python3.11 -u" gives "python".
std::string_view interpreter(std::string_view text) {
  if (!text.starts_with("#!")) return {};
  std::string_view line = text.substr(2, text.find('\n') - 2);
  while (!line.empty()) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    if (const auto slash = word.rfind('/'); slash != std::string_view::npos) {
      word.remove_prefix(slash + 1);
    }
    const bool option = word.starts_with('-') || word.find('=') != std::string_view::npos;
    if (word == "env" || option) continue;
    while (!word.empty() && (word.back() == '.' || (word.back() >= '0' && word.back() <= '9'))) {
      word.remove_suffix(1);
    }
    return word;
  }
  return {};
}

bool looks_like_cpp(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMarks = {
      "namespace ", "template <", "template<", "public:",    "private:", "protected:",
      "virtual ",   "std::",      "operator",  "constexpr ", "using ",   "nullptr"};
  bool line_start = true;
  // Words of comments must not count, so only lines of code are looked at.
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find('\n', i), text.size());
    std::string_view line = text.substr(i, end - i);
    i = end + 1;
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    line_start = !line.starts_with("*") && !line.starts_with("/");
    if (!line_start) continue;
    if (line.starts_with("class ") && line.find(';') == std::string_view::npos) return true;
    for (const auto mark : kMarks) {
      if (line.starts_with(mark) || (mark == "std::" && line.find(mark) != line.npos)) return true;
    }
  }
  return false;
}

}  // namespace

std::string detect_language(std::string_view path, std::string_view text) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (const auto language = find(kFileNames, name); !language.empty()) {
    return std::string(language);
  }
  if (name.ends_with(".in") && name.size() > 3) name.remove_suffix(3);  // a template of its file
  const auto dot = name.rfind('.');
  if (dot != std::string_view::npos && dot + 1 < name.size()) {
    std::string extension(name.substr(dot + 1));
    if (extension == "C" || extension == "H") return "c++";
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
    const auto language = extension_language(extension);
    if (language == "c" && extension != "c" && looks_like_cpp(text)) return "c++";
    if (!language.empty()) return std::string(language);
  }
  if (name.starts_with("Dockerfile") || name.starts_with("Makefile")) {
    return name[0] == 'D' ? "dockerfile" : "makefile";
  }
  const auto language = find(kInterpreters, interpreter(text));
  return language.empty() ? "text" : std::string(language);
}

bool has_grammar(std::string_view language) { return find_grammar(language) != nullptr; }

std::vector<std::string> language_names() {
  std::set<std::string> names;
  for (const auto& entry : kExtensions) names.emplace(entry.language);
  for (const auto& entry : kFileNames) names.emplace(entry.language);
  for (const auto& entry : kInterpreters) names.emplace(entry.language);
  return {names.begin(), names.end()};
}

}  // namespace spencer
