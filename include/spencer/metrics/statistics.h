// How far a mean over queries can be trusted, and whether two systems differ.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spencer {

struct ResamplingOptions {
  std::int64_t rounds = 10000;
  double level = 0.95;  ///< of the interval, in (0, 1)
  std::uint64_t seed = 0;
  void validate() const;  ///< @throws Error{invalid_argument}
};

struct Interval {
  double mean = 0;
  double low = 0;
  double high = 0;
};

/// Percentile bootstrap over queries. All columns are drawn with the same queries in each round.
/// The same options give the same intervals on every machine.
/// @param columns per column, one value per query; columns of equal length >= 1
/// @throws Error{shape}
std::vector<Interval> bootstrap_intervals(std::span<const std::vector<double>> columns,
                                          const ResamplingOptions& options);

/// Two-sided paired randomisation test: how often the mean difference is as large as the one seen
/// when the two systems' values are swapped at random, query by query. (1 + hits) / (1 + rounds).
/// @throws Error{shape} if the two differ in length or are empty
double paired_randomisation_test(std::span<const double> first, std::span<const double> second,
                                 const ResamplingOptions& options);

}  // namespace spencer
