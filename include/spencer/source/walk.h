// The files of a source tree that are worth indexing, and why the others are not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "spencer/base/stop.h"

namespace spencer {

/// Why a path is left out. A closed set.
enum class SkipReason {
  ignored,     ///< a pattern of .gitignore, .git/info/exclude or .spencerignore
  hidden,      ///< the name begins with a dot
  vendored,    ///< installed packages: node_modules, bower_components, a Python environment
  symlink,     ///< links are not followed: what they point to is indexed where it lies
  special,     ///< neither a file nor a folder
  too_large,   ///< over WalkOptions::max_file_bytes
  unreadable,  ///< the operating system refused
  binary,      ///< holds a NUL byte
  minified,    ///< machine-packed text: lines far too long to read
  generated,   ///< by a marker in its first lines, or a name that says so (lock files, *_pb2.py)
  empty,       ///< nothing but white space
};

/// One word, as `--dry-run` prints it: "ignored", "too large", ...
std::string_view to_string(SkipReason reason);

struct WalkOptions {
  std::int64_t max_file_bytes = 1 << 20;  ///< larger files are skipped; > 0
  bool ignore_files = true;               ///< obey .gitignore, .git/info/exclude, .spencerignore
  bool hidden = false;                    ///< take hidden files and folders too (never .git)
  bool vendored = false;                  ///< take folders of installed packages too
  bool generated = false;                 ///< take generated and minified files too
  void validate() const;                  ///< @throws Error{invalid_argument}
};

struct SourceFile {
  std::string path;              ///< relative to the root, '/' between folders
  std::int64_t bytes = 0;        ///< size on disk
  std::int64_t modified_ns = 0;  ///< since the epoch of the file system's clock
};

struct SkippedPath {
  std::string path;  ///< relative to the root; a folder ends in '/', and stands for all it holds
  SkipReason reason = SkipReason::ignored;
};

struct WalkResult {
  std::vector<SourceFile> files;     ///< sorted by path, folder by folder
  std::vector<SkippedPath> skipped;  ///< in the same order
};

/// Lists a tree without reading its files: SkipReason::binary and those after it but for
/// `generated` (by name) are found by load_source().
///
/// Ignore rules are git's (gitignore(5)) with these bounds: rules begin at the root of the work
/// tree that holds `root` (its nearest ancestor with a .git), so that a subfolder is walked as the
/// whole is; without one they begin at `root`. A nested work tree begins anew. Tracked files are
/// not exempt, and the user's own core.excludesFile is not read: a tree gives the same list to
/// everybody. A .spencerignore has the same syntax and goes before the .gitignore files.
/// @param root a folder, or one file (then rules are not asked)
/// @throws Error{not_found} if `root` is not there, Error{interrupted} through `stop`
WalkResult walk(const std::filesystem::path& root, const WalkOptions& options = {},
                const StopFlag* stop = nullptr);

struct LoadedSource {
  bool skipped = false;
  SkipReason reason = SkipReason::empty;  ///< where skipped
  std::string text;                       ///< where not: valid UTF-8, bad bytes as U+FFFD, no BOM
  std::string language;                   ///< where not: detect_language()
};

/// Reads one file of a walk and judges its content. UTF-16 with a byte order mark is converted.
/// Never throws for what is wrong with a file: that is a reason.
LoadedSource load_source(const std::filesystem::path& root, const std::string& path,
                         const WalkOptions& options = {});

}  // namespace spencer
