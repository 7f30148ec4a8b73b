#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "spencer/base/error.h"
#include "spencer/index/indexer.h"

namespace spencer {
namespace {

/// Entries of the index that is there, whatever its settings; none if it cannot be read.
std::vector<FileEntry> indexed_files(const IndexOptions& options) {
  if (options.rebuild) return {};
  try {
    return IndexReader::open(options.resolved_index_folder())->files();
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

void IndexOptions::validate() const {
  engine.validate();
  walk.validate();
  const auto refuse = [](const std::string& field, std::int64_t value, const char* allowed) {
    throw Error(ErrorKind::invalid_argument,
                field + " is " + std::to_string(value) + "; it must be " + allowed);
  };
  if (code_length != 0 && code_length < 16) refuse("code_length", code_length, "0, or 16 and more");
  if (held_bytes < 0) refuse("held_bytes", held_bytes, "0 or more");
  std::error_code failure;
  if (!std::filesystem::exists(root, failure)) {
    throw Error(ErrorKind::not_found, "there is no folder " + root.string() + " to index");
  }
  if (!std::filesystem::is_directory(root, failure)) {
    throw Error(ErrorKind::invalid_argument, root.string() + " is not a folder");
  }
}

std::filesystem::path IndexOptions::resolved_index_folder() const {
  return index_folder.empty() ? root / ".spencer" : index_folder;
}

std::string_view to_string(FileState state) {
  switch (state) {
    case FileState::added: return "new";
    case FileState::changed: return "changed";
    case FileState::unchanged: return "unchanged";
  }
  return "unknown";
}

IndexPlan plan_index(const IndexOptions& options, const StopFlag& stop) {
  options.validate();
  WalkResult tree = walk(options.root, options.walk, &stop);
  std::unordered_map<std::string, FileEntry> known;
  for (FileEntry& entry : indexed_files(options)) known.emplace(entry.path, std::move(entry));

  IndexPlan plan;
  std::vector<SkippedPath> unfit;
  for (const SourceFile& file : tree.files) {
    stop.check();
    const LoadedSource source = load_source(options.root, file.path, options.walk);
    const auto found = known.find(file.path);
    if (source.skipped) {
      unfit.push_back({file.path, source.reason});
    } else {
      PlannedFile planned{file.path, source.language, file.bytes, FileState::added};
      if (found != known.end() && found->second.skipped.empty()) {
        const bool same = found->second.content == hash128(source.text);
        planned.state = same ? FileState::unchanged : FileState::changed;
      }
      plan.files.push_back(std::move(planned));
    }
    if (found != known.end()) known.erase(found);
  }
  plan.skipped.resize(tree.skipped.size() + unfit.size());
  std::merge(tree.skipped.begin(), tree.skipped.end(), unfit.begin(), unfit.end(),
             plan.skipped.begin(),
             [](const SkippedPath& a, const SkippedPath& b) { return a.path < b.path; });
  for (const auto& [path, entry] : known) {
    if (entry.skipped.empty()) plan.removed.push_back(path);
  }
  std::sort(plan.removed.begin(), plan.removed.end());
  return plan;
}

}  // namespace spencer
