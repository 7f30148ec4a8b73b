#include "verbs/train_pretrain.h"

#include <algorithm>

#include "spencer/base/log.h"

#include "option_kinds.h"
#include "verbs/train_output.h"

namespace spencer {
namespace {

constexpr const char* kPretrainExamples = R"(
Examples:
  spencer train pretrain --model mose-small --train train.jsonl.gz --valid valid.jsonl.gz \
    --output base --exits 2,4,6 --length 256 --learning-rate 5e-4 --warmup 0.05
  spencer train pretrain --model MODEL --train ~/src --snippets file --output base --mask 0.3
  spencer train pretrain --config base/config.toml --resume
  spencer train dual --model base/model --train pairs.jsonl --output dual --exits 2,4,6
DATA is a file of JSON lines with "repo" and "original_string" or "code"; a folder with a .git,
which is one repository; or a folder of folders, each of them a repository. The model is base/model.
)";

void warn_of_shared_repositories(const SnippetSet& train, const SnippetSet& valid) {
  const auto shared = std::ranges::count_if(valid.repositories(), [&](const std::string& name) {
    return std::ranges::find(train.repositories(), name) != train.repositories().end();
  });
  if (shared == 0) return;
  log(LogLevel::warning, std::to_string(shared) + " of the " +
                             std::to_string(valid.repositories().size()) +
                             " held-out repositories are trained on too: the figures will flatter");
}

SnippetSet read_held_out(const TrainPretrainArgs& args, const StopFlag& stop) {
  if (args.valid.empty()) return {};
  SnippetSet snippets = read_snippets(args.valid, args.reading, args.snippets, &stop);
  warn_of_skipped(snippets.report().reading);
  return snippets;
}

}  // namespace

void add_train_pretrain(CLI::App& app, TrainPretrainArgs& args) {
  app.description(
      "Pre-train an encoder on code: to predict hidden words, and to tell whether two snippets "
      "are of one repository");
  app.footer(kPretrainExamples);
  PretrainOptions& options = args.options;
  add_training(app, args, options, options.model,
               "The model folder to start from; without weights in it, from random ones");
  for (const char* name : {"--format", "--text", "--split"}) {
    app.remove_option(app.get_option(name));
  }
  app.get_option("--train")->description("Code: JSON lines with \"repo\", or source trees");
  app.get_option("--valid")->description(
      "Held-out code, of other repositories; the best weights by their accuracy on it are the "
      "result");
  add_choice<SnippetKind>(
      app, "--snippets", args.snippets,
      {{"function", SnippetKind::function}, {"file", SnippetKind::file}},
      "What source trees are cut into: functions, or files, of which the beginning is read");
  app.get_option("--batch-size")->description("Inputs of two snippets per batch");
  app.add_option("--length", options.length,
                 "Tokens of both snippets together; 0: what the model says")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--mask", options.mask, "Share of the tokens to be predicted")
      ->type_name("X")
      ->capture_default_str();
  app.add_option("--mlm-weight", options.mlm_weight, "What masked language modelling counts")
      ->type_name("X")
      ->capture_default_str();
  app.add_option("--icc-weight", options.icc_weight, "What in-context classification counts")
      ->type_name("X")
      ->capture_default_str();
  add_exits(app, options.exits, options.exit_weights);
  add_number(app, "--valid-pairs", options.valid_pairs,
             "At most so many inputs out of the held-out code; 0: one per snippet", kRunGroup);
}

int run_train_pretrain(TrainPretrainArgs args, std::ostream& out, const StopFlag& stop) {
  require_inputs(args, args.options.model);
  args.options.validate();
  const SnippetSet train = read_snippets(args.train, args.reading, args.snippets, &stop);
  warn_of_skipped(train.report().reading);
  const SnippetSet valid = read_held_out(args, stop);
  warn_of_shared_repositories(train, valid);
  return train_and_report(args, args.options, out, stop, description(train),
                          [&](const TrainHooks& hooks) {
                            return load_trainer().train_pretrain(args.options, train, valid, hooks);
                          });
}

}  // namespace spencer
