// The k best rows by inner product, by reading every row that may be returned.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "spencer/store/index_store.h"

#include "store/vector_file.h"

namespace spencer {

/// Rows [begin, end).
struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Sorted, without overlap. The form that filters take: a file's records lie side by side.
using RowRanges = std::vector<RowRange>;

std::int64_t count_rows(const RowRanges& ranges);

/// Best first; equal scores in row order; rows whose score is not a number are left out.
/// @param threads 0 = as many as pay, at most one per core
std::vector<ScoredRecord> exact_search(const VectorFile& vectors, std::span<const float> query,
                                       std::int64_t k, const RowRanges& ranges,
                                       std::int64_t threads = 0);

/// Scores the given rows exactly and keeps the k best, ordered as `exact_search` orders.
std::vector<ScoredRecord> best_of(const VectorFile& vectors, std::span<const float> query,
                                  std::int64_t k, std::span<const std::int64_t> rows);

}  // namespace spencer
