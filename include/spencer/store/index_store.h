// The index folder: generations of vectors (mapped into memory) and records (SQLite).
//
// A generation is written beside the ones before it and becomes current by one atomic rename, so
// readers see a whole index at every moment and a killed writer leaves the old one untouched.
// docs/formats.md describes the files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spencer/base/hash.h"
#include "spencer/base/stop.h"
#include "spencer/source/record.h"

namespace spencer {

inline constexpr int kIndexVersion = 1;         // 1: first published
inline constexpr int kOldestReadableIndex = 1;  // raise only together with a note in CHANGELOG.md

/// Position of a record in its generation, and the row of its vector; counted from 0.
using RecordId = std::int64_t;

enum class AnnKind { exact, hnsw, ivfpq };

/// What an index says of itself; `manifest.json`.
struct IndexManifest {
  int version = kIndexVersion;
  std::string model_name;         ///< the model folder's name, for people
  std::string model_path;         ///< where it was, so that a search finds it again
  std::string model_fingerprint;  ///< of the *code* encoder, see ModelFolder::fingerprint
  std::int64_t dimension = 0;
  int exit_layer = 0;            ///< 0 = the last
  std::int64_t code_length = 0;  ///< tokens a code was cut to
  std::string extraction;        ///< names the rules that make records and the texts embedded
  AnnKind ann = AnnKind::exact;
  std::int64_t records = 0;
  std::int64_t files = 0;  ///< without the skipped ones
};

/// A file as it was when indexed; equal size and time mean it need not be read again.
struct FileEntry {
  std::string path;  ///< relative to the indexed root
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  Hash128 content;
  std::string skipped;  ///< why it was left out once it had been read; empty for an indexed file
};

/// Which records may be returned; applied before the top k is taken. Empty = no restriction.
struct RecordFilter {
  std::vector<std::string> languages;
  std::vector<std::string> kinds;
  /// As in .gitignore: `*` stays in a folder, `**` does not; a pattern with a slash counts from
  /// the root ("src/" is all below src), one without matches at any depth; `!` excludes; of those
  /// that match a path, the last decides.
  std::vector<std::string> path_globs;
  bool empty() const { return languages.empty() && kinds.empty() && path_globs.empty(); }
};

/// How many records of one language and kind there are.
struct RecordCount {
  std::string language;
  std::string kind;
  std::int64_t records = 0;
};

struct ScoredRecord {
  RecordId id = -1;
  float score = 0;  ///< inner product; the cosine for unit vectors
};

/// An open generation. Stays valid while a writer makes the next one. May be read by one thread.
class IndexReader {
 public:
  /// Files of up to 64 MB are held against their checksums at once; larger ones are checked for
  /// size, and their records one by one as they are read.
  /// @throws Error{not_found} if there is no index, Error{corrupt} if sizes or checksums do not
  ///         fit, Error{unsupported_version}
  static std::unique_ptr<IndexReader> open(const std::filesystem::path& index_folder);
  virtual ~IndexReader() = default;

  virtual const IndexManifest& manifest() const = 0;
  /// The k best by inner product, best first; equal scores in record order. Exact unless the index
  /// was built with another `ann`; scores are exact always. Fewer than k only where the filter
  /// lets fewer through.
  /// @param query float32 [dimension], finite  @param k >= 1
  /// @throws Error{shape, invalid_argument, corrupt}
  virtual std::vector<ScoredRecord> search(std::span<const float> query, std::int64_t k,
                                           const RecordFilter& filter) const = 0;
  virtual CodeRecord record(RecordId id) const = 0;
  /// float32 [dimension]; valid while the reader lives.
  virtual std::span<const float> vector(RecordId id) const = 0;
  /// The innermost record that holds a line, or none.
  virtual std::optional<RecordId> find(const std::string& path, std::int32_t line) const = 0;
  /// In the order they were added.
  virtual std::vector<FileEntry> files() const = 0;
  /// By language, then kind: for summaries, and to name what a filter may ask for.
  virtual std::vector<RecordCount> contents() const = 0;
  /// Reads every byte. @throws Error{corrupt} naming the file that does not fit its checksum
  virtual void verify() const = 0;
};

/// Writes one new generation. Held by one process at a time. Nothing is visible before `commit`;
/// without it the generation is dropped, and the vectors stay in a journal for the next writer.
class IndexWriter {
 public:
  /// Takes the folder's lock, clears what a killed writer left, and opens the current generation,
  /// if there is one made with the same model and settings, to take unchanged vectors from.
  /// @param settings `records` and `files` are not read: the writer counts
  /// @param rebuild take nothing from the current generation and nothing from the journal
  /// @throws Error{invalid_argument} if another process is writing, Error{io}
  static std::unique_ptr<IndexWriter> open(const std::filesystem::path& index_folder,
                                           const IndexManifest& settings, bool rebuild = false);
  virtual ~IndexWriter() = default;

  /// Why nothing is taken from the generation that is there (another model, damage, ...); empty if
  /// it is continued, or if there is none.
  virtual const std::string& fresh_start() const = 0;
  /// The vector of a text embedded before: by the current generation, by this writer, or by one
  /// that was killed before it could commit. Empty if there is none. Valid until the next call.
  virtual std::span<const float> known_vector(const Hash128& text) = 0;
  /// Files of the current generation that `keep_file` takes; empty if it is not continued, or was
  /// made under another `extraction`.
  virtual const std::vector<FileEntry>& known_files() const = 0;

  /// Takes an unchanged file and its records and vectors over. @param file one of `known_files`,
  /// by its path; size, time and content are stored as given
  virtual void keep_file(const FileEntry& file) = 0;
  /// Begins a new or changed file; the records that follow are its own.
  virtual void add_file(const FileEntry& file) = 0;
  /// Adds a record of the file begun last. `text` is the hash of what was embedded.
  /// @param vector float32 [dimension], finite
  virtual void add_record(const CodeRecord& record, const Hash128& text,
                          std::span<const float> vector) = 0;
  /// Stores a vector in the journal before its record's turn, so that it survives a kill.
  virtual void remember(const Hash128& text, std::span<const float> vector) = 0;
  /// Builds the ANN structure where asked for, flushes, and makes this generation the current one.
  /// @throws Error{interrupted} if `stop` is requested meanwhile
  virtual void commit(const StopFlag* stop = nullptr) = 0;
};

}  // namespace spencer
