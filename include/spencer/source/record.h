// What a source tree is cut into: functions, and windows of the lines between them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spencer {

/// A function, a method, a part of a long one, or a window of lines.
struct CodeRecord {
  std::string path;             ///< relative to the indexed root, '/' between folders
  std::string language;         ///< lower-case name: "python", "c++", "c#", "text", ...
  std::string name;             ///< qualified: "Class.method"; for a window, the type around it
                                ///< or the file's stem
  std::string kind;             ///< "function", "method", "constructor", "class", "window", ...
  std::int32_t start_line = 0;  ///< counted from 1
  std::int32_t end_line = 0;    ///< inclusive
  std::string docstring;        ///< docstring or leading comment, without its comment marks
  std::string code;             ///< valid UTF-8, as in the file
  std::string signature;        ///< of a function or type, on one line: context for later parts
  std::int32_t part = 0;        ///< of a long function, counted from 0
  std::int32_t parts = 1;       ///< its parts in all; the lines and the code are the part's own
};

/// Whether a record of this kind is a function, rather than a type or a window of lines.
bool is_function(std::string_view kind);

}  // namespace spencer
