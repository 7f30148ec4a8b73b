#include "spencer/metrics/metric.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "spencer/base/error.h"

namespace spencer {
namespace {

struct KindName {
  std::string_view name;
  MetricKind kind;
};
constexpr KindName kKindNames[] = {{"mrr", MetricKind::mrr},
                                   {"acc", MetricKind::accuracy},
                                   {"recall", MetricKind::recall},
                                   {"ndcg", MetricKind::ndcg},
                                   {"map", MetricKind::map}};

/// Ranks of the answers found within `cutoff`, ascending.
std::vector<std::int64_t> ranks_within(const QueryRanks& query, std::int64_t cutoff) {
  std::vector<std::int64_t> ranks;
  for (const RankedAnswer& answer : query) {
    if (answer.rank != kUnranked && answer.rank <= cutoff) ranks.push_back(answer.rank);
  }
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

double discounted(double gain, std::int64_t rank) {
  return gain / std::log2(static_cast<double>(rank) + 1);
}

double ndcg(const QueryRanks& query, std::int64_t cutoff) {
  std::vector<double> ideal;
  double gained = 0;
  for (const RankedAnswer& answer : query) {
    ideal.push_back(answer.gain);
    if (answer.rank != kUnranked && answer.rank <= cutoff) {
      gained += discounted(answer.gain, answer.rank);
    }
  }
  std::sort(ideal.begin(), ideal.end(), std::greater<>());
  double possible = 0;
  const auto counted = std::min(static_cast<std::int64_t>(ideal.size()), cutoff);
  for (std::int64_t i = 0; i < counted; ++i) {
    possible += discounted(ideal[static_cast<std::size_t>(i)], i + 1);
  }
  return gained / possible;
}

double average_precision(const QueryRanks& query, std::int64_t cutoff) {
  double sum = 0;
  double found = 0;
  for (const std::int64_t rank : ranks_within(query, cutoff)) {
    sum += ++found / static_cast<double>(rank);
  }
  return sum / static_cast<double>(query.size());
}

}  // namespace

Metric Metric::parse(std::string_view name) {
  const auto unknown = [&] {
    return Error(ErrorKind::invalid_argument,
                 "unknown metric \"" + std::string(name) +
                     "\"; known: mrr, mrr@K, acc@K, recall@K, ndcg@K, map, map@K, map@r");
  };
  if (name == "map@r") return {MetricKind::map_at_r, 0};
  const std::size_t at = name.find('@');
  const auto* kind = std::find_if(std::begin(kKindNames), std::end(kKindNames),
                                  [&](const KindName& k) { return k.name == name.substr(0, at); });
  if (kind == std::end(kKindNames)) throw unknown();
  Metric metric{kind->kind, 0};
  if (at == std::string_view::npos) {
    const bool needs_cutoff =
        kind->kind == MetricKind::accuracy || kind->kind == MetricKind::recall;
    if (needs_cutoff) throw unknown();
    return metric;
  }
  const std::string_view digits = name.substr(at + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), metric.cutoff);
  if (error != std::errc() || end != digits.data() + digits.size() || metric.cutoff < 1) {
    throw unknown();
  }
  return metric;
}

std::string Metric::name() const {
  if (kind == MetricKind::map_at_r) return "map@r";
  const auto* found = std::find_if(std::begin(kKindNames), std::end(kKindNames),
                                   [&](const KindName& k) { return k.kind == kind; });
  std::string name(found->name);
  if (cutoff != 0) name.append("@").append(std::to_string(cutoff));
  return name;
}

double Metric::value(const QueryRanks& query) const {
  if (query.empty()) return 0;
  const std::int64_t limit = cutoff == 0 ? INT64_MAX : cutoff;
  switch (kind) {
    case MetricKind::mrr: {
      const auto ranks = ranks_within(query, limit);
      return ranks.empty() ? 0 : 1.0 / static_cast<double>(ranks.front());
    }
    case MetricKind::accuracy: return ranks_within(query, limit).empty() ? 0 : 1;
    case MetricKind::recall:
      return static_cast<double>(ranks_within(query, limit).size()) /
             static_cast<double>(query.size());
    case MetricKind::ndcg: return ndcg(query, limit);
    case MetricKind::map: return average_precision(query, limit);
    case MetricKind::map_at_r:
      return average_precision(query, static_cast<std::int64_t>(query.size()));
  }
  return 0;
}

std::vector<double> values_of(const Metric& metric, std::span<const QueryRanks> queries) {
  std::vector<double> values;
  values.reserve(queries.size());
  for (const QueryRanks& query : queries) values.push_back(metric.value(query));
  return values;
}

std::vector<Metric> default_metrics() {
  std::vector<Metric> metrics;
  for (const char* name :
       {"mrr", "mrr@10", "acc@1", "acc@3", "acc@5", "acc@10", "ndcg@10", "recall@100", "map"}) {
    metrics.push_back(Metric::parse(name));
  }
  return metrics;
}

}  // namespace spencer
