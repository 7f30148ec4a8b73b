#include "store/glob.h"

#include <algorithm>

#include "spencer/base/error.h"

namespace spencer {
namespace {

template <typename Text>
std::vector<Text> split(std::string_view path) {
  std::vector<Text> parts;
  while (true) {
    const std::size_t slash = path.find('/');
    if (slash != 0 && !path.empty()) parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

/// Matches one character against "[...]" at `at`, moving `at` past it; a bracket that is never
/// closed stands for itself.
bool matches_class(std::string_view pattern, std::size_t& at, char c) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const auto low = static_cast<unsigned char>(pattern[i++]);
    auto high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      high = static_cast<unsigned char>(pattern[i + 1]);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    found |= low <= byte && byte <= high;
  }
  if (i >= pattern.size()) {
    ++at;
    return c == '[';
  }
  at = i + 1;
  return found != negated;
}

/// Matches a character against what stands at `at` (not '*'), moving `at` past it.
bool matches_one(std::string_view pattern, std::size_t& at, char c) {
  switch (pattern[at]) {
    case '?': ++at; return true;
    case '[': return matches_class(pattern, at, c);
    case '\\':
      if (at + 1 < pattern.size()) ++at;
      [[fallthrough]];
    default: return pattern[at++] == c;
  }
}

/// `*` tries the shortest stretch first and only the last one is ever widened, so the time is at
/// most the product of the lengths.
bool matches_name(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    std::size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && matches_one(pattern, next, name[n])) {
      p = next;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

PathFilter::PathFilter(const std::vector<std::string>& patterns) {
  for (const std::string& text : patterns) {
    std::string_view rest = text;
    Pattern pattern;
    if (rest.starts_with('!')) {
      pattern.exclude = true;
      rest.remove_prefix(1);
    }
    while (rest.starts_with("./")) rest.remove_prefix(2);
    const bool anchored = rest.find('/') != std::string_view::npos;
    pattern.folder_only = rest.ends_with('/');
    pattern.parts = split<std::string>(rest);
    if (pattern.parts.empty()) {
      throw Error(
          ErrorKind::invalid_argument,
          "the path pattern '" + text + "' is empty; examples: src/, *.py, src/**/test_*.c");
    }
    if (pattern.parts.size() > 1 && pattern.parts.back() == "**") {  // "src/**" is "src/"
      pattern.parts.pop_back();
      pattern.folder_only = true;
    }
    if (!anchored) pattern.parts.insert(pattern.parts.begin(), "**");
    patterns_.push_back(std::move(pattern));
  }
  wanted_by_default_ = std::all_of(patterns_.begin(), patterns_.end(),
                                   [](const Pattern& pattern) { return pattern.exclude; });
}

bool PathFilter::matches(const Pattern& pattern, const std::vector<std::string_view>& path) {
  const auto& parts = pattern.parts;
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, resume = 0;
  while (true) {
    // A pattern that is used up has matched a folder above the path, or the path itself.
    if (p == parts.size() && (n < path.size() || !pattern.folder_only)) return true;
    std::size_t next_resume = resume;
    if (p < parts.size() && parts[p] == "**") {
      star = p++;
      resume = n;
    } else if (p < parts.size() && n < path.size() && matches_name(parts[p], path[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos && ++next_resume <= path.size()) {
      resume = next_resume;
      p = star + 1;
      n = resume;
    } else {
      return false;
    }
  }
}

bool PathFilter::wants(std::string_view path) const {
  const auto parts = split<std::string_view>(path);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (matches(*pattern, parts)) return !pattern->exclude;
  }
  return wanted_by_default_;
}

}  // namespace spencer
