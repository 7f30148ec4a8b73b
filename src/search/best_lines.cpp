#include "search/best_lines.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string_view>
#include <unordered_map>

#include "spencer/search/words.h"

namespace spencer {
namespace {

std::vector<std::string_view> split_lines(std::string_view code) {
  std::vector<std::string_view> lines;
  for (std::size_t start = 0; start < code.size();) {
    const std::size_t end = std::min(code.find('\n', start), code.size());
    lines.push_back(code.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

/// A line with nothing to read on it: blank, a lone bracket, a comment's frame.
bool is_bare(std::string_view line) {
  return std::none_of(line.begin(), line.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

/// The line that declares the record: the first that holds the last part of its name, or else the
/// first that is not bare (a window, named after its file, declares nothing).
std::size_t signature_line(const std::vector<std::string_view>& lines, const CodeRecord& record) {
  const std::string_view name = record.kind == "window" ? "" : std::string_view(record.name);
  const std::size_t separator = name.find_last_of(".:#");
  const std::string_view last = separator == name.npos ? name : name.substr(separator + 1);
  std::size_t first = lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!last.empty() && lines[i].find(last) != lines[i].npos) return i;
    if (first == lines.size() && !is_bare(lines[i])) first = i;
  }
  return first == lines.size() ? 0 : first;
}

/// Per line: the summed weights of the query's words on it.
std::vector<double> score_lines(const std::vector<std::string_view>& lines,
                                const std::unordered_set<std::string>& query) {
  std::vector<std::set<std::string>> shared(lines.size());
  std::unordered_map<std::string, int> lines_with;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (Word& word : split_words(lines[i])) {
      if (query.contains(word.stem)) shared[i].insert(std::move(word.stem));
    }
    for (const std::string& stem : shared[i]) ++lines_with[stem];
  }
  std::vector<double> scores(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& stem : shared[i]) {
      scores[i] += std::log(1.0 + static_cast<double>(lines.size()) / lines_with[stem]);
    }
  }
  return scores;
}

}  // namespace

std::vector<std::int32_t> best_lines(const CodeRecord& record,
                                     const std::unordered_set<std::string>& query,
                                     std::size_t count) {
  const std::vector<std::string_view> lines = split_lines(record.code);
  if (lines.empty() || count == 0) return {};
  const std::size_t signature = signature_line(lines, record);
  std::set<std::size_t> chosen{signature};

  const std::vector<double> scores = score_lines(lines, query);
  std::vector<std::size_t> order(lines.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  for (std::size_t i = 0; i < order.size() && scores[order[i]] > 0 && chosen.size() < count; ++i) {
    chosen.insert(order[i]);
  }
  for (std::size_t i = signature; i < lines.size() && chosen.size() < count; ++i) {
    if (!is_bare(lines[i])) chosen.insert(i);
  }
  std::vector<std::int32_t> numbers;
  numbers.reserve(chosen.size());
  for (const std::size_t line : chosen) {
    numbers.push_back(record.start_line + static_cast<std::int32_t>(line));
  }
  return numbers;
}

}  // namespace spencer
