#include "verbs/train_options.h"

#include <iostream>

#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/base/log.h"

#include "exit_code.h"
#include "option_kinds.h"
#include "verbs/train_output.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDataGroup = "Data";
constexpr const char* kScheduleGroup = "Steps and learning rate";
constexpr const char* kMemoryGroup = "Memory";

void add_data(CLI::App& app, TrainArgs& args) {
  add_files(app, "--train", args.train, "Pairs: files or folders of any format eval reads");
  add_files(app, "--valid", args.valid,
            "Held-out data, as eval takes it; the best weights by its MRR are the result");
  app.add_option_function<std::string>(
         "--format",
         [&args](const std::string& name) {
           args.reading.format = args.valid_reading.format = parse_data_format(name);
         },
         "auto, csn, cosqa, codesplit, beir or flag")
      ->type_name("FORMAT")
      ->group(kDataGroup);
  app.add_option_function<std::string>(
         "--text",
         [&args](const std::string& name) {
           args.reading.text = args.valid_reading.text = parse_text_form(name);
         },
         "CodeSearchNet's text: tokens, raw, or auto (tokens where given)")
      ->type_name("FORM")
      ->group(kDataGroup);
  app.add_option("--split", args.reading.split, "Of the training data, where a folder has several")
      ->type_name("NAME")
      ->group(kDataGroup);
  app.add_flag("--skip-bad", args.reading.skip_bad, "Count bad records and go on")
      ->group(kDataGroup);
}

void add_steps(CLI::App& app, TrainOptions& options) {
  add_number(app, "--epochs", options.epochs, "Passes over the pairs", kScheduleGroup);
  add_number(app, "--max-steps", options.max_steps, "Optimizer steps; 0: as the epochs come to",
             kScheduleGroup);
  add_number(app, "--batch-size", options.batch_size, "Pairs per batch", kScheduleGroup);
  add_number(app, "--accumulate", options.accumulation, "Batches per optimizer step",
             kScheduleGroup);
  app.add_option("--learning-rate,--lr", options.learning_rate, "The highest of the schedule")
      ->type_name("X")
      ->capture_default_str()
      ->group(kScheduleGroup);
  add_choice<Schedule>(app, "--schedule", options.schedule,
                       {{"linear", Schedule::linear},
                        {"cosine", Schedule::cosine},
                        {"constant", Schedule::constant}},
                       "How the learning rate falls after the warm-up")
      ->group(kScheduleGroup);
  add_number(app, "--warmup", options.warmup, "Below 1: share of the steps; from 1 on: steps",
             kScheduleGroup);
  add_number(app, "--weight-decay", options.weight_decay, "Of matrices (not biases and norms)",
             kScheduleGroup);
  add_number(app, "--max-grad-norm", options.max_gradient_norm,
             "Gradients are clipped to it; 0: never", kScheduleGroup);
  add_number(app, "--ema", options.ema, "Decay of an average of the weights; 0: none",
             kScheduleGroup);
  app.add_option_function<double>(
         "--dropout", [&options](double value) { options.dropout = value; },
         "In place of the model's own")
      ->type_name("X")
      ->group(kScheduleGroup);
  app.add_flag("--freeze-embeddings", options.freeze_embeddings, "Keep the embeddings as they are")
      ->group(kScheduleGroup);
  add_number(app, "--freeze-layers", options.freeze_layers, "Keep so many of the lowest layers",
             kScheduleGroup);
  add_number(app, "--seed", options.seed, "Of batches, dropout and fresh parameters",
             kScheduleGroup);
}

void add_run(CLI::App& app, TrainOptions& options) {
  app.add_option("--output", options.output, "The run folder")->type_name("DIR")->group(kRunGroup);
  app.add_flag("--resume", options.resume, "Go on from the run folder's checkpoint, if it has one")
      ->configurable(false)
      ->group(kRunGroup);
  add_number(app, "--valid-every", options.valid_every, "Steps between validations; 0: an epoch",
             kRunGroup);
  add_number(app, "--patience", options.patience,
             "Stop after so many validations without a better one; 0: never", kRunGroup);
  add_number(app, "--save-every", options.save_every,
             "Steps between checkpoints; 0: at validations", kRunGroup);
  add_number(app, "--log-every", options.log_every, "Steps between lines of metrics.jsonl",
             kRunGroup);
}

void add_memory(CLI::App& app, TrainOptions& options) {
  add_number(app, "--chunk-size", options.chunk_size,
             "Texts per pass, with the same gradients (GradCache); 0: all of a batch",
             kMemoryGroup);
  app.add_flag("--recompute", options.recompute,
               "Compute layers again in the backward pass rather than keep their inner states")
      ->group(kMemoryGroup);
}

}  // namespace

CLI::Option* add_files(CLI::App& app, const char* name, std::vector<fs::path>& files,
                       const char* help) {
  return app.add_option(name, files, help)
      ->type_name("DATA")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(kDataGroup);
}

void add_training(CLI::App& app, TrainArgs& args, TrainOptions& options, fs::path& model,
                  const char* model_help) {
  add_model(app, model, model_help);
  add_data(app, args);
  add_steps(app, options);
  add_run(app, options);
  add_memory(app, options);
  add_engine(app, options.engine);
  app.remove_option(app.get_option("--exit"));
  app.remove_option(app.get_option("--batch-tokens"));
  add_output(app, args.output);
}

void add_exits(CLI::App& app, std::vector<int>& exits, std::vector<double>& weights) {
  app.add_option("--exits", exits,
                 "Train these layers together, each with a head of its own, e.g. 2,4,6")
      ->delimiter(',')
      ->type_name("LIST");
  app.add_option("--exit-weights", weights,
                 "What each exit's loss counts; by default its depth over the last one's")
      ->delimiter(',')
      ->type_name("LIST");
}

void require_inputs(const TrainArgs& args, const fs::path& model) {
  if (model.empty()) {
    throw Error(ErrorKind::invalid_argument, "no model to start from is named (--model DIR)");
  }
  if (args.train.empty()) {
    throw Error(ErrorKind::invalid_argument, "no training data is named (--train DATA)");
  }
}

void warn_of_skipped(const ReadReport& reading) {
  for (const std::string& error : reading.first_errors) {
    log(LogLevel::warning, "skipped: " + error);
  }
}

PairSet read_training_pairs(const TrainArgs& args) {
  return read_training_pairs(args.train, args.reading);
}

PairSet read_training_pairs(std::span<const fs::path> data, const ReadOptions& options) {
  PairSet pairs = read_pair_set(data, options);
  warn_of_skipped(pairs.report().reading);
  return pairs;
}

void keep_configuration(const TrainArgs& args, const TrainOptions& options) {
  fs::create_directories(options.output);
  write_file_atomically(options.output / "config.toml", args.resolved);
}

int train_and_report(const TrainArgs& args, const TrainOptions& options, std::ostream& out,
                     const StopFlag& stop, const std::string& data,
                     const std::function<TrainReport(const TrainHooks&)>& train) {
  TrainDisplay display(std::cerr, args.output);
  display.begin(data);
  TrainHooks hooks;
  hooks.stop = &stop;
  hooks.progress = display.progress();
  hooks.on_step = [&](const StepReport& step) { display.step(step); };
  hooks.on_validation = [&](const ValidationReport& report) { display.validation(report); };
  keep_configuration(args, options);
  try {
    const TrainReport report = train(hooks);
    display.end();
    if (args.output.json) {
      write_train_json(out, report);
    } else {
      write_train_text(out, report);
    }
  } catch (const Error& error) {
    display.end();
    if (error.kind() == ErrorKind::interrupted) {
      throw Error(ErrorKind::interrupted,
                  "interrupted; a checkpoint is kept: go on with the same command and --resume");
    }
    throw;
  }
  return exit_code::ok;
}

}  // namespace spencer
