// Strips comment marks line by line.
#include "source/comment.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>
#include <vector>

#include "spencer/base/text.h"

namespace spencer {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v";

std::string_view trim_right(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n\f\v");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

std::size_t indentation(std::string_view line) {
  const auto first = line.find_first_not_of(kBlank);
  return first == std::string_view::npos ? line.size() : first;
}

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(trim_right(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return lines;
}

/// Joins lines without the indentation that all but the first `exempt` share, and without blank
/// lines at either end.
std::string join_dedented(std::vector<std::string_view> lines, std::size_t exempt) {
  std::size_t common = std::string_view::npos;
  for (std::size_t i = exempt; i < lines.size(); ++i) {
    if (!lines[i].empty()) common = std::min(common, indentation(lines[i]));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].remove_prefix(i < exempt ? indentation(lines[i]) : std::min(common, lines[i].size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  const auto first =
      std::find_if(lines.begin(), lines.end(), [](std::string_view line) { return !line.empty(); });
  std::string result;
  for (auto line = first; line != lines.end(); ++line) {
    if (line != first) result += '\n';
    result += *line;
  }
  return result;
}

bool strip(std::string_view& line, std::string_view mark) {
  if (!line.starts_with(mark)) return false;
  line.remove_prefix(mark.size());
  return true;
}

/// One line of a comment without its marks; `in_block` carries over `/* ... */`.
std::string_view strip_marks(std::string_view line, bool& in_block) {
  std::string_view rest = line.substr(indentation(line));
  if (!in_block && rest.starts_with("/*")) {
    in_block = true;
    rest.remove_prefix(2);
    while (strip(rest, "*") && !rest.starts_with("/")) {
    }
    strip(rest, "!");
    line = rest;
  } else if (in_block) {
    if (rest.starts_with("*") && !rest.starts_with("*/")) line = rest.substr(1);
  } else if (rest.starts_with("//")) {
    while (strip(rest, "/")) {
    }
    strip(rest, "!");
    line = rest;
  } else if (rest.starts_with("#")) {
    while (strip(rest, "#")) {
    }
    line = rest;
  } else if (rest == "=begin" || rest == "=end") {
    return {};
  }
  if (in_block) {
    if (const auto close = line.find("*/"); close != std::string_view::npos) {
      line = line.substr(0, close);
      while (line.ends_with("*")) line.remove_suffix(1);
      in_block = false;
    }
  }
  line = trim_right(line);
  return has_word(line) ? line : std::string_view();
}

constexpr std::pair<std::string_view, char> kEntities[] = {
    {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}};

/// Drops tags, keeping what a reference names: `<see cref="T:Foo"/>` becomes `T:Foo`.
std::string without_xml(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const auto* entity = std::find_if(std::begin(kEntities), std::end(kEntities), [&](auto& item) {
      return text.substr(i).starts_with(item.first);
    });
    if (entity != std::end(kEntities)) {
      result += entity->second;
      i += entity->first.size();
      continue;
    }
    const bool tag = text[i] == '<' && i + 1 < text.size() &&
                     (text[i + 1] == '/' || std::isalpha(static_cast<unsigned char>(text[i + 1])));
    const auto close = tag ? text.find('>', i) : std::string_view::npos;
    if (close == std::string_view::npos) {
      result += text[i++];
      continue;
    }
    const std::string_view inside = text.substr(i, close - i);
    const auto open_quote = inside.find('"');
    const auto close_quote = inside.rfind('"');
    if (inside.ends_with('/') && open_quote < close_quote) {
      result += inside.substr(open_quote + 1, close_quote - open_quote - 1);
    }
    i = close + 1;
  }
  return result;
}

}  // namespace

std::string clean_comment(std::string_view raw) {
  const std::string_view start = raw.substr(std::min(indentation(raw), raw.size()));
  std::string xml;
  if (start.starts_with("///") && start.find('<') != std::string_view::npos) {
    xml = without_xml(raw);
    raw = xml;
  }
  bool in_block = false;
  std::vector<std::string_view> lines = split_lines(raw);
  for (auto& line : lines) line = strip_marks(line, in_block);
  const auto first_word =
      std::find_if(lines.begin(), lines.end(), [](std::string_view line) { return !line.empty(); });
  lines.erase(lines.begin(), first_word);
  // The first line of `/** Text` stands further left than those under it.
  return join_dedented(std::move(lines), start.starts_with("/*") ? 1 : 0);
}

std::string clean_python_docstring(std::string_view literal) {
  const auto quote = literal.find_first_of("'\"");
  if (quote == std::string_view::npos) return {};
  std::string_view body = literal.substr(quote);
  const std::size_t marks = body.size() >= 6 && body[1] == body[0] && body[2] == body[0] ? 3 : 1;
  if (body.size() < 2 * marks) return {};
  body = body.substr(marks, body.size() - 2 * marks);
  return join_dedented(split_lines(body), 1);
}

}  // namespace spencer
