// The retrieval metrics, each a pure function of one query's ranks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spencer/metrics/ranks.h"

namespace spencer {

enum class MetricKind {
  mrr,       ///< 1 / rank of the first right answer                        (trec_eval: recip_rank)
  accuracy,  ///< 1 if a right answer is in the first k                     (success_k)
  recall,    ///< share of the right answers in the first k                 (recall_k)
  ndcg,      ///< gain / log2(rank + 1) up to k, over the best possible     (ndcg_cut_k)
  map,       ///< mean over right answers of the precision at each          (map, map_cut_k)
  map_at_r,  ///< `map` cut at R, the query's number of right answers       (map_cut_R)
};

/// A metric and its cut-off. An answer past the cut-off, or unranked, counts as not found.
struct Metric {
  MetricKind kind = MetricKind::mrr;
  std::int64_t cutoff = 0;  ///< ranks that count; 0 = all

  /// "mrr", "mrr@10", "acc@1", "recall@100", "ndcg@10", "map", "map@100", "map@r".
  /// @throws Error{invalid_argument} with what is known
  static Metric parse(std::string_view name);
  std::string name() const;

  /// @return in [0, 1]; 0 for a query without right answers, as trec_eval has it
  double value(const QueryRanks& query) const;
  bool operator==(const Metric&) const = default;
};

/// `metric` of every query, in order.
std::vector<double> values_of(const Metric& metric, std::span<const QueryRanks> queries);

/// What `eval` reports where nothing else is asked for.
std::vector<Metric> default_metrics();

}  // namespace spencer
