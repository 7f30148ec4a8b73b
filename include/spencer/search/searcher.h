// Searching an index: a query in words, a piece of code, or "more like this".
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spencer/model/cross_encoder.h"
#include "spencer/model/dual_encoder.h"
#include "spencer/model/engine.h"
#include "spencer/source/record.h"
#include "spencer/store/index_store.h"

namespace spencer {

struct SearchOptions {
  std::int64_t top_k = 10;      ///< answers wanted; 1 to 10000
  RecordFilter filter;          ///< applied before the top k is taken
  std::filesystem::path model;  ///< model folder; empty = where the index says its model is
  TextLengths lengths;          ///< 0: query as the model says, code as the index was made
  EngineOptions engine;         ///< exit_layer: 0 = as the index was made
  /// Cross-encoder that re-orders the first answers to a query in words; empty = the model
  /// folder's own, where it has one.
  std::filesystem::path reranker;
  /// Answers it reads, 0 to 1000; the rest keep their ranks. None = 5 where there is a reranker.
  std::optional<std::int64_t> rerank_k;
  /// What the recall score counts beside the reranker's; none = as the model folder says, or 0.
  std::optional<double> recall_weight;
  /// Begin to load libtorch at once, on another thread, while the index opens. False where every
  /// query will be a `Query::like`, which needs no model.
  bool needs_model = true;

  /// @throws Error{invalid_argument} naming field, value and what is allowed
  void validate() const;
};

struct Query {
  enum class Kind { words, code, like };
  Kind kind = Kind::words;
  std::string text;       ///< words or code
  std::string path;       ///< like: a file, as the index names it
  std::int32_t line = 0;  ///< like: a line of it, counted from 1

  static Query words(std::string text) { return {Kind::words, std::move(text), {}, 0}; }
  static Query code(std::string text) { return {Kind::code, std::move(text), {}, 0}; }
  static Query like(std::string path, std::int32_t line) {
    return {Kind::like, {}, std::move(path), line};
  }
  void validate() const;  ///< @throws Error{invalid_argument} for an empty text
};

struct Hit {
  std::int64_t rank = 0;              ///< counted from 1
  float score = 0;                    ///< what the order follows: the last stage's, see `weigh_in`
  float recall_score = 0;             ///< inner product of query and code vector
  std::optional<float> rerank_score;  ///< none where no re-ranker read this one
  RecordId id = -1;
  CodeRecord record;
  std::vector<std::int32_t> best_lines;  ///< lines worth showing, ascending, counted as the file's
};

/// The index folder of the tree that holds `start`: the first `.spencer` with a current generation
/// in `start` or a folder above it, as git finds its own.
/// @throws Error{not_found} naming where it looked from and how to make one
std::filesystem::path find_index(const std::filesystem::path& start);

/// An open index and, once a query needs it, its model. One thread at a time.
class Searcher {
 public:
  /// @param index_folder holds CURRENT, see `find_index`
  /// @throws Error{not_found} without an index or its model; Error{invalid_argument} if the index
  ///         was made with another model or exit; Error{corrupt, unsupported_version}
  Searcher(const std::filesystem::path& index_folder, SearchOptions options);
  ~Searcher();
  Searcher(Searcher&&) noexcept;
  Searcher& operator=(Searcher&&) noexcept;

  /// The best answers, best first; parts of one function and overlapping windows count once, as
  /// their best. What `Query::like` names is left out of its own answers.
  /// @throws Error{invalid_argument} for an empty query, Error{not_found} for a place that holds
  ///         nothing indexed, and what `load_engine` and the encoder throw
  std::vector<Hit> search(const Query& query);

  const IndexManifest& manifest() const { return reader_->manifest(); }

 private:
  void open_reranker(const std::filesystem::path& model);
  void rerank(const std::string& query, std::vector<Hit>& hits);
  std::vector<float> encode(const Query& query);
  std::vector<ScoredRecord> recall(std::span<const float> query, std::optional<RecordId> like,
                                   std::int64_t wanted) const;

  SearchOptions options_;
  std::shared_future<Engine*> engine_;
  std::unique_ptr<IndexReader> reader_;
  std::unique_ptr<DualEncoder> encoder_;
  std::unique_ptr<CrossEncoder> reranker_;  // null: recall alone
};

}  // namespace spencer
