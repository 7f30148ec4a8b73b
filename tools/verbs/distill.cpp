#include "verbs/distill.h"

#include <charconv>
#include <iostream>

#include "spencer/base/error.h"

#include "exit_code.h"
#include "option_kinds.h"
#include "verbs/distill_output.h"
#include "verbs/train_output.h"

namespace spencer {
namespace {

constexpr const char* kDistillExamples = R"(
Examples:
  spencer distill --model run/model --reranker cross/model --train train.jsonl.gz \
    --valid valid.jsonl.gz --output small
  spencer distill --model MODEL --train pairs/ --valid valid.jsonl --output small --step 1 \
    --queries queries.txt.gz --strategy chain --target-speedup 2
  spencer distill --config small/config.toml --resume
The model is small/model: it searches the indexes made with --model as they are. small/ledger.jsonl
holds a line per student.
)";

constexpr const char* kSizesGroup = "Sizes and teachers";
constexpr const char* kLossGroup = "Loss";

/// "first", "spread", or layers counted from 1.
void parse_layers(const std::string& text, DistillOptions& options) {
  options.layers.clear();
  if (text == "first" || text == "spread") {
    options.rule = text == "first" ? LayerRule::first : LayerRule::spread;
    return;
  }
  for (const std::string& word : CLI::detail::split(text, ',')) {
    std::int64_t layer = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), layer);
    if (error != std::errc() || end != word.data() + word.size()) {
      throw CLI::ValidationError("--layers", "'" + text +
                                                 "' is neither first nor spread nor a list of "
                                                 "layers such as 1,4,7,10");
    }
    options.layers.push_back(layer);
  }
}

void add_sizes(CLI::App& app, DistillOptions& options) {
  DescentOptions& descent = options.descent;
  add_number(app, "--step", descent.step, "Layers from one size to the next", kSizesGroup);
  add_number(app, "--max-decline", descent.max_decline,
             "Share of the original's overall MRR that may be lost", kSizesGroup);
  add_choice<Strategy>(app, "--strategy", descent.strategy,
                       {{"assistant", Strategy::assistant},
                        {"direct", Strategy::direct},
                        {"chain", Strategy::chain}},
                       "assistant: teacher and last student both teach, the better result is "
                       "kept; direct: the original teaches all; chain: the last student does")
      ->group(kSizesGroup);
  add_number(app, "--target-layers", descent.target_layers, "The last size; 0: as far as it goes",
             kSizesGroup);
  add_number(app, "--target-speedup", descent.target_speedup,
             "End at a student so many times as fast; 0: none", kSizesGroup);
  app.add_option_function<std::string>(
         "--layers", [&options](const std::string& text) { parse_layers(text, options); },
         "The teacher's layers a student starts with: first, spread, or a list counted from 1, "
         "which makes one student")
      ->type_name("first|spread|LIST")
      ->default_str("first")
      ->group(kSizesGroup);
}

void add_loss(CLI::App& app, DistillArgs& args) {
  StudentOptions& training = args.options.training;
  add_number(app, "--dual-weight", training.dual_weight,
             "Of the distance between the two's scores of the codes; 0: left out", kLossGroup);
  add_number(app, "--single-weight", training.single_weight,
             "Of the distance between the two's query vectors; 0: left out", kLossGroup);
  app.add_option("--queries", args.queries,
                 "Queries without a code, one a line (text or .gz): they join the second term")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kLossGroup);
  add_number(app, "--extra", training.extra, "Of these, per batch; -1: as many as pairs",
             kLossGroup);
}

void require_valid(const DistillArgs& args) {
  if (!args.valid.empty()) return;
  throw Error(ErrorKind::invalid_argument,
              "students are judged by held-out data: name some with --valid DATA");
}

}  // namespace

void add_distill(CLI::App& app, DistillArgs& args) {
  app.description(
      "Train smaller query encoders to find what the model's own finds, down to the smallest that "
      "is good enough; the code encoder and the indexes made with it stay");
  app.footer(kDistillExamples);
  DistillOptions& options = args.options;
  add_training(app, args, options.training, options.model,
               "The dual encoder whose query encoder is distilled");
  app.add_option("--reranker", options.reranker,
                 "The cross-encoder of the overall figures; by default the model's own, if any")
      ->type_name("DIR")
      ->group("Model and device");
  add_number(app, "--rerank-depth", options.rerank_depth, "Codes re-ranked in the overall figures",
             kRunGroup);
  add_number(app, "--reranker-length", options.reranker_length,
             "Tokens of query and code together; 0: what suits the reranker", "Model and device");
  add_recall_weight(app, options.recall_weight);
  add_sizes(app, options);
  add_loss(app, args);
  add_query_length(app, options.training.query_length);
  add_code_length(app, options.code_length);
}

int run_distill(DistillArgs args, std::ostream& out, const StopFlag& stop) {
  require_inputs(args, args.options.model);
  require_valid(args);
  args.options.validate();
  const PairSet pairs = read_training_pairs(args);
  const std::vector<std::string> extra = read_queries(args.queries);
  const Benchmark held_out = load_benchmark(args.valid, args.valid_reading);
  keep_configuration(args, args.options.training);
  TrainDisplay display(std::cerr, args.output);
  display.begin(description(pairs));
  DistillHooks hooks;
  hooks.stop = &stop;
  hooks.progress = display.progress();
  hooks.on_step = [&](const StepReport& step) { display.step(step); };
  hooks.on_validation = [&](const ValidationReport& report) { display.validation(report); };
  const auto say = [&](const std::string& line) {
    display.end();
    if (!args.output.quiet) std::cerr << line << std::endl;
  };
  hooks.on_original = [&](const StudentRecord& record) { say(scored_line(record)); };
  hooks.on_attempt = [&](const Attempt& attempt) { say(attempt_line(attempt)); };
  hooks.on_scored = [&](const StudentRecord& record) { say(scored_line(record)); };
  hooks.on_judgement = [&](const StudentRecord& record) { say(judgement_line(record)); };
  try {
    const DistillReport report = distill(args.options, {pairs, extra, held_out}, hooks);
    display.end();
    if (args.output.json) {
      write_distill_json(out, report);
    } else {
      write_distill_text(out, report);
    }
  } catch (const Error& error) {
    display.end();
    if (error.kind() == ErrorKind::interrupted) {
      throw Error(
          ErrorKind::interrupted,
          "interrupted; what was trained is kept: go on with the same command and --resume");
    }
    throw;
  }
  return exit_code::ok;
}

}  // namespace spencer
