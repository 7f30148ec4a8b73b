// Path patterns in the manner of .gitignore.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spencer {

/// Decides whether a path is wanted. Of the patterns that match, the last decides; `!` in front
/// makes a pattern exclude. With no pattern, or excluding ones alone, all other paths are wanted.
class PathFilter {
 public:
  /// @throws Error{invalid_argument} for an empty pattern
  explicit PathFilter(const std::vector<std::string>& patterns);
  /// @param path '/' between folders, relative to the root
  bool wants(std::string_view path) const;

 private:
  struct Pattern {
    std::vector<std::string> parts;  ///< between slashes; "**" stands for any number of folders
    bool exclude = false;
    bool folder_only = false;  ///< ended in '/': matches what lies below alone
  };
  static bool matches(const Pattern& pattern, const std::vector<std::string_view>& path);

  std::vector<Pattern> patterns_;
  bool wanted_by_default_ = true;
};

}  // namespace spencer
