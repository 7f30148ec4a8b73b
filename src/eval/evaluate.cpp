#include "spencer/eval/evaluate.h"

#include <algorithm>

#include "spencer/base/clock.h"
#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/hash.h"
#include "spencer/base/log.h"
#include "spencer/eval/vector_cache.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextsAtOnce = 1024;  // between two looks at the stop flag
constexpr int kWarmUpQueries = 5;

using EncodeTexts = std::function<void(std::span<const std::string>, std::span<float>)>;

std::vector<float> encode_all(const std::vector<TextItem>& items, std::int64_t dimension,
                              const char* stage, const char* unit, const EncodeTexts& encode,
                              const RankingHooks& hooks) {
  std::vector<float> vectors(items.size() * static_cast<std::size_t>(dimension));
  if (hooks.progress != nullptr) {
    hooks.progress->begin(stage, static_cast<std::int64_t>(items.size()), unit);
  }
  std::vector<std::string> texts;
  for (std::size_t begin = 0; begin < items.size(); begin += kTextsAtOnce) {
    if (hooks.stop != nullptr) hooks.stop->check();
    const std::size_t count = std::min(kTextsAtOnce, items.size() - begin);
    texts.clear();
    for (std::size_t i = 0; i < count; ++i) texts.push_back(items[begin + i].text);
    encode(texts, std::span(vectors).subspan(begin * static_cast<std::size_t>(dimension),
                                             count * static_cast<std::size_t>(dimension)));
    if (hooks.progress != nullptr) hooks.progress->advance(static_cast<std::int64_t>(count));
  }
  if (hooks.progress != nullptr) hooks.progress->end();
  return vectors;
}

/// Everything that decides the code vectors: model, tokenizer, exit, length, numbers, and texts.
Hash128 cache_key(const Benchmark& benchmark, const DualEncoder& model) {
  const EngineOptions& engine = model.engine_options();
  std::string text = "1\n" + model.code_fingerprint() + '\n' + std::to_string(model.exit_layer()) +
                     '\n' + std::to_string(model.code_length()) + '\n' + engine.device + '\n' +
                     std::to_string(static_cast<int>(engine.precision)) + '\n';
  for (const char* name : {"tokenizer.json", "vocab.txt", "vocab.json", "merges.txt"}) {
    const fs::path file = model.code_folder().path / name;
    text += fs::exists(file) ? file_checksum(file) + '\n' : "-\n";
  }
  for (const TextItem& code : benchmark.codes) text += hash128(code.text).hex();
  return hash128(text);
}

std::vector<float> code_vectors(const Benchmark& benchmark, DualEncoder& model,
                                const EvalOptions& options, const RankingHooks& hooks,
                                EvalTiming& timing) {
  const auto rows = static_cast<std::int64_t>(benchmark.codes.size());
  const VectorCache cache(options.cache);
  Hash128 key;
  if (!options.cache.empty()) {
    key = cache_key(benchmark, model);
    if (auto found = cache.load(key, rows, model.dimension())) {
      log(LogLevel::info, "code vectors taken from " + options.cache.string());
      return std::move(*found);
    }
  }
  const std::vector<std::string> first{benchmark.codes[0].text};
  model.encode_codes(first);  // loads the weights, which is no part of the throughput
  const auto start = Clock::now();
  std::vector<float> vectors = encode_all(
      benchmark.codes, model.dimension(), "encode codes", "codes",
      [&](std::span<const std::string> texts, std::span<float> out) {
        model.encode_codes(texts, out);
      },
      hooks);
  timing.code_encode_per_s = static_cast<double>(rows) / seconds_since(start);
  if (!options.cache.empty()) cache.store(key, vectors, model.dimension());
  return vectors;
}

/// Encodes queries one by one, spread over the benchmark, after a few to warm up.
void measure_latency(const Benchmark& benchmark, DualEncoder& model, const EvalOptions& options,
                     EvalTiming& timing) {
  const auto queries = static_cast<std::int64_t>(benchmark.queries.size());
  const std::int64_t count = std::min(options.latency_queries, queries);
  if (count <= 0) return;
  std::vector<double> milliseconds;
  for (std::int64_t i = -kWarmUpQueries; i < count; ++i) {
    const auto position = static_cast<std::size_t>(std::max<std::int64_t>(i, 0) * queries / count);
    const std::vector<std::string> query{benchmark.queries[position].text};
    const auto start = Clock::now();
    model.encode_queries(query);
    if (i >= 0) milliseconds.push_back(seconds_since(start) * 1000);
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  timing.query_encode_ms = milliseconds[milliseconds.size() / 2];
  timing.query_encode_p95_ms =
      milliseconds[std::min(milliseconds.size() - 1, milliseconds.size() * 95 / 100)];
}

StageResult summarise(const char* name, std::vector<QueryOutcome>&& outcomes,
                      const EvalOptions& options, Protocol protocol) {
  std::vector<Metric> metrics = options.metrics;
  if (metrics.empty()) {
    metrics = default_metrics();
    if (protocol == Protocol::code_to_code) metrics.insert(metrics.begin(), Metric::parse("map@r"));
    if (protocol == Protocol::qrels) metrics.insert(metrics.begin(), Metric::parse("ndcg@10"));
    metrics.erase(std::remove(metrics.begin() + 1, metrics.end(), Metric(metrics[0])),
                  metrics.end());
  }
  std::vector<QueryRanks> ranks;
  for (const QueryOutcome& outcome : outcomes) ranks.push_back(outcome.answers);
  std::vector<std::vector<double>> columns;
  for (const Metric& metric : metrics) columns.push_back(values_of(metric, ranks));
  const auto intervals = bootstrap_intervals(columns, options.resampling);
  StageResult stage{name, std::move(outcomes), {}};
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    stage.metrics.push_back({metrics[i], intervals[i], std::move(columns[i])});
  }
  return stage;
}

/// The last part of a path, also of one that ends in a slash or is ".".
std::string folder_name(const fs::path& path) {
  const fs::path folder = fs::absolute(path).lexically_normal();
  return (folder.has_filename() ? folder : folder.parent_path()).filename().string();
}

}  // namespace

std::string system_label(const DualEncoder& model) {
  std::string label = folder_name(model.path());
  if (model.exit_layer() != 0) label += "@" + std::to_string(model.exit_layer());
  return label;
}

std::vector<StageResult> evaluate_vectors(const Benchmark& benchmark, const Plan& plan,
                                          const MatrixView& queries, const MatrixView& codes,
                                          const PairScores& second_stage,
                                          const EvalOptions& options, const RankingHooks& hooks,
                                          EvalTiming* timing) {
  Rankings rankings =
      rank_benchmark(benchmark, plan, queries, codes, second_stage, options.ranking, hooks);
  if (timing != nullptr) {
    const auto per_query = [&](double seconds) {
      return seconds * 1000 / static_cast<double>(plan.queries);
    };
    timing->search_ms = per_query(rankings.search_seconds);
    if (second_stage) timing->rerank_ms = per_query(rankings.rerank_seconds);
  }
  std::vector<StageResult> stages;
  stages.push_back(summarise("recall", std::move(rankings.recall), options, plan.protocol));
  if (second_stage) {
    stages.push_back(summarise("rerank", std::move(rankings.rerank), options, plan.protocol));
  }
  return stages;
}

SystemResult evaluate(const Benchmark& benchmark, const Plan& plan, DualEncoder& model,
                      CrossEncoder* reranker, const EvalOptions& options,
                      const RankingHooks& hooks) {
  SystemResult result;
  result.model = model.path();
  result.label = system_label(model);
  result.exit_layer = model.exit_layer();
  const bool code_queries = benchmark.code_to_code || plan.protocol == Protocol::code_to_code;
  result.query_length = code_queries ? model.code_length() : model.query_length();
  result.code_length = model.code_length();
  const std::vector<float> codes = code_vectors(benchmark, model, options, hooks, result.timing);
  std::vector<float> queries;
  if (!benchmark.code_to_code) {
    const EncodeTexts encode = [&](std::span<const std::string> texts, std::span<float> out) {
      if (code_queries) return model.encode_codes(texts, out);
      model.encode_queries(texts, out);
    };
    if (!code_queries) measure_latency(benchmark, model, options, result.timing);
    queries = encode_all(benchmark.queries, model.dimension(), "encode queries", "queries", encode,
                         hooks);
  }
  PairScores second_stage;
  if (reranker != nullptr) {
    result.reranker = folder_name(reranker->folder().path);
    result.reranker_length = reranker->length();
    result.recall_weight = options.ranking.rerank.recall_weight;
    reranker->score(benchmark.queries[0].text, std::vector<std::string>{benchmark.codes[0].text});
    second_stage = [&](std::span<const std::pair<std::string, std::string>> pairs) {
      return reranker->score(pairs);
    };
  }
  const MatrixView code_view{codes, model.dimension()};
  const MatrixView query_view =
      benchmark.code_to_code ? code_view : MatrixView{queries, model.dimension()};
  result.stages = evaluate_vectors(benchmark, plan, query_view, code_view, second_stage, options,
                                   hooks, &result.timing);
  return result;
}

std::vector<Comparison> compare(const std::vector<SystemResult>& systems,
                                const ResamplingOptions& options) {
  std::vector<Comparison> comparisons;
  const auto add = [&](const std::string& base_label, const StageResult& base_stage,
                       const std::string& label, const StageResult& stage) {
    const MetricValue& base = base_stage.metrics.front();
    const MetricValue& other = stage.metrics.front();
    comparisons.push_back({base_label, label, base.metric, other.interval.mean - base.interval.mean,
                           paired_randomisation_test(base.values, other.values, options)});
  };
  for (const SystemResult& system : systems) {
    if (system.stages.size() < 2) continue;
    const StageResult& first = system.stages.front();
    const StageResult& last = system.stages.back();
    add(system.label + ' ' + first.name, first, system.label + ' ' + last.name, last);
  }
  for (std::size_t i = 1; i < systems.size(); ++i) {
    add(systems[0].label, systems[0].stages.back(), systems[i].label, systems[i].stages.back());
  }
  return comparisons;
}

}  // namespace spencer
