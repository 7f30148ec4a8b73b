// From a source tree to an index: what is new is read, cut, embedded and stored; the rest is kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/model/engine.h"
#include "spencer/source/walk.h"
#include "spencer/store/index_store.h"

namespace spencer {

struct IndexOptions {
  std::filesystem::path root = ".";
  std::filesystem::path index_folder;  ///< empty = `.spencer` in the root
  std::filesystem::path model;         ///< a model folder, or a two-stage one
  EngineOptions engine;
  std::int64_t code_length = 0;  ///< tokens a code is cut to; 0 = what the model says, 256 at most
  AnnKind ann = AnnKind::exact;  ///< other kinds are built from 10,000 records on
  bool rebuild = false;          ///< take nothing over from the index that is there
  WalkOptions walk;
  /// Bytes of source held between reading and embedding. Of larger trees, the files beyond are
  /// read a second time when their turn comes; >= 0
  std::int64_t held_bytes = 64 << 20;

  /// @throws Error{invalid_argument} naming field, value and what is allowed
  void validate() const;
  std::filesystem::path resolved_index_folder() const;
};

struct IndexSummary {
  std::int64_t files = 0;      ///< that have records, or could have: the skipped ones not counted
  std::int64_t records = 0;    ///< functions, parts of functions, heads of types, windows
  std::int64_t functions = 0;  ///< of the records, those that are functions, methods and the like
  std::map<std::string, std::int64_t> skipped;  ///< paths left out, by to_string(SkipReason)
  std::int64_t added_files = 0;
  std::int64_t changed_files = 0;
  std::int64_t removed_files = 0;
  std::int64_t embedded = 0;     ///< texts that went through the encoder
  std::int64_t reused = 0;       ///< records whose vector was there already
  bool up_to_date = false;       ///< nothing had changed, nothing was written
  std::string fresh_start;       ///< why nothing was taken from the index that was there, or empty
  double seconds = 0;            ///< in all
  double embedding_seconds = 0;  ///< of these, from the loading of the encoder to the last vector

  double embedded_per_second() const {
    return embedding_seconds > 0 ? static_cast<double>(embedded) / embedding_seconds : 0;
  }
};

/// Brings the index up to date. With nothing changed, libtorch is not loaded and nothing is
/// written. Searches go on meanwhile, on the index as it was.
/// @throws Error{not_found} if the root or the model is not there; Error{invalid_argument} if
///         another process is writing; Error{interrupted} through `stop`, and then the next run
///         goes on with the vectors made so far; Error{io} and what `load_engine` throws
IndexSummary build_index(const IndexOptions& options, Progress& progress, const StopFlag& stop);

enum class FileState { added, changed, unchanged };
std::string_view to_string(FileState state);

struct PlannedFile {
  std::string path;
  std::string language;
  std::int64_t bytes = 0;
  FileState state = FileState::added;
};

struct IndexPlan {
  std::vector<PlannedFile> files;    ///< in the order of their paths
  std::vector<SkippedPath> skipped;  ///< likewise
  std::vector<std::string> removed;  ///< in the index, no longer in the tree
};

/// What `build_index` would take and leave out. Needs neither model nor libtorch; writes nothing.
IndexPlan plan_index(const IndexOptions& options, const StopFlag& stop);

}  // namespace spencer
