#include "spencer/metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>

#include "spencer/base/error.h"

#include "metrics/random.h"

namespace spencer {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The value below which a share `q` of the sorted values lies, interpolated.
double quantile(const std::vector<double>& sorted, double q) {
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(position);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (position - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

}  // namespace

void ResamplingOptions::validate() const {
  if (rounds < 1) {
    throw Error(ErrorKind::invalid_argument,
                "resampling rounds: " + std::to_string(rounds) + " given, at least 1 needed");
  }
  if (!(level > 0 && level < 1)) {
    throw Error(ErrorKind::invalid_argument,
                "confidence level: " + std::to_string(level) + " given, must lie between 0 and 1");
  }
}

std::vector<Interval> bootstrap_intervals(std::span<const std::vector<double>> columns,
                                          const ResamplingOptions& options) {
  options.validate();
  if (columns.empty()) return {};
  const std::size_t queries = columns[0].size();
  for (const auto& column : columns) {
    if (column.empty() || column.size() != queries) {
      throw Error(ErrorKind::shape,
                  "bootstrap: every metric needs one value per query, and at "
                  "least one query");
    }
  }
  // Row by row, so that one drawn query brings all its metrics in one cache line.
  const std::size_t width = columns.size();
  std::vector<double> rows(queries * width);
  for (std::size_t c = 0; c < width; ++c) {
    for (std::size_t q = 0; q < queries; ++q) rows[q * width + c] = columns[c][q];
  }
  SplitMix64 random(options.seed);
  const auto rounds = static_cast<std::size_t>(options.rounds);
  std::vector<std::vector<double>> means(width, std::vector<double>(rounds));
  std::vector<double> sums(width);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = 0; i < queries; ++i) {
      const double* row = &rows[random.below(queries) * width];
      for (std::size_t c = 0; c < width; ++c) sums[c] += row[c];
    }
    for (std::size_t c = 0; c < width; ++c) {
      means[c][round] = sums[c] / static_cast<double>(queries);
    }
  }
  std::vector<Interval> intervals;
  const double tail = (1 - options.level) / 2;
  for (std::size_t c = 0; c < width; ++c) {
    std::sort(means[c].begin(), means[c].end());
    intervals.push_back(
        {mean_of(columns[c]), quantile(means[c], tail), quantile(means[c], 1 - tail)});
  }
  return intervals;
}

double paired_randomisation_test(std::span<const double> first, std::span<const double> second,
                                 const ResamplingOptions& options) {
  options.validate();
  if (first.empty() || first.size() != second.size()) {
    throw Error(ErrorKind::shape, "paired test: both systems need a value for each query");
  }
  std::vector<double> differences;  // equal values stay equal however they are swapped
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] != second[i]) differences.push_back(first[i] - second[i]);
  }
  const double total = std::accumulate(differences.begin(), differences.end(), 0.0);
  // Sums in another order differ in the last bits; what is equal but for those counts as equal.
  const double seen = std::abs(total) - 1e-9 * static_cast<double>(first.size());
  SplitMix64 random(options.seed);
  std::int64_t hits = 0;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    double sum = 0;
    std::uint64_t signs = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      if (i % 64 == 0) signs = random.next();
      sum += (signs & 1) != 0 ? differences[i] : -differences[i];
      signs >>= 1;
    }
    if (std::abs(sum) >= seen) ++hits;
  }
  return static_cast<double>(1 + hits) / static_cast<double>(1 + options.rounds);
}

}  // namespace spencer
