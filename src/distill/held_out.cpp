#include "distill/held_out.h"

#include "spencer/base/error.h"

namespace spencer {
namespace {

Hash128 key_of(const std::pair<std::string, std::string>& pair) {
  return hash128(std::to_string(pair.first.size()) + ' ' + pair.first + pair.second);
}

}  // namespace

std::vector<std::string> texts_of(const std::vector<TextItem>& items) {
  std::vector<std::string> texts;
  for (const TextItem& item : items) texts.push_back(item.text);
  return texts;
}

HeldOut::HeldOut(const Benchmark& benchmark, std::vector<float> codes, std::int64_t dimension,
                 CrossEncoder* reranker, const RerankOptions& rerank, const TrainHooks& hooks)
    : benchmark_(benchmark),
      plan_(plan_protocol(benchmark, {})),
      dimension_(dimension),
      reranker_(reranker),
      hooks_(hooks),
      queries_(texts_of(benchmark.queries)),
      codes_(std::move(codes)) {
  if (benchmark.code_to_code) {
    throw Error(ErrorKind::invalid_argument,
                "the held-out data has codes for queries; a query encoder is judged by queries in "
                "words: name other data with --valid");
  }
  options_.metrics = {Metric::parse("mrr"), Metric::parse("acc@1"), Metric::parse("acc@5")};
  options_.ranking.rerank = rerank;
}

std::vector<float> HeldOut::scores(std::span<const std::pair<std::string, std::string>> pairs) {
  std::vector<std::pair<std::string, std::string>> fresh;
  for (const auto& pair : pairs) {
    if (!known_.contains(key_of(pair))) fresh.push_back(pair);
  }
  const std::vector<float> scored = reranker_->score(fresh);
  for (std::size_t i = 0; i < fresh.size(); ++i) known_[key_of(fresh[i])] = scored[i];
  std::vector<float> all;
  for (const auto& pair : pairs) all.push_back(known_.at(key_of(pair)));
  return all;
}

std::vector<StudentRecord::Stage> HeldOut::judge(std::span<const float> queries) {
  PairScores second_stage;
  if (reranker_ != nullptr) {
    second_stage = [this](std::span<const std::pair<std::string, std::string>> pairs) {
      return scores(pairs);
    };
  }
  RankingHooks hooks;
  hooks.progress = hooks_.progress;
  hooks.stop = hooks_.stop;
  std::vector<StudentRecord::Stage> stages;
  for (const StageResult& result :
       evaluate_vectors(benchmark_, plan_, {queries, dimension_}, {codes_, dimension_},
                        second_stage, options_, hooks)) {
    stages.push_back({result.name, {}});
    for (const MetricValue& value : result.metrics) {
      stages.back().figures.emplace_back(value.metric.name(), value.interval);
    }
  }
  return stages;
}

ValidationFigures HeldOut::recall(std::span<const float> queries) const {
  EvalOptions options = options_;
  options.resampling.rounds = 1;  // means alone are read
  const auto stages =
      evaluate_vectors(benchmark_, plan_, {queries, dimension_}, {codes_, dimension_}, {}, options);
  ValidationFigures figures;
  for (const MetricValue& value : stages.front().metrics) {
    figures.emplace_back(value.metric.name(), value.interval.mean);
  }
  return figures;
}

std::string checksum_of(const Benchmark& benchmark) {
  std::string bytes;
  for (const auto* items : {&benchmark.queries, &benchmark.codes}) {
    for (const TextItem& item : *items) bytes += hash128(item.text).hex();
  }
  for (const auto& answers : benchmark.answers) {
    for (const RightAnswer& answer : answers) bytes += std::to_string(answer.code) + ' ';
    bytes += '\n';
  }
  return hash128(bytes).hex();
}

}  // namespace spencer
