// The report's pictures, as inline SVG.
#pragma once

#include <string>
#include <vector>

#include "spencer/eval/evaluate.h"

namespace spencer {

/// The first metric against the query encoder's median time; empty where no time was measured.
std::string accuracy_chart(const std::vector<SystemResult>& systems);

/// Shares of queries by the rank of their first right answer, per system (its last stage).
std::string rank_histogram(const std::vector<SystemResult>& systems);

/// The best rank of a query's right answers; kUnranked if none is ranked.
std::int64_t best_rank(const QueryRanks& answers);

}  // namespace spencer
