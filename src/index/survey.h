// What has changed since the index was written: the first pass over a tree.
#pragma once

#include <cstdint>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/store/index_store.h"

#include "index/file_reader.h"

namespace spencer {

/// A file of the tree and what is to be done about it.
struct SurveyedFile {
  FileEntry entry;
  bool keep = false;     ///< its records are taken over as they are
  bool changed = false;  ///< it was in the index with other content (else, if not kept, it is new)
  bool held = false;     ///< its records are here; else it is read again when its turn comes
  bool unreadable = false;
  std::vector<CodeRecord> records;
  std::vector<Hash128> texts;  ///< of its records, held or not
};

struct Survey {
  std::vector<SurveyedFile> files;  ///< in the order of their paths
  std::int64_t unreadable = 0;      ///< not among them: they are tried again next time
  std::int64_t removed = 0;         ///< files of the index that are no longer in the tree
  bool touched = false;  ///< some file differs from its entry, be it only by its time, or is gone
};

/// True if the tree has exactly the files of the index, of the same sizes and times.
bool unchanged(const std::vector<SourceFile>& tree, const std::vector<FileEntry>& known);

/// Reads and cuts what is new or changed, in `threads` threads.
/// @param known entries that may be kept  @param held_bytes bound on what `records` take together
Survey survey(const std::vector<SourceFile>& tree, const std::vector<FileEntry>& known,
              const ReadOptions& options, std::int64_t held_bytes, int threads, Progress& progress,
              const StopFlag& stop);

}  // namespace spencer
