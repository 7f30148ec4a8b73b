// One self-contained HTML page about an evaluation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "spencer/dataset/benchmark.h"
#include "spencer/eval/evaluate.h"

namespace spencer {

struct ReportInput {
  const Benchmark& benchmark;
  const Plan& plan;
  const std::vector<SystemResult>& systems;  ///< at least one
  const std::vector<Comparison>& comparisons;
  std::vector<std::pair<std::string, std::string>> settings;  ///< name, value: as shown
  std::int64_t worst = 20;                                    ///< queries shown per system
};

/// The table of metrics with intervals, accuracy against the query encoder's time, the histogram of
/// ranks, and per system the worst queries with what was returned and what was right. Style,
/// pictures and script are inside; the page loads nothing.
std::string render_report(const ReportInput& input);

}  // namespace spencer
