// The core of an evaluation: vectors in, ranks out, with or without a second stage.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/eval/inner_products.h"
#include "spencer/eval/protocol.h"
#include "spencer/metrics/ranks.h"
#include "spencer/search/rerank.h"

namespace spencer {

/// Scores (query, code) texts; what CrossEncoder::score does.
using PairScores =
    std::function<std::vector<float>(std::span<const std::pair<std::string, std::string>>)>;

/// One query's ranking, best first, as far as it was asked for.
struct RankedCodes {
  std::vector<std::int64_t> codes;  ///< positions in the benchmark's pool
  std::vector<float> scores;
};

/// A query's outcome at one stage.
struct QueryOutcome {
  std::int64_t query = 0;  ///< position in the benchmark
  QueryRanks answers;      ///< in the order of Benchmark::answers
  RankedCodes top;         ///< the first `RankingOptions::keep`
};

struct RankingOptions {
  RerankOptions rerank;        ///< used where a second stage is given
  std::int64_t keep = 5;       ///< candidates kept per query, for people to look at
  std::int64_t run_depth = 0;  ///< candidates shown to `on_ranking`; -1 = all
  int threads = 0;             ///< 0 = one per core
};

struct Rankings {
  std::vector<QueryOutcome> recall;
  std::vector<QueryOutcome> rerank;  ///< empty without a second stage
  double search_seconds = 0;         ///< scoring and ranking of all queries, wall time
  double rerank_seconds = 0;
};

/// What `rank_benchmark` calls on the way; all optional.
struct RankingHooks {
  /// Shown every query's ranking of each stage as far as `run_depth`, in order of queries.
  std::function<void(const char* stage, std::int64_t query, const RankedCodes&)> on_ranking;
  Progress* progress = nullptr;
  const StopFlag* stop = nullptr;
};

/// Ranks every query of the plan. Scores are made for a block of queries at a time, so memory is
/// bounded whatever the sizes.
/// @param queries [benchmark.queries.size(), D]  @param codes [benchmark.codes.size(), D]
/// @param second_stage empty = recall alone
/// @throws Error{shape} for vectors that do not fit the benchmark; Error{corrupt} naming the first
///         text whose vector is not finite; Error{interrupted}
Rankings rank_benchmark(const Benchmark& benchmark, const Plan& plan, const MatrixView& queries,
                        const MatrixView& codes, const PairScores& second_stage,
                        const RankingOptions& options, const RankingHooks& hooks = {});

}  // namespace spencer
