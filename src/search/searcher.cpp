#include "spencer/search/searcher.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "spencer/base/error.h"
#include "spencer/base/text.h"
#include "spencer/model/two_stage_folder.h"
#include "spencer/search/rerank.h"
#include "spencer/search/words.h"
#include "spencer/source/language.h"

#include "search/best_lines.h"
#include "search/same_function.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownLines = 4;
constexpr std::int64_t kRerankDepth = 5;  // SPENCER's

void check_range(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorKind::invalid_argument, std::string(field) + " is " + std::to_string(value) +
                                               "; it must be " + std::to_string(low) + " to " +
                                               std::to_string(high));
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::none) {
    throw Error(ErrorKind::io, "cannot look at " + path.string() + ": " + error.message());
  }
  return fs::exists(status);
}

/// The folder of the index's model, after checking that it is the one the index was made with.
fs::path resolve_model(const fs::path& index_folder, const IndexManifest& made,
                       const SearchOptions& options) {
  const bool named = !options.model.empty();
  const fs::path folder = named ? options.model : fs::path(made.model_path);
  const std::string index =
      "the index " + index_folder.string() + " was made with the model '" + made.model_name + "'";
  if (!named && !is_there(folder)) {
    throw Error(ErrorKind::not_found,
                index + ", and its folder " + folder.string() +
                    " is gone; say where it is now with --model, or index again with another: "
                    "spencer index --model DIR");
  }
  const fs::path code_tower = TwoStageFolder::open(folder).code_encoder;
  if (ModelFolder::open(code_tower).fingerprint() == made.model_fingerprint) return folder;
  if (!named) {
    throw Error(ErrorKind::invalid_argument, index + ", and its folder " + folder.string() +
                                                 " has changed since; index again: spencer index");
  }
  throw Error(ErrorKind::invalid_argument,
              index + " (" + made.model_path + "); another, '" + folder.filename().string() +
                  "' (" + folder.string() + "), cannot search it. Leave out --model, or index " +
                  "again: spencer index --model " + folder.string());
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string::npos;
}

/// Refuses a language or kind that the index does not have and that looks misspelt.
void check_filter(const IndexReader& reader, const RecordFilter& filter) {
  if (filter.languages.empty() && filter.kinds.empty()) return;
  std::set<std::string> languages, kinds;
  for (const RecordCount& count : reader.contents()) {
    languages.insert(count.language);
    kinds.insert(count.kind);
  }
  const auto check = [](const char* what, const std::vector<std::string>& wanted,
                        const std::set<std::string>& present) {
    const std::vector<std::string> candidates(present.begin(), present.end());
    for (const std::string& word : wanted) {
      const std::string near = present.contains(word) ? "" : nearest(word, candidates);
      if (near.empty()) continue;
      throw Error(ErrorKind::invalid_argument, "the index has no " + std::string(what) + " '" +
                                                   word + "'; did you mean '" + near + "'?");
    }
  };
  check("kind", filter.kinds, kinds);
  const std::vector<std::string> known = language_names();
  std::vector<std::string> doubtful;
  for (const std::string& language : filter.languages) {
    if (!std::binary_search(known.begin(), known.end(), language)) doubtful.push_back(language);
  }
  check("language", doubtful, languages);
}

std::string text_of(const CodeRecord& record) { return record.name + "\n" + record.code; }

}  // namespace

void SearchOptions::validate() const {
  check_range("top_k", top_k, 1, 10000);
  if (rerank_k) check_range("rerank_k", *rerank_k, 0, 1000);
  RerankOptions{.recall_weight = recall_weight.value_or(0)}.validate();
  engine.validate();
}

void Query::validate() const {
  if (kind == Kind::like || !is_blank(text)) return;
  throw Error(ErrorKind::invalid_argument,
              "the query is empty; say what the code should do, for example 'parse a date'");
}

fs::path find_index(const fs::path& start) {
  if (!is_there(start)) {
    throw Error(ErrorKind::not_found, "no such file or folder: " + start.string());
  }
  const fs::path from = fs::canonical(start);
  for (fs::path folder = from;; folder = folder.parent_path()) {
    if (fs::is_directory(folder) && is_there(folder / ".spencer" / "CURRENT")) {
      return folder / ".spencer";
    }
    if (folder == folder.parent_path()) break;
  }
  throw Error(ErrorKind::not_found, "there is no index in " + from.string() +
                                        " or a folder above it; make one: spencer index " +
                                        from.string());
}

Searcher::Searcher(const fs::path& index_folder, SearchOptions options)
    : options_(std::move(options)) {
  options_.validate();
  if (options_.needs_model) {
    options_.engine.few_inputs = true;
    engine_ = load_engine_async();
  }
  reader_ = IndexReader::open(index_folder);
  check_filter(*reader_, options_.filter);
  const IndexManifest& made = reader_->manifest();
  if (options_.engine.exit_layer != 0 && options_.engine.exit_layer != made.exit_layer) {
    throw Error(ErrorKind::invalid_argument, "the index " + index_folder.string() +
                                                 " was made with exit " +
                                                 std::to_string(made.exit_layer) + ", not " +
                                                 std::to_string(options_.engine.exit_layer) +
                                                 "; leave out --exit, or index again with it");
  }
  options_.engine.exit_layer = made.exit_layer;
  if (options_.lengths.code == 0) options_.lengths.code = made.code_length;
  if (options_.needs_model) {
    const fs::path model = resolve_model(index_folder, made, options_);
    encoder_ = DualEncoder::open(model, options_.engine, options_.lengths);
    open_reranker(model);
  }
}

void Searcher::open_reranker(const fs::path& model) {
  const TwoStageFolder folders = TwoStageFolder::open(model);
  const bool named = !options_.reranker.empty();
  const fs::path folder = named ? options_.reranker : folders.reranker;
  if (folder.empty() && options_.rerank_k.value_or(0) > 0) {
    throw Error(ErrorKind::invalid_argument, "there is nothing to re-rank with: " + model.string() +
                                                 " has no reranker; name one with --reranker DIR");
  }
  if (folder.empty() || options_.rerank_k == 0) return;
  EngineOptions engine = options_.engine;
  engine.exit_layer = 0;
  reranker_ = CrossEncoder::open(folder, engine, named ? 0 : folders.reranker_length);
  if (!options_.recall_weight) options_.recall_weight = named ? 0 : folders.recall_weight;
}

/// Re-orders the head of the answers by SPENCER's rule.
void Searcher::rerank(const std::string& query, std::vector<Hit>& hits) {
  const auto depth = static_cast<std::size_t>(options_.rerank_k.value_or(kRerankDepth));
  const std::size_t head = std::min(depth, hits.size());
  std::vector<std::string> codes;
  std::vector<float> recalled;
  for (std::size_t i = 0; i < head; ++i) {
    codes.push_back(hits[i].record.code);
    recalled.push_back(hits[i].recall_score);
  }
  const std::vector<float> second = reranker_->score(query, codes);
  const std::vector<float> scores = weigh_in(second, recalled, *options_.recall_weight);
  std::vector<Hit> first;
  for (const std::int64_t i : rerank_order(scores)) {
    const auto place = static_cast<std::size_t>(i);
    hits[place].score = scores[place];
    hits[place].rerank_score = second[place];
    first.push_back(std::move(hits[place]));
  }
  std::move(first.begin(), first.end(), hits.begin());
}

Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

std::vector<float> Searcher::encode(const Query& query) {
  query.validate();
  if (!encoder_) {
    throw Error(ErrorKind::invalid_argument,
                "this searcher was opened without a model (needs_model = false)");
  }
  const bool words = query.kind == Query::Kind::words;
  const std::vector<TokenSequence> batch{words ? encoder_->tokenize_query(query.text)
                                               : encoder_->tokenize_code(query.text)};
  engine_.get();  // until here, all went on while libtorch was loading
  std::vector<float> vector(static_cast<std::size_t>(encoder_->dimension()));
  (words ? encoder_->query_tower() : encoder_->code_tower()).encode(batch, vector);
  return vector;
}

std::vector<ScoredRecord> Searcher::recall(std::span<const float> query,
                                           std::optional<RecordId> like,
                                           std::int64_t wanted_count) const {
  const auto wanted = static_cast<std::size_t>(wanted_count);
  // Parts and overlapping windows make room for others: ask for more until enough are left.
  for (std::int64_t asked = 2 * wanted_count + 8;; asked *= 4) {
    const std::vector<ScoredRecord> found = reader_->search(query, asked, options_.filter);
    std::vector<ScoredRecord> kept = without_repeats(*reader_, found, like, wanted);
    if (kept.size() >= wanted || static_cast<std::int64_t>(found.size()) < asked) return kept;
  }
}

std::vector<Hit> Searcher::search(const Query& query) {
  std::vector<float> encoded;
  std::span<const float> vector;
  std::optional<RecordId> like;
  std::string text = query.text;
  if (query.kind == Query::Kind::like) {
    like = reader_->find(query.path, query.line);
    if (!like) {
      throw Error(ErrorKind::not_found, query.path + ":" + std::to_string(query.line) +
                                            " is not in the index; index again if it is new");
    }
    vector = reader_->vector(*like);
    text = text_of(reader_->record(*like));
  } else {
    encoded = encode(query);
    vector = encoded;
  }

  const std::unordered_set<std::string> stems = query_stems(text);
  const bool second_stage = reranker_ && query.kind == Query::Kind::words;
  const std::int64_t depth = second_stage ? options_.rerank_k.value_or(kRerankDepth) : 0;
  std::vector<Hit> hits;
  for (const ScoredRecord& found : recall(vector, like, std::max(options_.top_k, depth))) {
    Hit hit;
    hit.score = hit.recall_score = found.score;
    hit.id = found.id;
    hit.record = reader_->record(found.id);
    hits.push_back(std::move(hit));
  }
  if (second_stage) rerank(query.text, hits);
  if (hits.size() > static_cast<std::size_t>(options_.top_k)) {
    hits.resize(static_cast<std::size_t>(options_.top_k));
  }
  for (std::size_t i = 0; i < hits.size(); ++i) {
    hits[i].rank = static_cast<std::int64_t>(i) + 1;
    hits[i].best_lines = best_lines(hits[i].record, stems, kShownLines);
  }
  return hits;
}

}  // namespace spencer
