// Pattern matching as git does it.
#include "source/ignore.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace spencer {
namespace {

constexpr std::string_view kSpecial = "*?[\\";

bool in_named_class(std::string_view name, unsigned char c, bool& known) {
  known = true;
  if (name == "alnum") return std::isalnum(c) != 0;
  if (name == "alpha") return std::isalpha(c) != 0;
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "cntrl") return std::iscntrl(c) != 0;
  if (name == "digit") return std::isdigit(c) != 0;
  if (name == "graph") return std::isgraph(c) != 0;
  if (name == "lower") return std::islower(c) != 0;
  if (name == "print") return std::isprint(c) != 0;
  if (name == "punct") return std::ispunct(c) != 0;
  if (name == "space") return std::isspace(c) != 0;
  if (name == "upper") return std::isupper(c) != 0;
  if (name == "xdigit") return std::isxdigit(c) != 0;
  known = false;
  return false;
}

/// Matches `c` with the bracket expression at `at` (its '['), and moves `at` behind it.
/// An expression that does not end, or names an unknown class, matches nothing.
bool match_bracket(std::string_view pattern, std::size_t& at, unsigned char c) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool matched = false;
  unsigned char previous = 0;
  for (bool first = true;; first = false) {
    if (i >= pattern.size()) return at = pattern.size() + 1, false;
    unsigned char p = static_cast<unsigned char>(pattern[i]);
    if (p == ']' && !first) break;
    if (p == '-' && previous != 0 && i + 1 < pattern.size() && pattern[i + 1] != ']') {
      p = static_cast<unsigned char>(pattern[++i]);
      if (p == '\\') {
        if (++i >= pattern.size()) return at = pattern.size() + 1, false;
        p = static_cast<unsigned char>(pattern[i]);
      }
      matched = matched || (previous <= c && c <= p);
      p = 0;  // "a-c-e" is no range from c
    } else if (p == '[' && i + 1 < pattern.size() && pattern[i + 1] == ':') {
      const auto close = pattern.find(']', i + 2);
      if (close == std::string_view::npos) return at = pattern.size() + 1, false;
      if (close > i + 2 && pattern[close - 1] == ':') {
        bool known = false;
        const auto name = pattern.substr(i + 2, close - i - 3);
        matched = in_named_class(name, c, known) || matched;
        if (!known) return at = pattern.size() + 1, false;
        i = close;
        p = 0;
      } else {
        matched = matched || c == '[';  // "[:" without ":]" is a '[' and what follows
      }
    } else {
      if (p == '\\') {
        if (++i >= pattern.size()) return at = pattern.size() + 1, false;
        p = static_cast<unsigned char>(pattern[i]);
      }
      matched = matched || p == c;
    }
    previous = p;
    ++i;
  }
  at = i + 1;
  return matched != negated;
}

/// How a match ended; git cuts its search short by the latter two, which this does too: patterns
/// of many stars would take exponential time otherwise.
enum class Outcome { match, no_match, abort_all, abort_to_double_star };

Outcome match_from(std::string_view pattern, std::string_view text, std::size_t p, std::size_t t,
                   bool stop_at_slash);

Outcome match_star(std::string_view pattern, std::string_view text, std::size_t p, std::size_t t,
                   bool stop_at_slash) {
  const std::size_t star = p;
  while (p < pattern.size() && pattern[p] == '*') ++p;
  bool crosses = !stop_at_slash;
  if (stop_at_slash && p - star >= 2) {
    const bool opens = star == 0 || pattern[star - 1] == '/';
    const bool closes = p == pattern.size() || pattern[p] == '/' ||
                        (pattern[p] == '\\' && p + 1 < pattern.size() && pattern[p + 1] == '/');
    if (opens && closes) {
      // "**/" also stands for no folder at all.
      if (p < pattern.size() && pattern[p] == '/' &&
          match_from(pattern, text, p + 1, t, stop_at_slash) == Outcome::match) {
        return Outcome::match;
      }
      crosses = true;
    }
  }
  if (p == pattern.size()) {
    const bool slash_left = text.find('/', t) != std::string_view::npos;
    return crosses || !slash_left ? Outcome::match : Outcome::abort_to_double_star;
  }
  for (;; ++t) {
    const Outcome outcome = match_from(pattern, text, p, t, stop_at_slash);
    if (outcome != Outcome::no_match && (!crosses || outcome != Outcome::abort_to_double_star)) {
      return outcome;
    }
    if (t >= text.size()) return Outcome::abort_all;
    if (!crosses && text[t] == '/') return Outcome::abort_to_double_star;
  }
}

Outcome match_from(std::string_view pattern, std::string_view text, std::size_t p, std::size_t t,
                   bool stop_at_slash) {
  while (p < pattern.size()) {
    const char c = pattern[p];
    if (c == '*') return match_star(pattern, text, p, t, stop_at_slash);
    if (t >= text.size()) return Outcome::abort_all;
    const char s = text[t];
    if (c == '?') {
      if (stop_at_slash && s == '/') return Outcome::no_match;
      ++p;
    } else if (c == '[') {
      if (!match_bracket(pattern, p, static_cast<unsigned char>(s))) {
        return p > pattern.size() ? Outcome::abort_all : Outcome::no_match;
      }
      if (stop_at_slash && s == '/') return Outcome::no_match;
    } else {
      if (c == '\\' && ++p == pattern.size()) return Outcome::no_match;
      if (pattern[p] != s) return Outcome::no_match;
      ++p;
    }
    ++t;
  }
  return t == text.size() ? Outcome::match : Outcome::no_match;
}

/// Drops trailing spaces, but for one behind a backslash.
std::string_view trim_spaces(std::string_view line) {
  std::size_t keep = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == ' ') continue;
    if (line[i] == '\\') ++i;
    keep = std::min(i + 1, line.size());
  }
  return line.substr(0, keep);
}

}  // namespace

bool wildmatch(std::string_view pattern, std::string_view text, bool stop_at_slash) {
  return match_from(pattern, text, 0, 0, stop_at_slash) == Outcome::match;
}

IgnoreFile::IgnoreFile(std::string_view text, std::string folder) : folder_(std::move(folder)) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with('#')) add(trim_spaces(line));
  }
}

void IgnoreFile::add(std::string_view line) {
  Pattern pattern;
  if (line.starts_with('!')) {
    pattern.negated = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    pattern.folders_only = true;
    line.remove_suffix(1);
  }
  if (line.empty()) return;
  pattern.base_name = line.find('/') == std::string_view::npos;
  if (!pattern.base_name && line.starts_with('/')) line.remove_prefix(1);
  pattern.text = line;
  pattern.literal_prefix = std::min(line.find_first_of(kSpecial), line.size());
  pattern.ends_with =
      line.starts_with('*') && line.find_first_of(kSpecial, 1) == std::string_view::npos;
  patterns_.push_back(std::move(pattern));
}

bool IgnoreFile::matches(const Pattern& pattern, std::string_view path,
                         std::string_view name) const {
  const std::string_view subject = pattern.base_name ? name : path;
  const std::string_view glob = pattern.text;
  if (pattern.literal_prefix == glob.size()) return subject == glob;
  if (!subject.starts_with(glob.substr(0, pattern.literal_prefix))) return false;
  if (pattern.base_name && pattern.ends_with) return subject.ends_with(glob.substr(1));
  return wildmatch(glob, subject, !pattern.base_name);
}

std::optional<bool> IgnoreFile::match(std::string_view path, bool is_folder) const {
  if (!folder_.empty()) path.remove_prefix(std::min(folder_.size() + 1, path.size()));
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->folders_only && !is_folder) continue;
    if (matches(*pattern, path, name)) return !pattern->negated;
  }
  return std::nullopt;
}

}  // namespace spencer
