// The functions and types of a file: where they lie, what they are called, what documents them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/grammar.h"

namespace spencer {

struct Entity {
  bool is_type = false;
  std::string name;  ///< qualified
  std::string kind;
  std::string docstring;    ///< without comment marks
  std::string signature;    ///< one line
  std::uint32_t begin = 0;  ///< bytes: decorators and the comment right above included
  std::uint32_t end = 0;
  std::uint32_t function_depth = 0;  ///< how many functions enclose it
};

/// @param max_seconds bound on the parser's processor time; 0 = generous for the size of the text
/// @return entities in the order of their nodes, an outer one before those inside it; nothing if
///         the parser gave up
std::optional<std::vector<Entity>> outline(std::string_view text, const Grammar& grammar,
                                           double max_seconds);

}  // namespace spencer
