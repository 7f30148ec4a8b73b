// Walks a tree folder by folder, under the ignore rules in force there.
#include "spencer/source/walk.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include <sys/stat.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"

#include "source/generated.h"
#include "source/ignore.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

std::string read_rules(const fs::path& path) {
  std::error_code error;
  try {
    return fs::is_regular_file(path, error) ? read_file(path) : std::string();
  } catch (const Error&) {
    return {};  // as git: rules that cannot be read are none
  }
}

/// The folder of a work tree's own data: `.git`, or what a `.git` file points to.
fs::path git_folder(const fs::path& work_tree) {
  const fs::path dot_git = work_tree / ".git";
  std::error_code ignored;
  if (fs::is_directory(dot_git, ignored)) return dot_git;
  std::string text = read_rules(dot_git);
  constexpr std::string_view kMark = "gitdir: ";
  if (!text.starts_with(kMark)) return {};
  text.erase(0, kMark.size());
  text.erase(std::min(text.find_first_of("\r\n"), text.size()));
  const fs::path folder = work_tree / text;
  std::string common = read_rules(folder / "commondir");  // of a linked work tree
  common.erase(std::min(common.find_first_of("\r\n"), common.size()));
  return common.empty() ? folder : folder / common;
}

/// The ignore files in force in a folder; the last that has a say decides. Spencer's own go first.
class Rules {
 public:
  struct Mark {
    std::size_t git = 0;
    std::size_t own = 0;
    std::size_t git_begin = 0;
  };

  /// @param base the walk's base on disk  @param folder relative to it
  Mark enter(const fs::path& base, const std::string& folder) {
    const Mark mark{git_.size(), own_.size(), git_begin_};
    const fs::path place = base / folder;
    std::error_code ignored;
    if (fs::exists(place / ".git", ignored)) {  // a work tree: what lies above says nothing
      git_begin_ = git_.size();
      add(git_, read_rules(git_folder(place) / "info" / "exclude"), folder);
    }
    add(git_, read_rules(place / ".gitignore"), folder);
    add(own_, read_rules(place / ".spencerignore"), folder);
    return mark;
  }

  void leave(const Mark& mark) {
    git_.erase(git_.begin() + static_cast<std::ptrdiff_t>(mark.git), git_.end());
    own_.erase(own_.begin() + static_cast<std::ptrdiff_t>(mark.own), own_.end());
    git_begin_ = mark.git_begin;
  }

  bool ignored(std::string_view path, bool is_folder) const {
    for (auto file = own_.rbegin(); file != own_.rend(); ++file) {
      if (const auto verdict = file->match(path, is_folder)) return *verdict;
    }
    for (std::size_t i = git_.size(); i > git_begin_; --i) {
      if (const auto verdict = git_[i - 1].match(path, is_folder)) return *verdict;
    }
    return false;
  }

 private:
  static void add(std::vector<IgnoreFile>& files, std::string_view text,
                  const std::string& folder) {
    IgnoreFile file(text, folder);
    if (!file.empty()) files.push_back(std::move(file));
  }

  std::vector<IgnoreFile> git_;
  std::vector<IgnoreFile> own_;
  std::size_t git_begin_ = 0;
};

class Walker {
 public:
  Walker(const WalkOptions& options, const StopFlag* stop) : options_(options), stop_(stop) {}

  WalkResult run(const fs::path& root) {
    root_ = root;
    fs::path base = options_.ignore_files ? work_tree_of(root) : root;
    // Rules of the folders above the root come first; if they ignore the root itself, that does
    // not count: it was asked for.
    std::string folder;
    const fs::path below = root.lexically_relative(base);
    base_ = base;
    if (below != ".") {
      for (const fs::path& part : below) {
        if (options_.ignore_files) rules_.enter(base_, folder);
        if (!folder.empty()) folder += '/';
        folder += part.string();
      }
    }
    prefix_ = folder.empty() ? 0 : folder.size() + 1;
    visit(folder);
    return std::move(result_);
  }

 private:
  struct Child {
    std::string name;
    struct stat status = {};
    int error = 0;
  };

  static fs::path work_tree_of(const fs::path& root) {
    std::error_code ignored;
    for (fs::path at = root;; at = at.parent_path()) {
      if (fs::exists(at / ".git", ignored)) return at;
      if (at == at.parent_path()) return root;
    }
  }

  /// False if the folder cannot be listed.
  bool list(const fs::path& folder, std::vector<Child>& children) const {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      Child child{at->path().filename().string()};
      if (lstat(at->path().c_str(), &child.status) != 0) child.error = errno;
      children.push_back(std::move(child));
    }
    std::sort(children.begin(), children.end(),
              [](const Child& a, const Child& b) { return a.name < b.name; });
    return !error;
  }

  void visit(const std::string& folder) {
    if (stop_ != nullptr) stop_->check();
    std::vector<Child> children;
    if (!list(base_ / folder, children)) {
      skip(folder.empty() ? "." : folder, true, SkipReason::unreadable);
    }
    Rules::Mark mark;
    if (options_.ignore_files) mark = rules_.enter(base_, folder);
    for (const Child& child : children) {
      const std::string path = folder.empty() ? child.name : folder + "/" + child.name;
      const bool is_folder = child.error == 0 && S_ISDIR(child.status.st_mode);
      if (const auto reason = judge(child, path, is_folder)) {
        skip(path, is_folder, *reason);
      } else if (is_folder) {
        visit(path);
      } else {
        result_.files.push_back(
            {path.substr(prefix_), child.status.st_size,
             child.status.st_mtim.tv_sec * 1'000'000'000LL + child.status.st_mtim.tv_nsec});
      }
    }
    if (options_.ignore_files) rules_.leave(mark);
  }

  std::optional<SkipReason> judge(const Child& child, const std::string& path,
                                  bool is_folder) const {
    const mode_t mode = child.status.st_mode;
    if (child.name == ".git") return SkipReason::hidden;
    if (options_.ignore_files && rules_.ignored(path, is_folder)) return SkipReason::ignored;
    if (!options_.hidden && child.name.starts_with('.')) return SkipReason::hidden;
    if (child.error != 0) return SkipReason::unreadable;
    if (S_ISLNK(mode)) return SkipReason::symlink;
    if (is_folder) {
      return !options_.vendored && is_vendored(child.name, base_ / path)
                 ? std::optional(SkipReason::vendored)
                 : std::nullopt;
    }
    if (!S_ISREG(mode)) return SkipReason::special;
    if (child.status.st_size > options_.max_file_bytes) return SkipReason::too_large;
    if (child.status.st_size == 0) return SkipReason::empty;
    if (!options_.generated && is_generated_name(child.name)) return SkipReason::generated;
    if (!options_.generated && is_minified_name(child.name)) return SkipReason::minified;
    return std::nullopt;
  }

  static bool is_vendored(const std::string& name, const fs::path& folder) {
    std::error_code ignored;
    return name == "node_modules" || name == "bower_components" || name == "__pycache__" ||
           fs::exists(folder / "pyvenv.cfg", ignored);
  }

  void skip(const std::string& path, bool is_folder, SkipReason reason) {
    const std::string shown = path.size() >= prefix_ ? path.substr(prefix_) : std::string(".");
    result_.skipped.push_back({is_folder ? shown + "/" : shown, reason});
  }

  const WalkOptions& options_;
  const StopFlag* stop_;
  fs::path root_;
  fs::path base_;
  std::size_t prefix_ = 0;  ///< bytes of a path that lead from the base to the root
  Rules rules_;
  WalkResult result_;
};

}  // namespace

std::string_view to_string(SkipReason reason) {
  switch (reason) {
    case SkipReason::ignored: return "ignored";
    case SkipReason::hidden: return "hidden";
    case SkipReason::vendored: return "installed packages";
    case SkipReason::symlink: return "symbolic link";
    case SkipReason::special: return "not a file";
    case SkipReason::too_large: return "too large";
    case SkipReason::unreadable: return "unreadable";
    case SkipReason::binary: return "binary";
    case SkipReason::minified: return "minified";
    case SkipReason::generated: return "generated";
    case SkipReason::empty: return "empty";
  }
  return "";
}

void WalkOptions::validate() const {
  if (max_file_bytes <= 0) {
    throw Error(ErrorKind::invalid_argument,
                "max_file_bytes must be above 0, not " + std::to_string(max_file_bytes));
  }
}

WalkResult walk(const fs::path& root, const WalkOptions& options, const StopFlag* stop) {
  options.validate();
  std::error_code error;
  const fs::path place = fs::canonical(root, error);
  if (error) throw Error(ErrorKind::not_found, root.string() + ": " + error.message());
  if (fs::is_directory(place)) return Walker(options, stop).run(place);
  WalkResult result;
  struct stat status = {};
  if (stat(place.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::not_found, root.string() + " is neither a folder nor a file");
  }
  result.files.push_back({place.filename().string(), status.st_size,
                          status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec});
  return result;
}

}  // namespace spencer
