// Whole evaluations: models on a benchmark, with timings, intervals and comparisons.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/dataset/benchmark.h"
#include "spencer/eval/protocol.h"
#include "spencer/eval/ranking.h"
#include "spencer/metrics/metric.h"
#include "spencer/metrics/statistics.h"
#include "spencer/model/cross_encoder.h"
#include "spencer/model/dual_encoder.h"

namespace spencer {

struct EvalOptions {
  ProtocolOptions protocol;
  RankingOptions ranking;
  ResamplingOptions resampling;
  std::vector<Metric> metrics;        ///< empty = default_metrics(), and map@r for code-to-code
  std::filesystem::path cache;        ///< folder of code vectors; empty = none are kept
  std::int64_t latency_queries = 50;  ///< encoded one by one for the latency; 0 = not measured
};

/// Seconds and rates of one system on one benchmark; what was not measured is absent.
struct EvalTiming {
  std::optional<double> query_encode_ms;      ///< one query, tokens included: median
  std::optional<double> query_encode_p95_ms;  ///< the same, 95th percentile
  std::optional<double> code_encode_per_s;    ///< absent where the vectors came from the cache
  std::optional<double> search_ms;            ///< scoring and ranking, per query
  std::optional<double> rerank_ms;            ///< second stage, per query
};

struct MetricValue {
  Metric metric;
  Interval interval;           ///< mean over queries, and its confidence interval
  std::vector<double> values;  ///< per query
};

struct StageResult {
  std::string name;  ///< "recall" or "rerank"
  std::vector<QueryOutcome> outcomes;
  std::vector<MetricValue> metrics;
};

/// One model, at one exit, on one benchmark.
struct SystemResult {
  std::string label;     ///< for people: the model's name, and its exit where one was asked for
  std::string reranker;  ///< empty = none
  std::filesystem::path model;
  int exit_layer = 0;
  std::int64_t query_length = 0, code_length = 0, reranker_length = 0;
  double recall_weight = 0;  ///< see RerankOptions
  std::vector<StageResult> stages;
  EvalTiming timing;
};

/// Two stages, paired by query.
struct Comparison {
  std::string baseline, system;  ///< labels, with the stage where both are of one system
  Metric metric;
  double difference = 0;  ///< mean of system minus mean of baseline
  double p_value = 1;     ///< paired randomisation test, two-sided
};

/// The model folder's name, and "@N" where it is read at exit N.
std::string system_label(const DualEncoder& model);

/// Evaluates one system. Code vectors are taken from the cache where it has them.
/// @param reranker may be null
/// @throws what DualEncoder, CrossEncoder and `rank_benchmark` throw
SystemResult evaluate(const Benchmark& benchmark, const Plan& plan, DualEncoder& model,
                      CrossEncoder* reranker, const EvalOptions& options,
                      const RankingHooks& hooks = {});

/// The same from vectors that are there already, such as those of a model in training.
std::vector<StageResult> evaluate_vectors(const Benchmark& benchmark, const Plan& plan,
                                          const MatrixView& queries, const MatrixView& codes,
                                          const PairScores& second_stage,
                                          const EvalOptions& options,
                                          const RankingHooks& hooks = {},
                                          EvalTiming* timing = nullptr);

/// Each system's second stage against its first, and every later system against the first one by
/// their last stages; by the first metric.
std::vector<Comparison> compare(const std::vector<SystemResult>& systems,
                                const ResamplingOptions& options);

}  // namespace spencer
