#include "terminal.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

#include "spencer/base/environment.h"
#include "spencer/base/text.h"

namespace spencer {
namespace {

struct Range {
  char32_t first, last;
};

constexpr auto kZeroWidth = std::to_array<Range>({{0x300, 0x36F},
                                                  {0x483, 0x489},
                                                  {0x591, 0x5BD},
                                                  {0x610, 0x61A},
                                                  {0x64B, 0x65F},
                                                  {0x1AB0, 0x1AFF},
                                                  {0x1DC0, 0x1DFF},
                                                  {0x200B, 0x200D},
                                                  {0x20D0, 0x20FF},
                                                  {0xFE00, 0xFE0F},
                                                  {0xFE20, 0xFE2F},
                                                  {0xFEFF, 0xFEFF}});
constexpr auto kDoubleWidth = std::to_array<Range>({{0x1100, 0x115F},
                                                    {0x2E80, 0x303E},
                                                    {0x3041, 0xA4CF},
                                                    {0xAC00, 0xD7A3},
                                                    {0xF900, 0xFAFF},
                                                    {0xFE30, 0xFE6F},
                                                    {0xFF00, 0xFF60},
                                                    {0xFFE0, 0xFFE6},
                                                    {0x1F300, 0x1F64F},
                                                    {0x1F680, 0x1F6FF},
                                                    {0x1F900, 0x1FAFF},
                                                    {0x20000, 0x3FFFD}});

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return range.first <= c && c <= range.last; });
}

std::string escaped(std::string_view text, bool keep_line_ends) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    const char32_t c = next_code_point(text, position);
    const std::string_view bytes = text.substr(start, position - start);
    char form[16];
    if (c == kReplacementCharacter && bytes != "\xEF\xBF\xBD") {
      for (const char byte : bytes) {
        std::snprintf(form, sizeof form, "\\x%02x", static_cast<unsigned char>(byte));
        out += form;
      }
    } else if (is_unsafe(c) && !(keep_line_ends && c == '\n')) {
      std::snprintf(form, sizeof form, c < 0x100 ? "\\x%02x" : "\\u{%x}", static_cast<unsigned>(c));
      out += form;
    } else {
      out += bytes;
    }
  }
  return out;
}

}  // namespace

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

int terminal_width(int descriptor) {
  if (!is_terminal(descriptor)) return 0;
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool use_color(ColorChoice choice, int descriptor) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  if (!environment("NO_COLOR").empty()) return false;
  const std::string kind = environment("TERM");
  return is_terminal(descriptor) && !kind.empty() && kind != "dumb";
}

int display_width(char32_t c) {
  if (c < 0x300) return 1;
  if (within(kZeroWidth, c)) return 0;
  return within(kDoubleWidth, c) ? 2 : 1;
}

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t position = 0; position < text.size();) {
    width += display_width(next_code_point(text, position));
  }
  return width;
}

bool is_unsafe(char32_t c) {
  if (c == '\t') return false;
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool direction = c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
                         (c >= 0x2066 && c <= 0x2069);
  const bool separator = c == 0x2028 || c == 0x2029;
  return control || direction || separator;
}

std::string printable(std::string_view text) { return escaped(text, false); }
std::string printable_lines(std::string_view text) { return escaped(text, true); }

}  // namespace spencer
