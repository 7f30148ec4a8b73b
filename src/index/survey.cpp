#include "index/survey.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

namespace spencer {
namespace {

using KnownFiles = std::unordered_map<std::string_view, const FileEntry*>;

KnownFiles by_path(const std::vector<FileEntry>& entries) {
  KnownFiles known;
  for (const FileEntry& entry : entries) known.emplace(entry.path, &entry);
  return known;
}

bool same_stat(const SourceFile& file, const FileEntry& entry) {
  return file.bytes == entry.size && file.modified_ns == entry.modified_ns;
}

/// Calls `work(i)` for i in [0, count) from several threads; the calling one reports progress.
/// The first exception ends the others' work and is thrown on.
template <typename Work>
void for_each_parallel(std::size_t count, int threads, Progress& progress, const StopFlag& stop,
                       Work work) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::int64_t> done{0};
  std::int64_t reported = 0;
  std::exception_ptr failure;
  std::mutex failure_guard;
  const auto report = [&] {
    const std::int64_t now = done;
    progress.advance(now - std::exchange(reported, now));
  };
  const auto run = [&](bool reports) {
    try {
      for (std::size_t i = next++; i < count; i = next++) {
        stop.check();
        work(i);
        ++done;
        if (reports) report();
      }
    } catch (...) {
      next = count;
      const std::lock_guard guard(failure_guard);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t most = std::min(count, static_cast<std::size_t>(threads));
    for (std::size_t i = 1; i < most; ++i) others.emplace_back(run, false);
    run(true);
  }
  report();
  if (failure) std::rethrow_exception(failure);
}

/// @param old its entry in the index, or null  @param held bytes of records held so far
void read_into(SurveyedFile& file, const FileEntry* old, const ReadOptions& options,
               std::atomic<std::int64_t>& held, std::int64_t held_bytes) {
  const bool comparable = old != nullptr && old->skipped.empty();
  ReadFile read = read_source(options, file.entry.path, comparable ? &old->content : nullptr);
  file.changed = old != nullptr;
  file.unreadable = read.skipped == SkipReason::unreadable;
  if (read.skipped) {
    file.entry.skipped = to_string(*read.skipped);
    file.held = true;
    return;
  }
  file.entry.content = read.content;
  file.keep = comparable && read.content == old->content;
  file.held = (held += read.bytes) <= held_bytes;
  if (file.held) file.records = std::move(read.records);
  file.texts = std::move(read.texts);
}

}  // namespace

bool unchanged(const std::vector<SourceFile>& tree, const std::vector<FileEntry>& known) {
  if (tree.size() != known.size()) return false;
  const KnownFiles entries = by_path(known);
  return std::all_of(tree.begin(), tree.end(), [&](const SourceFile& file) {
    const auto found = entries.find(file.path);
    return found != entries.end() && same_stat(file, *found->second);
  });
}

Survey survey(const std::vector<SourceFile>& tree, const std::vector<FileEntry>& known,
              const ReadOptions& options, std::int64_t held_bytes, int threads, Progress& progress,
              const StopFlag& stop) {
  Survey result;
  const KnownFiles entries = by_path(known);
  std::vector<std::size_t> to_read;
  std::int64_t met = 0;
  for (const SourceFile& file : tree) {
    SurveyedFile& surveyed = result.files.emplace_back();
    surveyed.entry = {file.path, file.bytes, file.modified_ns, {}, {}};
    const auto found = entries.find(file.path);
    met += found != entries.end();
    if (found != entries.end() && same_stat(file, *found->second)) {
      surveyed.entry = *found->second;
      surveyed.keep = true;
    } else {
      to_read.push_back(result.files.size() - 1);
    }
  }
  result.removed = static_cast<std::int64_t>(known.size()) - met;

  std::atomic<std::int64_t> held{0};
  progress.begin("reading", static_cast<std::int64_t>(to_read.size()), "files");
  for_each_parallel(to_read.size(), threads, progress, stop, [&](std::size_t i) {
    SurveyedFile& file = result.files[to_read[i]];
    const auto found = entries.find(file.entry.path);
    read_into(file, found != entries.end() ? found->second : nullptr, options, held, held_bytes);
  });
  progress.end();

  for (const SurveyedFile& file : result.files) {
    result.unreadable += file.unreadable;
    result.removed += file.unreadable && file.changed;  // it was readable once
  }
  result.touched = std::ssize(to_read) > result.unreadable || result.removed > 0;
  std::erase_if(result.files, [](const SurveyedFile& file) { return file.unreadable; });
  return result;
}

}  // namespace spencer
