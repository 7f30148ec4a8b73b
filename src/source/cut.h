// Cuts ranges of lines into pieces that an encoder can read.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace spencer {

/// The lines of a text; rows count from 0. A last line without a newline is a line.
class Lines {
 public:
  explicit Lines(std::string_view text);

  std::uint32_t count() const { return static_cast<std::uint32_t>(begins_.size()) - 1; }
  std::uint32_t begin(std::uint32_t row) const { return begins_[row]; }
  std::uint32_t end(std::uint32_t row) const { return begins_[row + 1]; }  ///< newline included
  std::string_view line(std::uint32_t row) const {
    return text_.substr(begin(row), end(row) - begin(row));
  }
  std::string_view text() const { return text_; }
  std::uint32_t row_of(std::uint32_t byte) const;

  bool is_blank(std::uint32_t row) const;
  /// True where a line has nothing to look for: no letter or digit, or a word that only closes or
  /// divides ("end", "#endif", "public:").
  bool is_trivial(std::uint32_t row) const;
  /// True for a trivial line that begins what follows: `/**`, a docstring's quotes, a bracket.
  bool opens(std::uint32_t row) const;

 private:
  std::string_view text_;
  std::vector<std::uint32_t> begins_;
};

struct Piece {
  std::uint32_t first_row = 0;
  std::uint32_t last_row = 0;
  std::uint32_t begin = 0;  ///< bytes
  std::uint32_t end = 0;
};

struct CutRule {
  std::int64_t first_length = 0;  ///< most of the first piece, in text_length()
  std::int64_t next_length = 0;   ///< of those that follow
  std::uint32_t max_lines = 0;
  std::uint32_t overlap = 0;  ///< lines that a piece repeats; 0 = cut where the code divides
};

/// Cuts [begin, end) into pieces; trivial lines before a piece and blank ones after are left out. A
/// line too long for a piece is cut between characters.
std::vector<Piece> cut(const Lines& lines, std::uint32_t begin, std::uint32_t end,
                       const CutRule& rule);

}  // namespace spencer
