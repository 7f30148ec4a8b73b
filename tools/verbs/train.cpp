#include "verbs/train.h"

#include <memory>
#include <optional>
#include <string>

#include "spencer/base/error.h"
#include "spencer/eval/evaluate.h"
#include "spencer/model/dual_encoder.h"
#include "spencer/train/trainer.h"

#include "option_kinds.h"
#include "verbs/train_output.h"

namespace spencer {
namespace {

constexpr const char* kDualExamples = R"(
Examples:
  spencer train dual --model all-MiniLM-L6-v2 --train train.jsonl.gz --valid valid.jsonl.gz \
    --output run --epochs 1 --batch-size 64
  spencer train dual --model MODEL --train pairs/ --output run --batch-size 1024 --chunk-size 64
  spencer train dual --model MODEL --train train.jsonl --output mose --exits 2,4,6 --self-distill
  spencer train dual --model MODEL --train train.jsonl --code-pairs twins.jsonl --output run
  spencer train dual --config run/config.toml --resume
The model is run/model; run/metrics.jsonl holds a line per report.
)";

constexpr const char* kCrossExamples = R"(
Examples:
  spencer train cross --model all-MiniLM-L6-v2 --dual run/model --train train.jsonl.gz \
    --valid valid.jsonl.gz --output cross --negatives 3 --loss listwise
  spencer train cross --config cross/config.toml --resume
The model is cross/model; use it with spencer search or eval --reranker cross/model.
)";

constexpr const char* kNegativesGroup = "Negatives";

void add_window(CLI::App& app, MiningOptions& mining) {
  add_number(app, "--mine-from", mining.from, "First rank taken, among codes that are no answers",
             kNegativesGroup);
  add_number(app, "--mine-to", mining.to, "Last rank taken", kNegativesGroup);
  app.add_option_function<double>(
         "--mine-margin", [&mining](double value) { mining.margin = value; },
         "A negative's cosine is at least so much below the right answer's")
      ->type_name("X")
      ->group(kNegativesGroup);
}

/// The held-out data, and how it is ranked.
struct HeldOut {
  Benchmark benchmark;
  Plan plan;
  EvalOptions options;

  explicit HeldOut(const TrainArgs& args)
      : benchmark(load_benchmark(args.valid, args.valid_reading)),
        plan(plan_protocol(benchmark, {})) {
    options.metrics = {Metric::parse("mrr"), Metric::parse("acc@1"), Metric::parse("ndcg@10")};
    options.resampling.rounds = 1;  // means alone are read
  }

  std::vector<std::string> texts(const std::vector<TextItem>& items) const {
    std::vector<std::string> all;
    for (const TextItem& item : items) all.push_back(item.text);
    return all;
  }
  static ValidationFigures figures(const StageResult& stage, const std::string& before) {
    ValidationFigures figures;
    for (const MetricValue& value : stage.metrics) {
      figures.emplace_back(before + value.metric.name(), value.interval.mean);
    }
    return figures;
  }
};

DualValidator dual_validator(const std::shared_ptr<const HeldOut>& held_out) {
  if (!held_out) return {};
  return [held_out](const LiveDualEncoder& model) {
    const Benchmark& benchmark = held_out->benchmark;
    const auto dimension = static_cast<std::size_t>(model.dimension);
    const auto encode = [&](const std::vector<TextItem>& items, const auto& encoder) {
      std::vector<float> vectors(model.exits * items.size() * dimension);
      encoder(held_out->texts(items), vectors);
      return vectors;
    };
    const auto codes = encode(benchmark.codes, model.encode_codes);
    const auto queries =
        benchmark.code_to_code ? codes : encode(benchmark.queries, model.encode_queries);
    std::vector<ValidationFigures> figures;
    for (std::size_t exit = 0; exit < model.exits; ++exit) {
      const auto at_exit = [&](const std::vector<float>& vectors) {
        const std::size_t size = vectors.size() / model.exits;
        return MatrixView{std::span(vectors).subspan(exit * size, size), model.dimension};
      };
      const auto stages = evaluate_vectors(benchmark, held_out->plan, at_exit(queries),
                                           at_exit(codes), {}, held_out->options);
      figures.push_back(HeldOut::figures(stages.front(), ""));
    }
    return figures;
  };
}

/// Ranks by the dual encoder once, and re-ranks by the cross-encoder as it then is.
CrossValidator cross_validator(const std::shared_ptr<HeldOut>& held_out,
                               const CrossOptions& options, std::int64_t rerank_depth) {
  if (!held_out) return {};
  if (options.dual.empty()) {
    throw Error(ErrorKind::invalid_argument,
                "a cross-encoder is judged by what it makes of a dual encoder's first codes: name "
                "one with --dual, or leave out --valid");
  }
  held_out->options.ranking.rerank.depth = rerank_depth;
  const auto dual = DualEncoder::open(options.dual, options.engine);
  const std::int64_t dimension = dual->dimension();
  const auto codes = std::make_shared<std::vector<float>>(
      dual->encode_codes(held_out->texts(held_out->benchmark.codes)));
  const auto queries = std::make_shared<std::vector<float>>(
      dual->encode_queries(held_out->texts(held_out->benchmark.queries)));
  return [=](const LiveCrossEncoder& score) {
    const auto stages = evaluate_vectors(held_out->benchmark, held_out->plan, {*queries, dimension},
                                         {*codes, dimension}, score, held_out->options);
    ValidationFigures figures = HeldOut::figures(stages.back(), "");
    for (auto& figure : HeldOut::figures(stages.front(), "recall_")) figures.push_back(figure);
    return figures;
  };
}

void add_prefixes(CLI::App& app, DualOptions& options) {
  const auto add = [&](const char* name, std::optional<std::string>& prefix, const char* help) {
    app.add_option_function<std::string>(
           name, [&prefix](const std::string& text) { prefix = text; }, help)
        ->type_name("TEXT");
  };
  add("--query-prefix", options.query_prefix,
      "Stands before every query in words, in place of the model's own");
  add("--code-prefix", options.code_prefix,
      "Stands before every code, one that serves as a query included");
}

}  // namespace

void add_train_dual(CLI::App& app, TrainDualArgs& args) {
  app.description(
      "Train a dual encoder on (query, code) pairs, each batch's codes being each "
      "other's negatives");
  app.footer(kDualExamples);
  DualOptions& options = args.options;
  add_training(app, args, options, options.model,
               "The model folder to start from; without weights in it, from random ones");
  app.add_flag("--separate-towers", options.separate_towers,
               "Queries and codes get encoders of their own");
  app.add_option("--scale", options.scale, "Scores are scale * cosine")
      ->type_name("X")
      ->capture_default_str();
  app.add_flag("--learn-scale", options.learn_scale, "Train the scale too (at most 100)");
  app.add_flag("--symmetric", options.symmetric, "Also rank queries for each code");
  app.add_option("--matryoshka", options.dimensions,
                 "Train vectors cut to these numbers of dimensions too, e.g. 384,128,64")
      ->delimiter(',')
      ->type_name("LIST");
  add_exits(app, options.exits, options.exit_weights);
  app.add_flag("--self-distill", options.self_distill,
               "Earlier exits also learn the scores of the last one");
  add_number(app, "--mine-negatives", options.mining.count,
             "Wrong answers per pair out of the model's own high ranks; 0: none", kNegativesGroup);
  add_number(app, "--mine-every", options.mining.every, "Steps between minings; 0: once",
             kNegativesGroup);
  add_window(app, options.mining);
  app.add_option("--mine-veto", options.mining.veto,
                 "A cross-encoder that drops negatives it scores as high as an answer")
      ->type_name("DIR")
      ->group(kNegativesGroup);
  add_query_length(app, options.query_length);
  add_code_length(app, options.code_length);
  add_prefixes(app, options);
  CLI::Option* code_pairs =
      add_files(app, "--code-pairs", args.code_pairs,
                "Pairs whose queries are codes themselves, in the same formats as --train");
  app.add_option("--code-pair-share", options.code_pair_share,
                 "Of the batches, where there are pairs of both kinds")
      ->type_name("X")
      ->capture_default_str()
      ->group(code_pairs->get_group());
}

int run_train_dual(TrainDualArgs args, std::ostream& out, const StopFlag& stop) {
  if (args.code_pairs.empty() || args.options.model.empty()) {
    require_inputs(args, args.options.model);
  }
  args.options.validate();
  const PairSet text_pairs = args.train.empty() ? PairSet() : read_training_pairs(args);
  ReadOptions code_reading = args.reading;
  code_reading.format = DataFormat::automatic;  // --format is that of --train
  const PairSet code_pairs =
      args.code_pairs.empty() ? PairSet() : read_training_pairs(args.code_pairs, code_reading);
  const DualPairs pairs(text_pairs, code_pairs);
  const auto held_out = args.valid.empty() ? nullptr : std::make_shared<const HeldOut>(args);
  return train_and_report(
      args, args.options, out, stop, description(pairs), [&](const TrainHooks& hooks) {
        return load_trainer().train_dual(args.options, pairs, dual_validator(held_out), hooks);
      });
}

void add_train_cross(CLI::App& app, TrainCrossArgs& args) {
  app.description("Train a cross-encoder that reads a query and a code together and scores them");
  app.footer(kCrossExamples);
  CrossOptions& options = args.options;
  add_training(app, args, options, options.model,
               "The encoder to start from; its classification head is used where it has one");
  app.add_option("--dual", options.dual,
                 "The dual encoder whose high ranks give the negatives, and which recalls in "
                 "validation")
      ->type_name("DIR")
      ->group("Model and device");
  add_choice<PairLoss>(
      app, "--loss", options.loss, {{"pairs", PairLoss::pairs}, {"listwise", PairLoss::listwise}},
      "pairs: each is right or wrong; listwise: the right one among its negatives");
  app.add_option("--length", options.length,
                 "Tokens of query and code together; 0: what the model says")
      ->type_name("N")
      ->capture_default_str();
  add_number(app, "--negatives", options.mining.count, "Wrong answers per pair", kNegativesGroup);
  add_choice<bool>(app, "--negatives-from", options.random_negatives,
                   {{"mined", false}, {"random", true}},
                   "mined: what --dual ranks high; random: any code that is no answer")
      ->group(kNegativesGroup);
  add_window(app, options.mining);
  add_number(app, "--rerank-depth", args.rerank_depth, "Codes re-ranked in validation", kRunGroup);
}

int run_train_cross(TrainCrossArgs args, std::ostream& out, const StopFlag& stop) {
  require_inputs(args, args.options.model);
  args.options.validate();
  const PairSet pairs = read_training_pairs(args);
  const auto held_out = args.valid.empty() ? nullptr : std::make_shared<HeldOut>(args);
  return train_and_report(
      args, args.options, out, stop, description(pairs), [&](const TrainHooks& hooks) {
        const CrossValidator validator = cross_validator(held_out, args.options, args.rerank_depth);
        return load_trainer().train_cross(args.options, pairs, validator, hooks);
      });
}

}  // namespace spencer
