#include "verbs/eval.h"

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <set>

#include <unistd.h>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/log.h"
#include "spencer/dataset/challenge.h"
#include "spencer/eval/report.h"
#include "spencer/eval/run_files.h"
#include "spencer/eval/vector_cache.h"
#include "spencer/model/cross_encoder.h"
#include "spencer/model/two_stage_folder.h"

#include "exit_code.h"
#include "model_path.h"
#include "option_kinds.h"
#include "progress_display.h"
#include "terminal.h"
#include "verbs/eval_output.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kLongestRun = 50'000'000;  // lines written without being asked for

constexpr const char* kEvalExamples = R"(
Examples:
  spencer eval cosqa/ --model all-MiniLM-L6-v2 --code-length 256
  spencer eval python_test_0.jsonl.gz --model MODEL --protocol csn-1000 --shuffle-seed 0
  spencer eval test.jsonl --model A --model B --reranker C --rerank-depth 5 --report eval.html
  spencer eval beir-folder/ --model MODEL --run run.txt --qrels qrels.txt --json
  spencer eval annotationStore.csv --predictions predictions.csv
)";

void add_data(CLI::App& app, EvalArgs& args) {
  app.add_option("DATA", args.data, "Files or a folder of a known format, plain or gzipped")
      ->required();
  app.add_option_function<std::string>(
         "--format",
         [&args](const std::string& name) { args.reading.format = parse_data_format(name); },
         "auto, csn, cosqa, codesplit, beir, poj104, flag or csn-challenge")
      ->type_name("FORMAT");
  app.add_option("--pool", args.reading.pool,
                 "The codes searched, where they are a file of their own; found beside DATA")
      ->type_name("FILE");
  app.add_option("--split", args.reading.split, "train, valid or test, where a folder has several")
      ->type_name("NAME");
  app.add_option_function<std::string>(
         "--text", [&args](const std::string& name) { args.reading.text = parse_text_form(name); },
         "CodeSearchNet's text: tokens, raw, or auto (tokens where given)")
      ->type_name("FORM");
  app.add_flag("--skip-bad", args.reading.skip_bad, "Count bad records and go on");
  app.add_option("--predictions", args.predictions,
                 "Score this prediction CSV with CodeSearchNet's annotationStore.csv as DATA")
      ->type_name("CSV");
}

void add_protocol(CLI::App& app, EvalArgs& args) {
  EvalOptions& options = args.options;
  app.add_option_function<std::string>(
         "--protocol",
         [&options](const std::string& name) { options.protocol.protocol = parse_protocol(name); },
         "auto, csn-1000, full, qrels or code-to-code")
      ->type_name("NAME");
  app.add_option("--shuffle-seed", args.shuffle_seed,
                 "csn-1000: shuffle before cutting, as numpy does with this seed")
      ->type_name("N");
  app.add_option(
         "--metrics", args.metrics,
         "Instead of the usual ones: mrr, mrr@K, acc@K, recall@K, ndcg@K, map, map@K, map@r")
      ->delimiter(',')
      ->type_name("LIST");
  app.add_option("--resamples", options.resampling.rounds, "Rounds of bootstrap and paired test")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--seed", options.resampling.seed, "Of bootstrap and paired test")
      ->type_name("N")
      ->capture_default_str();
}

void add_models(CLI::App& app, EvalArgs& args) {
  app.add_option("--model", args.models, "A model folder; several are compared")
      ->type_name("DIR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Model and device");
  app.add_option("--reranker", args.reranker,
                 "A cross-encoder folder; by default the model folder's own, where it has one")
      ->type_name("DIR");
  app.add_flag("--no-rerank", args.no_rerank, "Recall alone");
  app.add_option("--rerank-depth", args.options.ranking.rerank.depth,
                 "Candidates the reranker reads")
      ->type_name("N")
      ->capture_default_str();
  add_choice<RerankRule>(
      app, "--rerank-rule", args.options.ranking.rerank.rule,
      {{"spencer", RerankRule::keep_rest}, {"cut", RerankRule::cut}},
      "spencer: what the reranker did not read keeps its rank; cut: it is not ranked");
  app.add_option("--reranker-length", args.reranker_length,
                 "Tokens of query and code together; 0: what suits the reranker")
      ->type_name("N")
      ->capture_default_str();
  add_recall_weight(app, args.recall_weight);
  add_query_length(app, args.lengths.query);
  add_code_length(app, args.lengths.code);
  add_engine(app, args.engine);
  app.remove_option(app.get_option("--exit"));
  app.add_option("--exit", args.exits,
                 "Stop after this many layers; several are compared; 0: the last exit")
      ->delimiter(',')
      ->type_name("N")
      ->group("Model and device");
}

void add_result_files(CLI::App& app, EvalArgs& args) {
  app.add_option("--run", args.run,
                 "Write TREC runs; several models get their name before the extension")
      ->type_name("FILE");
  app.add_option("--run-depth", args.options.ranking.run_depth,
                 "Candidates per query in the run; 0: all, or 1000 where that is too many")
      ->type_name("N");
  app.add_option("--qrels", args.qrels, "Write the right answers as TREC judgements")
      ->type_name("FILE");
  app.add_option("--report", args.report, "Write a page that shows everything, worst queries too")
      ->type_name("FILE.html");
  app.add_option("--cache", args.cache,
                 "Where code vectors are kept; by default in the user's cache")
      ->type_name("DIR");
  app.add_flag("--no-cache", args.no_cache, "Encode every code anew, and keep nothing");
}

int run_challenge(const EvalArgs& args, std::ostream& out) {
  if (args.predictions.empty()) {
    throw Error(ErrorKind::invalid_argument,
                "annotations need predictions to score; name them with --predictions CSV");
  }
  const auto scores = score_challenge(read_challenge_annotations(args.data.front()),
                                      read_challenge_predictions(args.predictions));
  if (args.output.json) {
    write_challenge_json(out, scores);
  } else {
    write_challenge_text(out, scores);
  }
  return exit_code::ok;
}

/// A model at an exit, opened, with its reranker.
struct System {
  std::string label;
  std::unique_ptr<DualEncoder> model;
  std::unique_ptr<CrossEncoder> reranker;
  double recall_weight = 0;
};

System open_system(const EvalArgs& args, const fs::path& folder, int exit) {
  EngineOptions engine = args.engine;
  engine.exit_layer = exit;
  System system{{}, DualEncoder::open(folder, engine, args.lengths), nullptr, 0};
  const TwoStageFolder two_stage = TwoStageFolder::open(folder);
  const fs::path reranker = args.reranker.empty() ? two_stage.reranker : args.reranker;
  if (args.no_rerank || reranker.empty()) return system;
  engine.exit_layer = 0;
  const std::int64_t length = args.reranker_length != 0 ? args.reranker_length
                              : args.reranker.empty()   ? two_stage.reranker_length
                                                        : 0;
  system.reranker = CrossEncoder::open(reranker, engine, length);
  system.recall_weight =
      args.recall_weight.value_or(args.reranker.empty() ? two_stage.recall_weight : 0);
  return system;
}

/// How deep a run goes: as asked, or whole, unless nobody asked and it would be very long.
std::int64_t resolve_run_depth(const EvalArgs& args, const Plan& plan) {
  if (args.run.empty()) return 0;
  if (args.options.ranking.run_depth > 0) return args.options.ranking.run_depth;
  if (plan.queries * plan.candidates <= kLongestRun) return -1;
  log(LogLevel::warning,
      "the run holds the first 1000 codes of each query; answers beyond count as not found there "
      "(--run-depth)");
  return 1000;
}

/// Names that tell the systems apart, also where two folders are called the same.
void name_systems(std::vector<System>& systems) {
  std::set<std::string> used;
  for (System& system : systems) {
    const std::string label = system_label(*system.model);
    system.label = label;
    for (int i = 2; !used.insert(system.label).second; ++i) {
      system.label = label + "-" + std::to_string(i);
    }
  }
}

void resolve(EvalArgs& args) {
  for (const std::string& name : args.metrics) args.options.metrics.push_back(Metric::parse(name));
  if (args.shuffle_seed >= 0) {
    args.options.protocol.shuffle_seed = static_cast<std::uint32_t>(args.shuffle_seed);
  }
  if (!args.no_cache) {
    args.options.cache = args.cache.empty() ? default_vector_cache() : args.cache;
  }
  args.options.ranking.threads = args.engine.threads;
  RerankOptions rerank = args.options.ranking.rerank;
  rerank.recall_weight = args.recall_weight.value_or(0);
  rerank.validate();
  args.options.resampling.validate();
  if (args.exits.empty()) args.exits = {0};
  if (args.models.empty()) args.models = {find_model({})};
}

}  // namespace

void add_eval(CLI::App& app, EvalArgs& args) {
  app.description("Score models on a benchmark: metrics with intervals, times, comparisons");
  app.footer(kEvalExamples);
  add_data(app, args);
  add_protocol(app, args);
  add_models(app, args);
  add_result_files(app, args);
  add_output(app, args.output);
}

int run_eval(EvalArgs args, std::ostream& out, const StopFlag& stop) {
  const bool automatic = args.reading.format == DataFormat::automatic;
  if (!args.predictions.empty() || args.reading.format == DataFormat::csn_challenge ||
      (automatic && args.data.front().extension() == ".csv")) {
    return run_challenge(args, out);
  }
  resolve(args);
  std::vector<System> opened;  // all of them before the work begins: a wrong name ends it at once
  for (const fs::path& model : args.models) {
    for (const int exit : args.exits) opened.push_back(open_system(args, model, exit));
  }
  name_systems(opened);
  const Benchmark benchmark = load_benchmark(args.data, args.reading);
  for (const std::string& error : benchmark.report.first_errors) {
    log(LogLevel::warning, "skipped: " + error);
  }
  const Plan plan = plan_protocol(benchmark, args.options.protocol);
  args.options.ranking.run_depth = resolve_run_depth(args, plan);
  if (!args.qrels.empty()) write_qrels(args.qrels, benchmark, plan);

  const auto progress = make_progress(args.output.quiet);
  EvalOutcome outcome{benchmark, plan, args.options, {}, {}};
  for (System& system : opened) {
    RankingHooks hooks;
    hooks.progress = progress.get();
    hooks.stop = &stop;
    std::optional<RunWriter> writer;
    if (!args.run.empty()) {
      const fs::path file = opened.size() == 1 ? args.run : with_part(args.run, system.label);
      writer.emplace(benchmark, file, system.label, system.reranker != nullptr);
      hooks.on_ranking = [&](const char* stage, std::int64_t query, const RankedCodes& ranking) {
        writer->write(stage, query, ranking);
      };
    }
    EvalOptions options = args.options;
    options.ranking.rerank.recall_weight = system.recall_weight;
    outcome.systems.push_back(
        evaluate(benchmark, plan, *system.model, system.reranker.get(), options, hooks));
    outcome.systems.back().label = system.label;
    if (writer) writer->finish();
    system = {};  // its weights leave memory before the next model's come
  }
  outcome.comparisons = compare(outcome.systems, args.options.resampling);
  if (!args.report.empty()) {
    write_file_atomically(args.report,
                          render_report({benchmark, plan, outcome.systems, outcome.comparisons,
                                         eval_settings(outcome)}));
  }
  if (args.output.json) {
    write_eval_json(out, outcome);
  } else {
    write_eval_text(out, outcome);
  }
  return exit_code::ok;
}

}  // namespace spencer
