#include "spencer/index/indexer.h"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "spencer/base/clock.h"
#include "spencer/base/error.h"
#include "spencer/model/dual_encoder.h"

#include "index/embedder.h"
#include "index/feeder.h"
#include "index/survey.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr int kExtractionVersion = 1;  // raise when extract() or embedding_text() gives other texts
constexpr std::int64_t kLongestByDefault = 256;  // tokens; attention's cost grows with the square
constexpr std::int64_t kCharactersPer256Tokens = 900;

std::unique_ptr<DualEncoder> open_encoder(const IndexOptions& options) {
  const auto open = [&](std::int64_t code_length) {
    return DualEncoder::open(options.model, options.engine, {0, code_length});
  };
  auto encoder = open(options.code_length);
  if (options.code_length == 0 && encoder->code_length() > kLongestByDefault) {
    encoder = open(kLongestByDefault);
  }
  return encoder;
}

IndexManifest settings_of(const IndexOptions& options, const DualEncoder& encoder) {
  IndexManifest settings;
  const fs::path model = fs::weakly_canonical(options.model);
  settings.model_name = model.filename().string();
  settings.model_path = model.string();
  settings.model_fingerprint = encoder.code_fingerprint();
  settings.dimension = encoder.dimension();
  settings.exit_layer = encoder.exit_layer();
  settings.code_length = encoder.code_length();
  settings.extraction = std::to_string(kExtractionVersion);
  if (options.walk.generated) settings.extraction += " generated";
  settings.ann = options.ann;
  return settings;
}

/// True if an index with these settings would be written just as `manifest` says.
bool same_settings(const IndexManifest& manifest, const IndexManifest& settings) {
  return manifest.model_fingerprint == settings.model_fingerprint &&
         manifest.model_path == settings.model_path && manifest.exit_layer == settings.exit_layer &&
         manifest.code_length == settings.code_length && manifest.ann == settings.ann &&
         manifest.extraction == settings.extraction && manifest.dimension == settings.dimension;
}

/// Null where there is none that can be read; why is found by the writer.
std::unique_ptr<IndexReader> try_open(const fs::path& folder) {
  try {
    return IndexReader::open(folder);
  } catch (const Error&) {
    return nullptr;
  }
}

std::unordered_set<Hash128> missing_texts(const Survey& found, IndexWriter& writer) {
  std::unordered_set<Hash128> missing;
  for (const SurveyedFile& file : found.files) {
    if (file.keep) continue;
    for (const Hash128& text : file.texts) {
      if (writer.known_vector(text).empty()) missing.insert(text);
    }
  }
  return missing;
}

void write_window(const std::vector<PendingFile>& window, IndexWriter& writer) {
  for (const PendingFile& file : window) {
    if (file.keep) {
      writer.keep_file(file.entry);
      continue;
    }
    writer.add_file(file.entry);
    for (const PendingRecord& pending : file.records) {
      writer.add_record(pending.record, pending.text, writer.known_vector(pending.text));
    }
  }
}

/// The second pass: the next window is read and tokenised while the encoder works on this one.
void embed_and_write(Survey& found, const ReadOptions& reading, DualEncoder& encoder,
                     IndexWriter& writer, Progress& progress, const StopFlag& stop,
                     IndexSummary& summary) {
  const auto missing = missing_texts(found, writer);
  Feeder feeder(
      found.files, reading, missing,
      [&encoder](const std::string& text) { return encoder.tokenize_code(text); }, stop);
  const auto ahead = [&feeder] {
    return std::async(std::launch::async, [&feeder] { return feeder.next(); });
  };
  const auto started = Clock::now();
  std::optional<Embedder> embedder;
  if (!missing.empty()) {
    progress.begin("embedding", static_cast<std::int64_t>(missing.size()), "functions");
  }
  for (auto window = ahead().get(); !window.empty();) {
    auto following = ahead();
    if (!missing.empty()) {
      if (!embedder) embedder.emplace(encoder.code_tower(), writer, progress, stop);
      embedder->embed(window);
    }
    write_window(window, writer);
    window = following.get();
  }
  if (!embedder) return;
  progress.end();
  summary.embedded = embedder->embedded();
  summary.embedding_seconds = seconds_since(started);
}

void count_changes(const Survey& found, IndexSummary& summary) {
  summary.removed_files = found.removed;
  for (const SurveyedFile& file : found.files) {
    if (file.keep || !file.entry.skipped.empty()) continue;
    ++(file.changed ? summary.changed_files : summary.added_files);
  }
}

void count_contents(const IndexReader& reader, IndexSummary& summary) {
  summary.files = reader.manifest().files;
  summary.records = reader.manifest().records;
  for (const RecordCount& count : reader.contents()) {
    if (is_function(count.kind)) summary.functions += count.records;
  }
  for (const FileEntry& file : reader.files()) {
    if (!file.skipped.empty()) ++summary.skipped[file.skipped];
  }
  summary.reused = summary.records - summary.embedded;
}

}  // namespace

IndexSummary build_index(const IndexOptions& options, Progress& progress, const StopFlag& stop) {
  options.validate();
  const auto started = Clock::now();
  const fs::path folder = options.resolved_index_folder();
  const auto encoder = open_encoder(options);
  const IndexManifest settings = settings_of(options, *encoder);
  IndexSummary summary;

  progress.begin("listing", -1, "files");
  const WalkResult tree = walk(options.root, options.walk, &stop);
  progress.end();
  for (const SkippedPath& path : tree.skipped)
    ++summary.skipped[std::string(to_string(path.reason))];
  const auto finish = [&](const IndexReader& reader) {
    count_contents(reader, summary);
    summary.seconds = seconds_since(started);
    return summary;
  };

  auto current = options.rebuild ? nullptr : try_open(folder);
  const bool continues = current != nullptr && same_settings(current->manifest(), settings);
  if (continues && unchanged(tree.files, current->files())) {
    summary.up_to_date = true;
    return finish(*current);
  }

  const auto writer = IndexWriter::open(folder, settings, options.rebuild);
  summary.fresh_start = writer->fresh_start();
  ReadOptions reading{options.root, options.walk, {}};
  reading.extract.max_length = kCharactersPer256Tokens * settings.code_length / 256;
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const int threads = options.engine.threads > 0 ? options.engine.threads : static_cast<int>(cores);
  Survey found = survey(tree.files, writer->known_files(), reading, options.held_bytes, threads,
                        progress, stop);
  if (found.unreadable > 0) {
    summary.skipped[std::string(to_string(SkipReason::unreadable))] += found.unreadable;
  }
  if (continues && !found.touched && found.removed == 0) {
    summary.up_to_date = true;
    return finish(*current);
  }
  count_changes(found, summary);
  embed_and_write(found, reading, *encoder, *writer, progress, stop, summary);
  progress.begin("saving", -1, "");
  writer->commit(&stop);
  progress.end();
  return finish(*IndexReader::open(folder));
}

}  // namespace spencer
