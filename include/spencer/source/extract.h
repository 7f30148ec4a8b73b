// Cuts a source file into records: its functions, its type heads, and windows of the other lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spencer/source/record.h"

namespace spencer {

struct ExtractOptions {
  /// Longest record, in characters of text_length(); a longer function comes in parts. About what
  /// an encoder of 256 tokens reads.
  std::int64_t max_length = 900;
  std::int32_t window_lines = 40;     ///< longest window; shorter where max_length says so
  std::int32_t overlap_lines = 8;     ///< lines that a window shares with the one before it, at
                                      ///< most a quarter of it
  std::int32_t nested_min_lines = 5;  ///< a named function inside another has a record of its own
                                      ///< from this size; it is always part of the outer one too
  double max_parse_seconds = 0;       ///< bound on parsing, processor time; 0 = 0.25 s and 3 s/MB
  void validate() const;              ///< @throws Error{invalid_argument}
};

/// Characters of `text`, a run of white space counted as one: what a tokenizer's output grows with.
std::int64_t text_length(std::string_view text);

/// The records of one file, ordered by start line, then end line.
///
/// Functions: anything named that has a body: functions, methods, constructors, accessors, and
/// function values bound to a name. `name` is qualified with '.' by what encloses the function in
/// the file: types, functions, C++ and TypeScript namespaces, Ruby and Rust modules; not by what a
/// whole file declares (Java packages, PHP and C# namespaces). A Go receiver, a Rust impl and the
/// `A::B::` of an out-of-class C++ definition give the same form: `Type.method`, `A.B.method`.
/// Lines include decorators and the comment right above. A type's lines outside its functions are
/// a record of kind "class", "struct", ... for the head, and windows.
///
/// Every line with a letter or digit lies within a record, but for words that only close or divide
/// ("end", "#endif", "public:", ...). Text that the grammar cannot read within its bounds comes as
/// windows.
/// @param path for `path` and names  @param text valid UTF-8  @param language detect_language()'s
/// @throws Error{invalid_argument} for options out of range, or a text over 1 GiB
std::vector<CodeRecord> extract(std::string_view path, std::string_view text,
                                std::string_view language, const ExtractOptions& options = {});

}  // namespace spencer
