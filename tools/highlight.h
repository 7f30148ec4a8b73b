// Colours for source code: a small lexer per family of languages, for a few lines on a terminal.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace spencer {

enum class Style : std::uint8_t { plain, keyword, string, comment, number };

/// One style per byte of `code`. A language that is not known is all plain.
/// @param language as in CodeRecord::language
std::vector<Style> highlight(std::string_view code, std::string_view language);

}  // namespace spencer
