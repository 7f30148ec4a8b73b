// Which language a file is written in, by its name and, where that does not tell, its first lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spencer {

/// The language of a file, in lower case: "python", "c++", "c#", "markdown", ...; "text" where
/// neither the name nor a "#!" line tells. `.h` is C++ where its text looks like C++, else C.
/// @param path with or without folders  @param text the whole file or its beginning
std::string detect_language(std::string_view path, std::string_view text);

/// True where functions are found by a grammar; files in other languages come as windows.
bool has_grammar(std::string_view language);

/// Every name that detect_language() can give, sorted.
std::vector<std::string> language_names();

}  // namespace spencer
