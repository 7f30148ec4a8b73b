// Line ranges into pieces.
#include "source/cut.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "spencer/base/text.h"

namespace spencer {
namespace {

bool is_space_only(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_space);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Bytes of `text` from `begin` that have the given length, cut between characters; at least one.
std::uint32_t take(std::string_view text, std::uint32_t begin, std::uint32_t end,
                   std::int64_t length) {
  std::uint32_t at = begin;
  for (std::int64_t used = 0; at < end && used < length; ++at) {
    used += is_space(text[at]) && at > begin && is_space(text[at - 1]) ? 0 : 1;
  }
  while (at < end && at > begin + 4 && is_continuation(text[at])) --at;
  return std::max(at, begin + 1);
}

/// text_length(), counted no further than just above `limit`.
std::int64_t length_up_to(std::string_view text, std::int64_t limit) {
  std::int64_t length = 0;
  for (std::size_t i = 0; i < text.size() && length <= limit; ++i) {
    length += is_space(text[i]) && i > 0 && is_space(text[i - 1]) ? 0 : 1;
  }
  return length;
}

std::uint32_t indentation_width(std::string_view line) {
  std::uint32_t width = 0;
  for (const char c : line) {
    if (c != ' ' && c != '\t') break;
    width += c == '\t' ? 4 : 1;
  }
  return width;
}

/// `}  // namespace a`: a comment on a closing bracket.
bool closes_block(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!line.starts_with('}')) return false;
  line.remove_prefix(std::min(line.find_first_not_of("}); \t"), line.size()));
  return line.starts_with("//") || line.starts_with("/*") || line.starts_with('#');
}

/// The row after [first, stop) at which the code divides best: after a blank line, else before the
/// least indented line, in the last third.
std::uint32_t best_division(const Lines& lines, std::uint32_t first, std::uint32_t stop) {
  const std::uint32_t from = std::max(first + 1, stop - (stop - first) / 3);
  std::uint32_t best = stop;
  std::uint32_t best_cost = lines.is_trivial(stop) ? 1000 : indentation_width(lines.line(stop)) * 2;
  for (std::uint32_t row = stop - 1; row >= from; --row) {
    if (lines.is_trivial(row)) continue;
    const std::uint32_t after_blank = lines.is_blank(row - 1) ? 0 : 1;
    const std::uint32_t cost = indentation_width(lines.line(row)) * 2 + after_blank;
    if (cost < best_cost) {
      best = row;
      best_cost = cost;
    }
  }
  return best;
}

}  // namespace

Lines::Lines(std::string_view text) : text_(text) {
  begins_.push_back(0);
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    begins_.push_back(static_cast<std::uint32_t>(at + 1));
  }
  if (begins_.back() != text.size()) begins_.push_back(static_cast<std::uint32_t>(text.size()));
}

std::uint32_t Lines::row_of(std::uint32_t byte) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end() - 1, byte);
  return static_cast<std::uint32_t>(after - begins_.begin()) - 1;
}

bool Lines::is_blank(std::uint32_t row) const { return is_space_only(line(row)); }

bool Lines::is_trivial(std::uint32_t row) const {
  static constexpr std::array<std::string_view, 9> kWords = {
      "end", "endif", "else", "public", "private", "protected", "fi", "done", "esac"};
  const std::string_view text = line(row);
  const auto is_word = [](char c) {
    return (static_cast<unsigned char>(c) & 0x80U) != 0 ||
           std::isalnum(static_cast<unsigned char>(c)) != 0;
  };
  const auto first = std::find_if(text.begin(), text.end(), is_word);
  if (first == text.end()) return true;
  constexpr std::ptrdiff_t kLongest = 10;  // one more than any of the words
  const auto last =
      std::find_if_not(first, first + std::min(kLongest, text.end() - first), is_word);
  const std::string_view word(&*first, static_cast<std::size_t>(last - first));
  const bool directive =
      first != text.begin() && *(first - 1) == '#' && (word == "endif" || word == "endregion");
  return directive || closes_block(text) ||
         (std::find(kWords.begin(), kWords.end(), word) != kWords.end() &&
          std::none_of(last, text.end(), is_word));
}

bool Lines::opens(std::uint32_t row) const {
  const std::string_view text = line(row);
  const auto first = text.find_first_not_of(" \t");
  return is_trivial(row) && first != std::string_view::npos &&
         std::string_view("/\"'{<").find(text[first]) != std::string_view::npos;
}

std::vector<Piece> cut(const Lines& lines, std::uint32_t begin, std::uint32_t end,
                       const CutRule& rule) {
  std::vector<Piece> pieces;
  const std::uint32_t last_row = end > begin ? lines.row_of(end - 1) : 0;
  std::uint32_t row = begin < end ? lines.row_of(begin) : 1;
  std::uint32_t at = begin;  // the next byte to hand out; within `row`
  while (at < end && row <= last_row) {
    const bool from_start = at == std::max(begin, lines.begin(row));
    const auto rest = lines.text().substr(at, std::min(end, lines.end(row)) - at);
    if (from_start ? lines.is_trivial(row) && !lines.opens(row) : is_space_only(rest)) {
      at = lines.end(row++);
      continue;
    }
    const std::int64_t limit = pieces.empty() ? rule.first_length : rule.next_length;
    std::uint32_t stop = row;  // one past the last row that fits
    std::int64_t length = 0;
    while (stop <= last_row && stop - row < rule.max_lines) {
      const std::uint32_t from = std::max(at, lines.begin(stop));
      const std::uint32_t to = std::min(end, lines.end(stop));
      length += length_up_to(lines.text().substr(from, to - from), limit - length);
      if (length > limit) break;
      ++stop;
    }
    if (stop == row) {  // one line is too long
      const std::uint32_t line_end = std::min(end, lines.end(row));
      const std::uint32_t to = take(lines.text(), at, line_end, limit);
      if (!is_space_only(rest.substr(0, to - at))) pieces.push_back({row, row, at, to});
      at = to;
      if (to == line_end) ++row;
      continue;
    }
    if (stop <= last_row && rule.overlap == 0) stop = best_division(lines, row, stop);
    std::uint32_t last = stop - 1;
    while (last > row && lines.is_blank(last) && stop > last_row) --last;
    pieces.push_back({row, last, at, std::min(end, lines.end(last))});
    if (stop > last_row) break;
    const std::uint32_t overlap = std::min(rule.overlap, (stop - row) / 4);
    row = stop - overlap;
    at = lines.begin(row);
  }
  return pieces;
}

}  // namespace spencer
