#include "verbs/eval_output.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include <nlohmann/json.hpp>

#include "json_output.h"
#include "progress_display.h"
#include "table.h"
#include "terminal.h"

namespace spencer {
namespace {

using Json = nlohmann::ordered_json;

std::string format(const char* pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string interval_text(const Interval& interval) {
  return format("%.4f", interval.mean) + " [" + format("%.3f", interval.low) + ", " +
         format("%.3f", interval.high) + "]";
}

/// One system: a line per metric, with intervals.
std::vector<TableRow> rows_by_metric(const SystemResult& system) {
  std::vector<TableRow> rows(1, TableRow{"metric"});
  for (const StageResult& stage : system.stages) rows[0].push_back(stage.name + " [95%]");
  for (std::size_t m = 0; m < system.stages[0].metrics.size(); ++m) {
    TableRow row{system.stages[0].metrics[m].metric.name()};
    for (const StageResult& stage : system.stages) {
      row.push_back(interval_text(stage.metrics[m].interval));
    }
    rows.push_back(row);
  }
  return rows;
}

/// Several systems: a line per system and stage, the first metric with its interval.
std::vector<TableRow> rows_by_system(const std::vector<SystemResult>& systems) {
  std::vector<TableRow> rows(1, TableRow{"model", "stage"});
  const auto& metrics = systems[0].stages[0].metrics;
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    rows[0].push_back(metrics[m].metric.name() + (m == 0 ? " [95%]" : ""));
  }
  for (const SystemResult& system : systems) {
    for (const StageResult& stage : system.stages) {
      TableRow row{printable(system.label), stage.name};
      for (std::size_t m = 0; m < stage.metrics.size(); ++m) {
        const Interval& interval = stage.metrics[m].interval;
        row.push_back(m == 0 ? interval_text(interval) : format("%.4f", interval.mean));
      }
      rows.push_back(row);
    }
  }
  return rows;
}

std::vector<TableRow> timing_rows(const std::vector<SystemResult>& systems) {
  std::vector<TableRow> rows{{"model", "query ms", "p95", "codes/s", "search ms", "rerank ms"}};
  const auto cell = [](const std::optional<double>& value, const char* pattern) {
    return value ? format(pattern, *value) : std::string("-");
  };
  for (const SystemResult& system : systems) {
    const EvalTiming& t = system.timing;
    rows.push_back({printable(system.label), cell(t.query_encode_ms, "%.2f"),
                    cell(t.query_encode_p95_ms, "%.2f"), cell(t.code_encode_per_s, "%.0f"),
                    cell(t.search_ms, "%.3f"), cell(t.rerank_ms, "%.1f")});
  }
  return rows;
}

std::string rerank_text(const EvalOutcome& outcome, const SystemResult& system) {
  const RerankOptions& options = outcome.options.ranking.rerank;
  const std::string recall =
      system.recall_weight == 0 ? "" : " + " + format("%g", system.recall_weight) + " x recall";
  return "top " + std::to_string(options.depth) + " by " + system.reranker + recall +
         (options.rule == RerankRule::keep_rest ? "; the rest keep their ranks"
                                                : "; the ranking ends there");
}

Json stage_json(const SystemResult& system) {
  Json stages = Json::object();
  for (const StageResult& stage : system.stages) {
    for (const MetricValue& value : stage.metrics) {
      stages[stage.name][value.metric.name()] = value.interval.mean;
    }
  }
  return stages;
}

Json interval_json(const SystemResult& system) {
  Json intervals = Json::object();
  for (const StageResult& stage : system.stages) {
    for (const MetricValue& value : stage.metrics) {
      intervals[stage.name][value.metric.name()] = {value.interval.low, value.interval.high};
    }
  }
  return intervals;
}

Json timing_json(const EvalTiming& timing) {
  Json json = Json::object();
  const auto add = [&](const char* name, const std::optional<double>& value) {
    json[name] = value ? Json(*value) : Json(nullptr);
  };
  add("query_encode_ms", timing.query_encode_ms);
  add("query_encode_p95_ms", timing.query_encode_p95_ms);
  add("code_encode_per_s", timing.code_encode_per_s);
  add("search_ms", timing.search_ms);
  add("rerank_ms", timing.rerank_ms);
  return json;
}

/// What belongs to one system: model, settings, figures.
void add_system(Json& json, const EvalOutcome& outcome, const SystemResult& system) {
  json["model"] = system.label;
  json["exit"] = system.exit_layer;
  json["lengths"] = {{"query", system.query_length}, {"code", system.code_length}};
  if (!system.reranker.empty()) {
    const RerankOptions& options = outcome.options.ranking.rerank;
    json["lengths"]["reranker"] = system.reranker_length;
    json["reranker"] = {{"model", system.reranker},
                        {"depth", options.depth},
                        {"recall_weight", system.recall_weight},
                        {"rule", options.rule == RerankRule::keep_rest ? "spencer" : "cut"}};
  }
  json["stages"] = stage_json(system);
  json["intervals"] = interval_json(system);
  json["timing"] = timing_json(system.timing);
}

std::string shuffle_text(const EvalOutcome& outcome) {
  const auto& seed = outcome.options.protocol.shuffle_seed;
  if (outcome.plan.protocol != Protocol::csn_1000) return {};
  return seed ? "shuffled with numpy seed " + std::to_string(*seed) : "in the order of the data";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> eval_settings(const EvalOutcome& outcome) {
  const Benchmark& benchmark = outcome.benchmark;
  const Plan& plan = outcome.plan;
  std::string protocol = to_string(plan.protocol) + ": " + with_thousands(plan.queries) +
                         " queries, each among " + with_thousands(plan.candidates) + " codes";
  if (plan.protocol == Protocol::csn_1000) {
    protocol += ", " + shuffle_text(outcome) + ", " + std::to_string(plan.dropped) +
                " of the last chunk dropped";
  }
  std::vector<std::pair<std::string, std::string>> settings{
      {"data",
       benchmark.name + " (" + to_string(benchmark.format) + "; text " + benchmark.text + ")"},
      {"protocol", protocol},
      {"ties", kTieRule}};
  const SystemResult& first = outcome.systems.front();
  settings.emplace_back(
      "lengths",
      "query " + std::to_string(first.query_length) + ", code " +
          std::to_string(first.code_length) +
          (first.reranker.empty() ? "" : ", reranker " + std::to_string(first.reranker_length)) +
          " tokens");
  if (!first.reranker.empty()) {
    settings.emplace_back("rerank", rerank_text(outcome, first));
  }
  if (benchmark.report.skipped > 0) {
    settings.emplace_back("skipped", with_thousands(benchmark.report.skipped) + " bad records");
  }
  return settings;
}

void write_eval_text(std::ostream& out, const EvalOutcome& outcome) {
  for (const auto& [name, value] : eval_settings(outcome)) {
    out << name << std::string(10 - name.size(), ' ') << printable(value) << '\n';
  }
  out << '\n';
  if (outcome.systems.size() == 1) {
    out << printable(outcome.systems[0].label) << '\n';
    write_table(out, rows_by_metric(outcome.systems[0]), Align::right);
  } else {
    write_table(out, rows_by_system(outcome.systems), Align::right);
  }
  out << '\n';
  for (const Comparison& c : outcome.comparisons) {
    out << printable(c.system) << " against " << printable(c.baseline) << ": " << c.metric.name()
        << ' ' << format("%+.4f", c.difference) << ", p = " << format("%.4f", c.p_value)
        << " (paired randomisation test)\n";
  }
  if (!outcome.comparisons.empty()) out << '\n';
  write_table(out, timing_rows(outcome.systems), Align::right);
}

void write_eval_json(std::ostream& out, const EvalOutcome& outcome) {
  const Benchmark& benchmark = outcome.benchmark;
  const Plan& plan = outcome.plan;
  Json json;
  json["dataset"] = benchmark.name;
  json["format"] = to_string(benchmark.format);
  json["text"] = benchmark.text;
  json["protocol"] = to_string(plan.protocol);
  json["queries"] = plan.queries;
  json["candidates"] = plan.candidates;
  json["dropped"] = plan.dropped;
  json["skipped"] = benchmark.report.skipped;
  const auto& seed = outcome.options.protocol.shuffle_seed;
  json["shuffle_seed"] = seed ? Json(*seed) : Json(nullptr);
  json["ties"] = kTieRule;
  add_system(json, outcome, outcome.systems.front());
  if (outcome.systems.size() > 1) {
    json["models"] = Json::array();
    for (const SystemResult& system : outcome.systems) {
      json["models"].emplace_back();
      add_system(json["models"].back(), outcome, system);
    }
  }
  for (const Comparison& c : outcome.comparisons) {
    json["comparisons"].push_back({{"baseline", c.baseline},
                                   {"model", c.system},
                                   {"metric", c.metric.name()},
                                   {"difference", c.difference},
                                   {"p", c.p_value}});
  }
  out << json_text(json) << '\n';
}

void write_challenge_text(std::ostream& out, const std::vector<ChallengeScore>& scores) {
  std::vector<TableRow> rows{{"language", "queries", "nDCG within", "nDCG all"}};
  for (const ChallengeScore& score : scores) {
    rows.push_back({printable(score.language), std::to_string(score.queries),
                    format("%.4f", score.ndcg_within), format("%.4f", score.ndcg_all)});
  }
  write_table(out, rows, Align::right);
}

void write_challenge_json(std::ostream& out, const std::vector<ChallengeScore>& scores) {
  Json json{{"format", "csn-challenge"}, {"languages", Json::array()}};
  for (const ChallengeScore& score : scores) {
    json["languages"].push_back({{"language", score.language},
                                 {"queries", score.queries},
                                 {"ndcg_within", score.ndcg_within},
                                 {"ndcg_all", score.ndcg_all}});
  }
  out << json_text(json) << '\n';
}

}  // namespace spencer
