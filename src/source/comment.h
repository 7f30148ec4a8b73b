// Comments and docstrings, stripped of their marks.
#pragma once

#include <string>
#include <string_view>

namespace spencer {

/// Text of a run of comments as they stand in a file (`//`, `///`, `#`, `/** */`, `=begin`),
/// without marks, borders and common indentation. XML tags of C# documentation go too.
std::string clean_comment(std::string_view raw);

/// A Python string literal's content, its indentation removed as inspect.cleandoc() does.
std::string clean_python_docstring(std::string_view literal);

}  // namespace spencer
