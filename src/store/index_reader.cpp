#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/store/index_store.h"

#include "store/ann.h"
#include "store/database.h"
#include "store/exact_search.h"
#include "store/generation.h"
#include "store/glob.h"
#include "store/records.h"
#include "store/vector_file.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

/// Files up to this size are read whole at opening to hold them against their checksums: a few
/// milliseconds when warm. Larger ones are checked for size then, records one by one as they are
/// read, and all of it by `verify`.
constexpr std::uint64_t kCheckedAtOpen = 64u << 20;
/// With more rows than this let through a filter, an approximate search is asked first.
constexpr std::int64_t kFilteredByScan = 50000;

class OpenGeneration final : public IndexReader {
 public:
  explicit OpenGeneration(const Generation& generation)
      : folder_(generation.folder),
        stored_(read_manifest(generation)),
        vectors_((check_size(kVectorsFile), folder_ / kVectorsFile)),
        records_((check_size(kRecordsFile), folder_ / kRecordsFile), Database::Access::read) {
    const IndexManifest& manifest = stored_.manifest;
    if (vectors_.rows() != manifest.records || vectors_.dimension() != manifest.dimension ||
        vectors_.stated_checksum() != section(kVectorsFile).checksum) {
      throw_corrupt(folder_ / kVectorsFile, "it is not the file that the manifest describes");
    }
    if (stored_.sections.contains(kAnnFile)) {
      check_size(kAnnFile);
      ann_file_ = MappedFile(folder_ / kAnnFile);
    }
    if (vectors_.bytes() <= kCheckedAtOpen) vectors_.verify();
    if (section(kRecordsFile).bytes <= kCheckedAtOpen) verify_records();
    check_record_table(records_, manifest);
  }

  const IndexManifest& manifest() const override { return stored_.manifest; }

  std::vector<ScoredRecord> search(std::span<const float> query, std::int64_t k,
                                   const RecordFilter& filter) const override {
    check_query(query, k);
    const std::int64_t rows = vectors_.rows();
    const RowRanges ranges = filter.empty() ? RowRanges{{0, rows}} : allowed_rows(filter);
    k = std::min(k, count_rows(ranges));
    if (k == 0) return {};
    if (ann_file_.size() > 0 && (filter.empty() || count_rows(ranges) > kFilteredByScan)) {
      auto found = ann().search(query, k, ranges);
      if (std::ssize(found) == k) return found;  // fewer: the filter hid what the structure offered
    }
    return exact_search(vectors_, query, k, ranges);
  }

  CodeRecord record(RecordId id) const override {
    check_id(id);
    return read_record(records_, id);
  }

  std::span<const float> vector(RecordId id) const override {
    check_id(id);
    return vectors_.row(id);
  }

  std::optional<RecordId> find(const std::string& path, std::int32_t line) const override {
    Statement statement(records_,
                        "SELECT r.id FROM files f JOIN records r ON r.id >= f.first_record AND "
                        "r.id < f.first_record + f.records WHERE f.path = ?1 AND "
                        "r.start_line <= ?2 AND r.end_line >= ?2 "
                        "ORDER BY r.end_line - r.start_line, r.id LIMIT 1");
    statement.bind_text(1, path).bind(2, line);
    if (!statement.step()) return std::nullopt;
    const RecordId id = statement.integer(0);
    if (id < 0 || id >= vectors_.rows()) {
      throw_corrupt(records_.path(), "it names records that do not exist");
    }
    return id;
  }

  std::vector<FileEntry> files() const override { return read_files(records_); }

  std::vector<RecordCount> contents() const override { return count_kinds(records_); }

  void verify() const override {
    vectors_.verify();
    verify_records();
    if (ann_file_.size() > 0) verify_ann();
  }

 private:
  const Section& section(const char* name) const {
    const auto found = stored_.sections.find(name);
    if (found == stored_.sections.end()) {
      throw_corrupt(folder_ / kManifestFile, std::string("it does not list ") + name);
    }
    return found->second;
  }

  void check_size(const char* name) const {
    std::error_code failure;
    const auto size = fs::file_size(folder_ / name, failure);
    if (failure == std::errc::no_such_file_or_directory) {
      throw Error(ErrorKind::not_found, (folder_ / name).string() + " is not there");
    }
    if (failure) {
      throw Error(ErrorKind::io,
                  "cannot read " + (folder_ / name).string() + ": " + failure.message());
    }
    if (size != section(name).bytes) {
      throw_corrupt(folder_ / name, "it has " + std::to_string(size) + " bytes in place of " +
                                        std::to_string(section(name).bytes));
    }
  }

  void verify_records() const {
    if (file_checksum(folder_ / kRecordsFile) != section(kRecordsFile).checksum) {
      throw_corrupt(folder_ / kRecordsFile, "its checksum does not fit");
    }
  }

  void verify_ann() const {
    const auto bytes = ann_file_.bytes();
    if (hex_checksum(hash64({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) !=
        section(kAnnFile).checksum) {
      throw_corrupt(folder_ / kAnnFile, "its checksum does not fit");
    }
  }

  const AnnSearch& ann() const {
    if (!ann_) {
      verify_ann();  // faiss trusts what it reads
      ann_ = AnnSearch::load(ann_file_.bytes(), stored_.manifest.ann, vectors_, folder_ / kAnnFile);
    }
    return *ann_;
  }

  void check_query(std::span<const float> query, std::int64_t k) const {
    if (std::ssize(query) != vectors_.dimension()) {
      throw Error(ErrorKind::shape, "the query has " + std::to_string(query.size()) +
                                        " numbers, the index's vectors have " +
                                        std::to_string(vectors_.dimension()));
    }
    if (k < 1) {
      throw Error(ErrorKind::invalid_argument, "k must be 1 or more, not " + std::to_string(k));
    }
    if (!std::all_of(query.begin(), query.end(), [](float x) { return std::isfinite(x); })) {
      throw Error(ErrorKind::invalid_argument,
                  "the query's vector holds a number that is not finite");
    }
  }

  void check_id(RecordId id) const {
    if (id < 0 || id >= vectors_.rows()) {
      throw Error(ErrorKind::invalid_argument, "there is no record " + std::to_string(id) +
                                                   "; the index has " +
                                                   std::to_string(vectors_.rows()));
    }
  }

  RowRanges allowed_rows(const RecordFilter& filter) const {
    const std::int64_t rows = vectors_.rows();
    RowRanges ranges = {{0, rows}};
    if (!filter.path_globs.empty()) ranges = rows_in_paths(records_, rows, filter.path_globs);
    if (!filter.languages.empty() || !filter.kinds.empty()) {
      ranges = intersect(ranges, rows_of_kind(records_, rows, filter.languages, filter.kinds));
    }
    return ranges;
  }

  fs::path folder_;
  StoredManifest stored_;
  VectorFile vectors_;
  mutable Database records_;  // a connection changes when it is read from
  MappedFile ann_file_;
  mutable std::unique_ptr<AnnSearch> ann_;  // loaded by the first search that wants it
};

}  // namespace

std::unique_ptr<IndexReader> IndexReader::open(const fs::path& index_folder) {
  // A writer may publish the next generation and remove this one between two of our steps.
  Generation generation = current_generation(index_folder);
  while (true) {
    try {
      return std::make_unique<OpenGeneration>(generation);
    } catch (const Error& error) {
      const Generation now = current_generation(index_folder);
      if (now.folder != generation.folder) {
        generation = now;
        continue;
      }
      if (error.kind() == ErrorKind::not_found) throw_corrupt(generation.folder, error.what());
      throw;
    }
  }
}

}  // namespace spencer
