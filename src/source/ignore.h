// gitignore(5): patterns, files of patterns, and a stack of them down a tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spencer {

/// Whether `text` matches a pattern as git's wildmatch has it. `*` and `?` stop at '/' if
/// `stop_at_slash`; only then `**` has its meaning.
bool wildmatch(std::string_view pattern, std::string_view text, bool stop_at_slash);

/// The patterns of one file; the last that matches decides.
class IgnoreFile {
 public:
  /// @param text the file  @param folder where it lies, relative to the walk's base: "" or "a/b"
  IgnoreFile(std::string_view text, std::string folder);

  bool empty() const { return patterns_.empty(); }
  /// True: ignored; false: taken back by a `!` pattern; nothing: no pattern matches.
  /// @param path relative to the base, below `folder`
  std::optional<bool> match(std::string_view path, bool is_folder) const;

 private:
  struct Pattern {
    std::string text;
    std::size_t literal_prefix = 0;  ///< bytes before the first special one
    bool negated = false;
    bool folders_only = false;
    bool base_name = false;  ///< no '/' inside: matched with the last part of a path
    bool ends_with = false;  ///< "*" and then no special byte
  };
  void add(std::string_view line);
  bool matches(const Pattern& pattern, std::string_view path, std::string_view name) const;

  std::string folder_;
  std::vector<Pattern> patterns_;
};

}  // namespace spencer
