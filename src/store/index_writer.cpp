#include <cmath>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/store/index_store.h"

#include "store/ann.h"
#include "store/database.h"
#include "store/generation.h"
#include "store/journal.h"
#include "store/records.h"
#include "store/vector_file.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kBusy =
    "another process is writing this index; wait for it to end, then try again";

/// All that decides what a text's vector is.
std::string vector_settings(const IndexManifest& manifest) {
  return manifest.model_fingerprint + " exit " + std::to_string(manifest.exit_layer) + " length " +
         std::to_string(manifest.code_length);
}

fs::path prepared_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    throw Error(ErrorKind::io, "cannot create " + folder.string() + ": " + failure.message());
  }
  return folder;
}

/// The generation that is there, as a source of unchanged files and vectors.
class Previous {
 public:
  /// Reads all of it: what is damaged must not be carried into a new generation.
  explicit Previous(const Generation& generation)
      : stored_(read_manifest(generation)), path_(generation.folder / kRecordsFile) {
    vectors_ = VectorFile(generation.folder / kVectorsFile);
    vectors_.verify();
    if (file_checksum(path_) != stored_.sections.at(kRecordsFile).checksum ||
        vectors_.rows() != stored_.manifest.records) {
      throw_corrupt(path_, "its checksum does not fit");
    }
    Database records(path_, Database::Access::read);
    check_record_table(records, stored_.manifest);
    files_ = read_files(records);
    rows_ = read_text_hashes(records);
  }

  const IndexManifest& manifest() const { return stored_.manifest; }
  const fs::path& records_path() const { return path_; }
  const VectorFile& vectors() const { return vectors_; }
  const std::vector<FileEntry>& files() const { return files_; }
  std::span<const float> find(const Hash128& text) const {
    const auto found = rows_.find(text);
    return found == rows_.end() ? std::span<const float>{} : vectors_.row(found->second);
  }

 private:
  StoredManifest stored_;
  fs::path path_;
  VectorFile vectors_;
  std::vector<FileEntry> files_;
  std::unordered_map<Hash128, RecordId> rows_;
};

/// records.db of the new generation.
class RecordTables {
 public:
  RecordTables(const fs::path& path, const fs::path& previous)
      : database_(path, Database::Access::create) {
    if (!previous.empty()) database_.attach(previous, "old");
    database_.execute(kRecordTables);
    database_.execute("BEGIN");
    file_.emplace(database_, "INSERT INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    record_.emplace(database_, "INSERT INTO records VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    body_.emplace(database_, "INSERT INTO bodies VALUES (?1, ?2, ?3, ?4, ?5)");
    if (previous.empty()) return;
    find_old_.emplace(database_, "SELECT first_record, records FROM old.files WHERE path = ?1");
    keep_records_.emplace(database_,
                          "INSERT INTO records SELECT id + ?1, language, kind, name, start_line, "
                          "end_line, text FROM old.records WHERE id >= ?2 AND id < ?3");
    keep_bodies_.emplace(database_,
                         "INSERT INTO bodies SELECT id + ?1, path, docstring, code, checksum "
                         "FROM old.bodies WHERE id >= ?2 AND id < ?3");
  }

  void add_file(const FileEntry& file, std::int64_t first, std::int64_t count) {
    file_->bind_text(1, file.path).bind(2, file.size).bind(3, file.modified_ns);
    file_->bind_blob(4, as_blob(file.content)).bind_text(5, file.skipped);
    file_->bind(6, first).bind(7, count).run();
  }

  void add_record(RecordId id, const CodeRecord& record, const Hash128& text) {
    record_->bind(1, id).bind_text(2, record.language).bind_text(3, record.kind);
    record_->bind_text(4, record.name).bind(5, record.start_line).bind(6, record.end_line);
    record_->bind_blob(7, as_blob(text)).run();
    body_->bind(1, id).bind_text(2, record.path).bind_text(3, record.docstring);
    body_->bind_text(4, record.code).bind(5, record_checksum(record)).run();
  }

  /// Copies a file's records to ids from `first` on. @return the rows they have had
  RowRange keep_records(const std::string& path, std::int64_t first) {
    find_old_->bind_text(1, path);
    if (!find_old_->step()) {
      find_old_->reset();
      throw Error(ErrorKind::invalid_argument, path + " is not in the index, it cannot be kept");
    }
    const std::int64_t begin = find_old_->integer(0);
    const RowRange range{begin, begin + find_old_->integer(1)};
    find_old_->reset();
    for (Statement* copy : {&*keep_records_, &*keep_bodies_}) {
      copy->bind(1, first - range.begin).bind(2, range.begin).bind(3, range.end).run();
    }
    return range;
  }

  void finish() {
    database_.execute(kRecordIndex);
    database_.execute("COMMIT");
    for (auto* statement : {&file_, &record_, &body_, &find_old_, &keep_records_, &keep_bodies_}) {
      statement->reset();
    }
    database_.close();
    sync_to_disk(database_.path());
  }

 private:
  Database database_;
  std::optional<Statement> file_, record_, body_, find_old_, keep_records_, keep_bodies_;
};

class GenerationWriter final : public IndexWriter {
 public:
  GenerationWriter(const fs::path& index_folder, const IndexManifest& settings, bool rebuild)
      : folder_(prepared_folder(index_folder)),
        lock_(folder_ / kLockFile, std::string(kBusy)),
        manifest_(settings) {
    manifest_.version = kIndexVersion;
    manifest_.records = manifest_.files = 0;
    open_previous(rebuild);
    // Everything here can be made again, so it is kept out of the user's version control.
    std::error_code ignored;
    if (!fs::exists(folder_ / ".gitignore", ignored)) {
      write_file_atomically(folder_ / ".gitignore", "*\n");
    }
    if (rebuild) remove(folder_ / kJournalFile);
    journal_.emplace(folder_ / kJournalFile, vector_settings(settings), settings.dimension);
    generation_ = next_generation(folder_);
    prepared_folder(generation_);
    try {
      vectors_.emplace(generation_ / kVectorsFile, settings.dimension);
      records_.emplace(generation_ / kRecordsFile,
                       previous_ ? previous_->records_path() : fs::path());
    } catch (...) {
      discard();
      throw;
    }
  }
  ~GenerationWriter() override { discard(); }

  const std::string& fresh_start() const override { return fresh_start_; }

  std::span<const float> known_vector(const Hash128& text) override {
    if (previous_) {
      const auto vector = previous_->find(text);
      if (!vector.empty()) return vector;
    }
    return journal_->find(text);
  }

  const std::vector<FileEntry>& known_files() const override {
    static const std::vector<FileEntry> kNone;
    const bool same_rules = previous_ && previous_->manifest().extraction == manifest_.extraction;
    return same_rules ? previous_->files() : kNone;
  }

  void keep_file(const FileEntry& file) override {
    end_file();
    if (known_files().empty()) {
      throw Error(ErrorKind::invalid_argument,
                  file.path + " cannot be kept: the index is not continued");
    }
    const RowRange rows = records_->keep_records(file.path, vectors_->rows());
    const std::int64_t first = vectors_->rows();
    const VectorFile& old = previous_->vectors();
    if (rows.begin < rows.end) {
      vectors_->append({old.row(rows.begin).data(),
                        static_cast<std::size_t>((rows.end - rows.begin) * old.dimension())});
    }
    records_->add_file(file, first, vectors_->rows() - first);
    if (file.skipped.empty()) ++manifest_.files;
  }

  void add_file(const FileEntry& file) override {
    end_file();
    file_ = file;
    file_begin_ = vectors_->rows();
  }

  void add_record(const CodeRecord& record, const Hash128& text,
                  std::span<const float> vector) override {
    if (!file_) throw Error(ErrorKind::invalid_argument, "a record was added before any file");
    remember(text, vector);
    records_->add_record(vectors_->rows(), record, text);
    vectors_->append(vector);
  }

  void remember(const Hash128& text, std::span<const float> vector) override {
    if (std::ssize(vector) != manifest_.dimension) {
      throw Error(ErrorKind::shape, "a vector has " + std::to_string(vector.size()) +
                                        " numbers in place of " +
                                        std::to_string(manifest_.dimension));
    }
    if (journal_->contains(text) || (previous_ && !previous_->find(text).empty())) return;
    for (const float x : vector) {
      if (!std::isfinite(x)) {
        throw Error(ErrorKind::invalid_argument,
                    "a vector to be stored holds a number that is not finite; "
                    "try --precision float32");
      }
    }
    journal_->add(text, vector);
  }

  void commit(const StopFlag* stop) override {
    end_file();
    manifest_.records = vectors_->rows();
    records_->finish();
    vectors_->finish();
    StoredManifest stored{manifest_, {}};
    const VectorFile written(generation_ / kVectorsFile);
    stored.sections[kVectorsFile] = {written.bytes(), written.stated_checksum()};
    stored.sections[kRecordsFile] = section_of(kRecordsFile);
    if (manifest_.ann != AnnKind::exact && manifest_.records >= kSmallestAnn) {
      build_ann(generation_ / kAnnFile, manifest_.ann, written, stop);
      stored.sections[kAnnFile] = section_of(kAnnFile);
    }
    if (stop != nullptr) stop->check();
    publish(folder_, generation_, stored);
    committed_ = true;
    remove(folder_ / kJournalFile);
    remove_other_generations(folder_, generation_);
  }

 private:
  static void remove(const fs::path& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
  }

  Section section_of(const char* name) const {
    const MappedFile map(generation_ / name);
    return {map.size(),
            hex_checksum(hash64({reinterpret_cast<const char*>(map.data()), map.size()}))};
  }

  void open_previous(bool rebuild) {
    std::optional<Generation> current;
    try {
      current = current_generation(folder_);
      remove_other_generations(folder_, current->folder);
      if (rebuild) {
        fresh_start_ = "a rebuild was asked for";
        return;
      }
      const IndexManifest old = read_manifest(*current).manifest;
      if (old.model_fingerprint != manifest_.model_fingerprint) {
        fresh_start_ = "the index was made with the model " + old.model_name;
      } else if (old.exit_layer != manifest_.exit_layer) {
        fresh_start_ = "the index was made with exit " + std::to_string(old.exit_layer);
      } else if (old.code_length != manifest_.code_length) {
        fresh_start_ = "the index was made with code length " + std::to_string(old.code_length);
      } else if (old.dimension != manifest_.dimension) {
        fresh_start_ = "the index has vectors of " + std::to_string(old.dimension) + " numbers";
      } else {
        previous_.emplace(*current);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::not_found && !current) {
        remove_other_generations(folder_, {});
        return;
      }
      if (error.kind() == ErrorKind::io || error.kind() == ErrorKind::out_of_memory) throw;
      fresh_start_ = error.what();
    }
  }

  void end_file() {
    if (!file_) return;
    records_->add_file(*file_, file_begin_, vectors_->rows() - file_begin_);
    if (file_->skipped.empty()) ++manifest_.files;
    file_.reset();
  }

  void discard() {
    if (committed_) return;
    records_.reset();
    vectors_.reset();
    std::error_code ignored;
    fs::remove_all(generation_, ignored);
  }

  fs::path folder_;
  FileLock lock_;
  IndexManifest manifest_;
  std::string fresh_start_;
  std::optional<Previous> previous_;
  std::optional<Journal> journal_;
  fs::path generation_;
  std::optional<VectorFileWriter> vectors_;
  std::optional<RecordTables> records_;
  std::optional<FileEntry> file_;
  std::int64_t file_begin_ = 0;
  bool committed_ = false;
};

}  // namespace

std::unique_ptr<IndexWriter> IndexWriter::open(const fs::path& index_folder,
                                               const IndexManifest& settings, bool rebuild) {
  return std::make_unique<GenerationWriter>(index_folder, settings, rebuild);
}

}  // namespace spencer
