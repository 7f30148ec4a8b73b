// What the program knows of the terminal: is there one, how wide, and what may be written to it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spencer {

enum class ColorChoice { automatic, always, never };

bool is_terminal(int descriptor);
/// Columns of the terminal behind `descriptor`, or 0 where there is none.
int terminal_width(int descriptor);
/// Automatic: a terminal that is not "dumb", and NO_COLOR unset or empty (no-color.org).
bool use_color(ColorChoice choice, int descriptor);

/// Columns a code point takes: 0, 1 or 2.
int display_width(char32_t code_point);
int display_width(std::string_view text);

/// Whether a terminal might act on a code point rather than show it: controls of both sets, and
/// the marks that turn the direction of text.
bool is_unsafe(char32_t code_point);
/// Text for people: unsafe code points and invalid bytes come as \x1b or \u{202e}; a tab is kept.
/// Whatever is named by a file or written in one goes through here on its way to a terminal.
std::string printable(std::string_view text);
/// The same for text of several lines, whose line ends are kept.
std::string printable_lines(std::string_view text);

}  // namespace spencer
