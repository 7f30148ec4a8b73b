#include "spencer/train/snippets.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/base/text.h"
#include "spencer/source/extract.h"
#include "spencer/source/walk.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFileBytes = 16384;  // of a file's beginning, beyond any model's length

using Sink = std::function<void(RepositoryCode&&)>;

bool is_repository(const fs::path& folder) { return fs::exists(folder / ".git"); }

std::vector<fs::path> repositories_in(const fs::path& folder) {
  if (is_repository(folder)) return {folder};
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (entry.is_directory() && !hidden) found.push_back(entry.path());
  }
  if (found.empty()) {
    throw Error(ErrorKind::not_found, folder.string() +
                                          " is no repository (it has no .git) and no folder of "
                                          "repositories (it has no folder)");
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// @return files read
std::int64_t read_repository(const fs::path& root, SnippetKind kind, const Sink& sink,
                             const StopFlag* stop) {
  const std::string name = root.lexically_normal().string();
  std::int64_t files = 0;
  for (const SourceFile& file : walk(root, {}, stop).files) {
    if (stop != nullptr) stop->check();
    const LoadedSource source = load_source(root, file.path);
    if (source.skipped) continue;
    ++files;
    if (kind == SnippetKind::file) {
      sink({name + "/" + file.path, name,
            to_valid_utf8(std::string_view(source.text).substr(0, kFileBytes))});
      continue;
    }
    for (CodeRecord& record : extract(file.path, source.text, source.language)) {
      if (!is_function(record.kind)) continue;
      sink({name + "/" + record.path + ":" + std::to_string(record.start_line), name,
            std::move(record.code)});
    }
  }
  return files;
}

void append(ReadReport& all, ReadReport&& more) {
  all.records += more.records;
  all.skipped += more.skipped;
  std::ranges::move(more.first_errors, std::back_inserter(all.first_errors));
}

}  // namespace

void SnippetSet::add(RepositoryCode&& code) {
  if (code.code.find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
    ++report_.empty;
    return;
  }
  if (!codes_.insert(hash128(code.code)).second) {
    ++report_.repeated;
    return;
  }
  const auto [place, is_new] = repository_positions_.emplace(
      code.repository, static_cast<std::int32_t>(repositories_.size()));
  if (is_new) repositories_.push_back(std::move(code.repository));
  snippets_.push_back({std::move(code.id), std::move(code.code), place->second});
}

std::string SnippetSet::checksum() const {
  std::string bytes;
  for (const Snippet& snippet : snippets_) {
    bytes += hash128(snippet.code).hex() + ' ' + std::to_string(snippet.repository) + '\n';
  }
  return hash128(bytes).hex();
}

SnippetSet read_snippets(std::span<const fs::path> data, const ReadOptions& options,
                         SnippetKind kind, const StopFlag* stop) {
  SnippetSet set;
  const Sink sink = [&](RepositoryCode&& code) { set.add(std::move(code)); };
  for (const fs::path& path : data) {
    if (!fs::is_directory(path)) {
      append(set.report_.reading, read_repository_codes({&path, 1}, options, sink));
      continue;
    }
    for (const fs::path& root : repositories_in(path)) {
      set.report_.files += read_repository(root, kind, sink, stop);
    }
  }
  if (set.snippets_.empty()) {
    const SnippetReport& report = set.report_;
    throw Error(ErrorKind::corrupt,
                "there is no code to train on: " + std::to_string(report.reading.records) +
                    " records and " + std::to_string(report.files) + " source files were read, " +
                    std::to_string(report.reading.skipped) + " records were bad, " +
                    std::to_string(report.empty) + " had empty code");
  }
  return set;
}

}  // namespace spencer
