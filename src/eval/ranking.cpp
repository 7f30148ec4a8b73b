#include "spencer/eval/ranking.h"

#include <algorithm>
#include <cmath>

#include "spencer/base/clock.h"
#include "spencer/base/error.h"

#include "eval/parallel.h"

namespace spencer {
namespace {

constexpr std::int64_t kScoresAtOnce = 8 << 20;  // 32 MB
constexpr std::int64_t kQueriesAtOnce = 256;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

void check_vectors(const MatrixView& vectors, const std::vector<TextItem>& items,
                   const char* what) {
  if (vectors.rows() != static_cast<std::int64_t>(items.size())) {
    throw Error(ErrorKind::shape, std::to_string(vectors.rows()) + " " + what + " vectors for " +
                                      std::to_string(items.size()) + " texts");
  }
  for (std::int64_t i = 0; i < vectors.rows(); ++i) {
    const auto row = vectors.row(i);
    if (!std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); })) {
      throw Error(ErrorKind::corrupt, std::string("the vector of ") + what + " \"" +
                                          items[at(i)].id +
                                          "\" holds a value that is not a finite number; the "
                                          "model's weights are damaged or overflow");
    }
  }
}

/// Ranks the queries of one chunk, block by block.
class ChunkRanker {
 public:
  ChunkRanker(const Benchmark& benchmark, const Chunk& chunk, const MatrixView& queries,
              const MatrixView& codes, const RankingOptions& options, bool rerank)
      : benchmark_(benchmark), chunk_(chunk), queries_(queries), options_(options) {
    if (chunk.codes.empty()) {
      codes_ = codes;
    } else {
      gathered_ = gather(codes, chunk.codes);
      codes_ = {gathered_, codes.dimension};
      place_.assign(benchmark.codes.size(), -1);
      for (std::size_t i = 0; i < chunk.codes.size(); ++i) {
        place_[at(chunk.codes[i])] = static_cast<std::int64_t>(i);
      }
    }
    depth_ = std::max(options.keep, rerank ? options.rerank.depth : 0);
    if (options.run_depth < 0) depth_ = codes_.rows();
    depth_ = std::max(depth_, options.run_depth);
  }

  std::int64_t block_size() const {
    return std::clamp<std::int64_t>(kScoresAtOnce / std::max<std::int64_t>(codes_.rows(), 1), 1,
                                    kQueriesAtOnce);
  }

  /// First-stage outcomes of queries [begin, end) of the chunk, each with its `depth_` best.
  std::vector<QueryOutcome> rank(std::int64_t begin, std::int64_t end) {
    const std::vector<std::int64_t> members(chunk_.queries.begin() + begin,
                                            chunk_.queries.begin() + end);
    const std::vector<float> vectors = gather(queries_, members);
    scores_.resize(at((end - begin) * codes_.rows()));
    inner_products({vectors, queries_.dimension}, codes_, scores_, options_.threads);
    std::vector<QueryOutcome> outcomes(members.size());
    parallel_for(end - begin, options_.threads, [&](std::int64_t i) {
      const std::span<const float> row(scores_.data() + i * codes_.rows(), at(codes_.rows()));
      outcomes[at(i)] = rank_one(members[at(i)], row);
    });
    return outcomes;
  }

 private:
  static std::vector<float> gather(const MatrixView& from, std::span<const std::int64_t> rows) {
    std::vector<float> to;
    to.reserve(rows.size() * at(from.dimension));
    for (const std::int64_t row : rows) {
      const auto values = from.row(row);
      to.insert(to.end(), values.begin(), values.end());
    }
    return to;
  }

  /// Place of a code of the pool among this chunk's candidates.
  std::int64_t place_of(std::int64_t code) const {
    return place_.empty() || code < 0 ? code : place_[at(code)];
  }

  QueryOutcome rank_one(std::int64_t query, std::span<const float> scores) const {
    QueryOutcome outcome{query, {}, {}};
    std::vector<std::int64_t> places;
    for (const RightAnswer& answer : benchmark_.answers[at(query)]) {
      places.push_back(place_of(answer.code));
    }
    const std::int64_t excluded = place_of(benchmark_.excluded[at(query)]);
    const auto ranks = ranks_of(scores, places, excluded);
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      outcome.answers.push_back({ranks[i], benchmark_.answers[at(query)][i].gain});
    }
    for (const std::int64_t place : best_first(scores, depth_, excluded)) {
      outcome.top.codes.push_back(chunk_.codes.empty() ? place : chunk_.codes[at(place)]);
      outcome.top.scores.push_back(scores[at(place)]);
    }
    return outcome;
  }

  const Benchmark& benchmark_;
  const Chunk& chunk_;
  MatrixView queries_, codes_;
  const RankingOptions& options_;
  std::vector<float> gathered_;
  std::vector<std::int64_t> place_;
  std::int64_t depth_ = 0;
  std::vector<float> scores_;
};

/// A first-stage outcome after the second stage has scored its head.
QueryOutcome reranked(const QueryOutcome& first, std::span<const float> second,
                      const RerankOptions& options) {
  const std::vector<float> head_scores =
      weigh_in(second, std::span(first.top.scores).first(second.size()), options.recall_weight);
  const auto order = rerank_order(head_scores);
  const auto head = static_cast<std::int64_t>(order.size());
  std::vector<std::int64_t> new_rank(order.size());
  QueryOutcome outcome{first.query, first.answers, {}};
  for (std::size_t i = 0; i < order.size(); ++i) {
    new_rank[at(order[i])] = static_cast<std::int64_t>(i) + 1;
    outcome.top.codes.push_back(first.top.codes[at(order[i])]);
    outcome.top.scores.push_back(head_scores[at(order[i])]);
  }
  for (RankedAnswer& answer : outcome.answers) {
    if (answer.rank <= head) {
      answer.rank = new_rank[at(answer.rank - 1)];
    } else if (options.rule == RerankRule::cut) {
      answer.rank = kUnranked;
    }
  }
  if (options.rule == RerankRule::keep_rest) {
    outcome.top.codes.insert(outcome.top.codes.end(), first.top.codes.begin() + head,
                             first.top.codes.end());
    outcome.top.scores.insert(outcome.top.scores.end(), first.top.scores.begin() + head,
                              first.top.scores.end());
  }
  return outcome;
}

/// The second stage of a block of queries, their heads scored together.
std::vector<QueryOutcome> rerank_block(const Benchmark& benchmark,
                                       const std::vector<QueryOutcome>& block,
                                       const PairScores& second_stage,
                                       const RerankOptions& options) {
  std::vector<std::pair<std::string, std::string>> pairs;
  std::vector<std::size_t> heads;
  for (const QueryOutcome& outcome : block) {
    heads.push_back(std::min(at(options.depth), outcome.top.codes.size()));
    for (std::size_t i = 0; i < heads.back(); ++i) {
      pairs.emplace_back(benchmark.queries[at(outcome.query)].text,
                         benchmark.codes[at(outcome.top.codes[i])].text);
    }
  }
  const std::vector<float> scores = second_stage(pairs);
  if (scores.size() != pairs.size()) {
    throw Error(ErrorKind::shape, "the reranker gave " + std::to_string(scores.size()) +
                                      " scores for " + std::to_string(pairs.size()) + " pairs");
  }
  std::vector<QueryOutcome> outcomes;
  std::size_t used = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const auto head = std::span(scores).subspan(used, heads[i]);
    outcomes.push_back(reranked(block[i], head, options));
    used += heads[i];
  }
  return outcomes;
}

/// Shows a block's rankings and cuts them to what is kept.
void settle(const char* stage, std::vector<QueryOutcome>& block, const RankingOptions& options,
            const RankingHooks& hooks, std::vector<QueryOutcome>& kept) {
  const auto cut = [](RankedCodes& ranking, std::int64_t length) {
    if (length < 0 || ranking.codes.size() <= at(length)) return;
    ranking.codes.resize(at(length));
    ranking.scores.resize(at(length));
  };
  for (QueryOutcome& outcome : block) {
    if (hooks.on_ranking && options.run_depth != 0) {
      RankedCodes shown = outcome.top;
      cut(shown, options.run_depth);
      hooks.on_ranking(stage, outcome.query, shown);
    }
    cut(outcome.top, options.keep);
    outcome.top.codes.shrink_to_fit();
    outcome.top.scores.shrink_to_fit();
    kept.push_back(std::move(outcome));
  }
}

}  // namespace

Rankings rank_benchmark(const Benchmark& benchmark, const Plan& plan, const MatrixView& queries,
                        const MatrixView& codes, const PairScores& second_stage,
                        const RankingOptions& options, const RankingHooks& hooks) {
  options.rerank.validate();
  check_vectors(queries, benchmark.queries, "query");
  check_vectors(codes, benchmark.codes, "code");
  Rankings rankings;
  if (hooks.progress != nullptr) hooks.progress->begin("rank", plan.queries, "queries");
  for (const Chunk& chunk : plan.chunks) {
    ChunkRanker ranker(benchmark, chunk, queries, codes, options, second_stage != nullptr);
    const auto count = static_cast<std::int64_t>(chunk.queries.size());
    for (std::int64_t begin = 0; begin < count; begin += ranker.block_size()) {
      if (hooks.stop != nullptr) hooks.stop->check();
      const std::int64_t end = std::min(begin + ranker.block_size(), count);
      const auto start = Clock::now();
      std::vector<QueryOutcome> block = ranker.rank(begin, end);
      rankings.search_seconds += seconds_since(start);
      if (second_stage) {
        const auto rerank_start = Clock::now();
        auto outcomes = rerank_block(benchmark, block, second_stage, options.rerank);
        rankings.rerank_seconds += seconds_since(rerank_start);
        settle("rerank", outcomes, options, hooks, rankings.rerank);
      }
      settle("recall", block, options, hooks, rankings.recall);
      if (hooks.progress != nullptr) hooks.progress->advance(end - begin);
    }
  }
  if (hooks.progress != nullptr) hooks.progress->end();
  return rankings;
}

}  // namespace spencer
