#include "highlight.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>

namespace spencer {
namespace {

using Words = std::set<std::string, std::less<>>;

struct Syntax {
  std::vector<std::string_view> line_comments;
  std::string_view block_open, block_close;  ///< empty: none
  std::string_view quotes;                   ///< each opens a string that ends with its line
  std::string_view long_quotes;              ///< each opens a string that may span lines
  bool triple_quotes = false;                ///< """ and ''' span lines
  bool character_quote = false;              ///< ' holds one character, or is a mark (lifetime)
  Words keywords;
};

Words words_of(std::string_view list) {
  Words words;
  for (std::size_t start = 0; start < list.size();) {
    const std::size_t end = std::min(list.find(' ', start), list.size());
    words.emplace(list.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

Syntax c_family(std::string_view keywords) {
  Syntax syntax;
  syntax.line_comments = {"//"};
  syntax.block_open = "/*";
  syntax.block_close = "*/";
  syntax.quotes = "\"";
  syntax.character_quote = true;
  syntax.keywords = words_of(keywords);
  return syntax;
}

Syntax script_family(std::string_view keywords) {
  Syntax syntax;
  syntax.line_comments = {"#"};
  syntax.quotes = "\"'";
  syntax.keywords = words_of(keywords);
  return syntax;
}

Syntax javascript_family(std::string_view more) {
  Syntax syntax = c_family(
      std::string(
          "async await break case catch class const continue default delete do else export extends "
          "false finally for from function get if import in instanceof let new null of return set "
          "static super switch this throw true try typeof undefined var void while yield")
          .append(more));
  syntax.quotes = "\"'";
  syntax.long_quotes = "`";
  syntax.character_quote = false;
  return syntax;
}

std::unordered_map<std::string_view, Syntax> make_table() {
  std::unordered_map<std::string_view, Syntax> table;
  table["c"] = c_family(
      "auto bool break case char const continue default do double else enum extern false float for "
      "goto if inline int long register restrict return short signed sizeof static struct switch "
      "true typedef union unsigned void volatile while NULL");
  table["c++"] = c_family(
      "auto bool break case catch char class concept const consteval constexpr continue co_await "
      "co_return co_yield decltype default delete do double else enum explicit extern false final "
      "float for friend goto if inline int long mutable namespace new noexcept nullptr operator "
      "override private protected public requires return short signed sizeof static static_assert "
      "static_cast struct switch template this throw true try typedef typename union unsigned "
      "using virtual void volatile while");
  table["java"] = c_family(
      "abstract assert boolean break byte case catch char class continue default do double else "
      "enum extends false final finally float for if implements import instanceof int interface "
      "long native new null package private protected public record return short static super "
      "switch synchronized this throw throws transient true try var void volatile while");
  table["c#"] = c_family(
      "abstract as async await base bool break byte case catch char class const continue decimal "
      "default delegate do double else enum event explicit extern false finally float for foreach "
      "get goto if implicit in int interface internal is lock long namespace new null object "
      "operator out override params private protected public readonly record ref return sealed set "
      "short sizeof static string struct switch this throw true try typeof uint ulong unsafe using "
      "var virtual void while yield");
  table["go"] = c_family(
      "break case chan const continue default defer else fallthrough false for func go goto if "
      "import interface map nil package range return select struct switch true type var");
  table["go"].long_quotes = "`";
  table["rust"] = c_family(
      "as async await break const continue crate dyn else enum extern false fn for if impl in let "
      "loop match mod move mut pub ref return self Self static struct super trait true type unsafe "
      "use where while");
  table["php"] = c_family(
      "abstract array as break case catch class clone const continue default do echo else elseif "
      "enum extends false final finally fn for foreach function global if implements include "
      "instanceof interface isset list match namespace new null private protected public readonly "
      "require require_once return self static switch this throw trait true try unset use var "
      "while yield");
  table["php"].line_comments = {"//", "#"};
  table["php"].quotes = "";
  table["php"].long_quotes = "\"'";
  table["php"].character_quote = false;
  table["javascript"] = javascript_family("");
  table["typescript"] = table["tsx"] = javascript_family(
      " abstract any as boolean declare enum implements interface is keyof namespace never number "
      "private protected public readonly string type unknown");
  table["python"] = script_family(
      "False None True and as assert async await break class continue def del elif else except "
      "finally for from global if import in is lambda match nonlocal not or pass raise return self "
      "try while with yield");
  table["python"].triple_quotes = true;
  table["ruby"] = script_family(
      "BEGIN END alias and attr_accessor attr_reader begin break case class def defined? do else "
      "elsif end ensure extend false for if in include module next nil not or private protected "
      "raise redo require rescue retry return self super then true undef unless until when while "
      "yield");
  table["ruby"].quotes = "";
  table["ruby"].long_quotes = "\"'";
  table["shell"] = table["bash"] = script_family(
      "case do done elif else esac exit export fi for function if in local read return set shift "
      "then unset until while");
  for (const std::string_view name : {"toml", "yaml", "ini", "make", "makefile", "cmake", "docker",
                                      "dockerfile", "r", "perl", "elixir"}) {
    table[name] = script_family("");
  }
  table["sql"] = script_family(
      "alter and as begin by case commit create delete distinct drop else end exists from group "
      "having in index insert into is join key left limit not null on or order primary select set "
      "table then union update values view when where");
  table["sql"].line_comments = {"--"};
  for (const std::string_view name :
       {"kotlin", "scala", "swift", "css", "scss", "dart", "zig", "protobuf", "json", "groovy"}) {
    table[name] = c_family("");
  }
  return table;
}

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  Lexer(std::string_view code, const Syntax& syntax)
      : code_(code), syntax_(syntax), styles_(code.size(), Style::plain) {}

  std::vector<Style> run() {
    while (at_ < code_.size()) step();
    return std::move(styles_);
  }

 private:
  bool here(std::string_view text) const {
    return !text.empty() && code_.substr(at_, text.size()) == text;
  }

  void paint_to(std::size_t end, Style style) {
    end = std::min(end, code_.size());
    std::fill(styles_.begin() + static_cast<std::ptrdiff_t>(at_),
              styles_.begin() + static_cast<std::ptrdiff_t>(end), style);
    at_ = end;
  }

  std::size_t end_of_line() const { return std::min(code_.find('\n', at_), code_.size()); }

  /// The end of a string that `quote` opens at `at_`, behind its closing quote.
  std::size_t string_end(std::string_view quote, bool spans_lines) const {
    for (std::size_t i = at_ + quote.size(); i < code_.size(); ++i) {
      if (code_[i] == '\\') {
        ++i;
      } else if (code_[i] == '\n' && !spans_lines) {
        return i;
      } else if (code_.substr(i, quote.size()) == quote) {
        return i + quote.size();
      }
    }
    return code_.size();
  }

  /// 'x' and '\n' and '\u{1F600}' are characters; 'a in Rust is not.
  std::size_t character_end() const {
    const std::size_t next = at_ + 1;
    if (next < code_.size() && code_[next] == '\\') {
      const std::size_t close = code_.find('\'', next + 2);
      return close < at_ + 13 ? close + 1 : next;
    }
    std::size_t after = next + 1;
    while (after < code_.size() && (static_cast<unsigned char>(code_[after]) & 0xC0) == 0x80) {
      ++after;
    }
    return after < code_.size() && code_[after] == '\'' ? after + 1 : next;
  }

  bool comment() {
    for (const std::string_view mark : syntax_.line_comments) {
      if (here(mark)) {
        paint_to(end_of_line(), Style::comment);
        return true;
      }
    }
    if (!here(syntax_.block_open)) return false;
    const std::size_t close = code_.find(syntax_.block_close, at_ + syntax_.block_open.size());
    paint_to(close == code_.npos ? close : close + syntax_.block_close.size(), Style::comment);
    return true;
  }

  bool string() {
    const char c = code_[at_];
    if (syntax_.triple_quotes && (here("\"\"\"") || here("'''"))) {
      paint_to(string_end(code_.substr(at_, 3), true), Style::string);
    } else if (syntax_.long_quotes.find(c) != syntax_.long_quotes.npos) {
      paint_to(string_end(code_.substr(at_, 1), true), Style::string);
    } else if (syntax_.quotes.find(c) != syntax_.quotes.npos) {
      paint_to(string_end(code_.substr(at_, 1), false), Style::string);
    } else if (syntax_.character_quote && c == '\'') {
      const std::size_t end = character_end();
      paint_to(end, end > at_ + 1 ? Style::string : Style::plain);
    } else {
      return false;
    }
    return true;
  }

  void step() {
    if (comment() || string()) return;
    std::size_t end = at_ + 1;
    if (is_word_start(code_[at_])) {
      while (end < code_.size() && (is_word_start(code_[end]) || is_digit(code_[end]))) ++end;
      const bool keyword = syntax_.keywords.contains(code_.substr(at_, end - at_));
      paint_to(end, keyword ? Style::keyword : Style::plain);
    } else if (is_digit(code_[at_])) {
      while (end < code_.size() &&
             (is_word_start(code_[end]) || is_digit(code_[end]) || code_[end] == '.')) {
        ++end;
      }
      paint_to(end, Style::number);
    } else {
      paint_to(end, Style::plain);
    }
  }

  std::string_view code_;
  const Syntax& syntax_;
  std::vector<Style> styles_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Style> highlight(std::string_view code, std::string_view language) {
  static const std::unordered_map<std::string_view, Syntax> table = make_table();
  const auto syntax = table.find(language);
  if (syntax == table.end()) return std::vector<Style>(code.size(), Style::plain);
  return Lexer(code, syntax->second).run();
}

}  // namespace spencer
