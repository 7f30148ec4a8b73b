#include "command_line.h"

#include <array>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

#include "allocator.h"
#include "common_options.h"
#include "exit_code.h"
#include "log_output.h"
#include "output.h"
#include "stop_signal.h"
#include "terminal.h"
#include "verbs/distill.h"
#include "verbs/eval.h"
#include "verbs/index.h"
#include "verbs/search.h"
#include "verbs/train.h"
#include "verbs/train_pretrain.h"

namespace spencer {
namespace {

using Arguments = std::vector<std::string>;

/// What `parse` left over is a mistake; says which, and what may have been meant.
void refuse_leftovers(const CLI::App& app) {
  for (const std::string& rest : app.remaining()) {
    if (rest == "--") continue;
    const bool option = rest.size() > 1 && rest.front() == '-';
    const std::string near = option ? nearest_option(app, rest) : "";
    throw Error(ErrorKind::invalid_argument,
                (option ? "unknown option " : "unexpected argument ") + rest +
                    (near.empty() ? "" : "; did you mean " + near + "?"));
  }
}

/// Parses, reads the configuration file, and runs. @return the exit code
template <typename Args>
int run_verb(const std::string& name, void (*add)(CLI::App&, Args&),
             int (*run)(Args, std::ostream&, const StopFlag&), Arguments arguments,
             std::ostream& out) {
  Args args;
  std::filesystem::path config;
  CLI::App app("", "spencer " + name);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.add_option("--config", config, "A TOML file of options; the command line wins over it")
      ->type_name("FILE")
      ->configurable(false);
  add(app, args);
  app.allow_extras();
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(arguments);
    refuse_leftovers(app);
    if (!config.empty()) apply_config(app, name.substr(0, name.find(' ')), config);
    if constexpr (requires { args.resolved; }) args.resolved = resolved_config(app);
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return exit_code::ok;
  } catch (const CLI::ParseError& problem) {
    throw Error(ErrorKind::invalid_argument,
                std::string(problem.what()) + " (see spencer " + name + " --help)");
  }
  attach_log(args.output);
  return run(std::move(args), out, stop_flag());
}

/// `spencer train OBJECTIVE`: each objective has options of its own.
int run_train(Arguments arguments, std::ostream& out) {
  keep_freed_memory();
  const std::string objective = arguments.empty() ? "" : arguments.front();
  if (!arguments.empty()) arguments.erase(arguments.begin());
  if (objective == "dual") {
    return run_verb("train dual", add_train_dual, run_train_dual, std::move(arguments), out);
  }
  if (objective == "cross") {
    return run_verb("train cross", add_train_cross, run_train_cross, std::move(arguments), out);
  }
  if (objective == "pretrain") {
    return run_verb("train pretrain", add_train_pretrain, run_train_pretrain, std::move(arguments),
                    out);
  }
  constexpr const char* usage =
      "Usage: spencer train OBJECTIVE [OPTIONS]\n\nObjectives:\n"
      "  dual      A dual encoder: queries and codes as vectors that lie near each other\n"
      "  cross     A cross-encoder: reads a query and a code together, and scores them\n"
      "  pretrain  An encoder: predicts hidden words of code, and which code belongs together\n\n"
      "'spencer train dual --help' tells more, with examples.\n";
  if (objective == "--help" || objective == "-h") {
    out << usage;
    return exit_code::ok;
  }
  const std::string near =
      nearest(objective, std::vector<std::string>{"dual", "cross", "pretrain"});
  throw Error(ErrorKind::invalid_argument,
              objective.empty() ? std::string("what is to be trained? dual, cross or pretrain")
                                : "there is no objective '" + objective + "'" +
                                      (near.empty() ? "" : "; did you mean " + near + "?") +
                                      " (see spencer train --help)");
}

struct Verb {
  std::string name;
  std::string summary;
  int (*run)(Arguments, std::ostream&);
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {
      {"index", "Read a source tree, embed its functions, keep them in an index",
       [](Arguments arguments, std::ostream& out) {
         return run_verb("index", add_index, run_index, std::move(arguments), out);
       }},
      {"search", "Find code by what it does: in words, by a piece of code, or by an example",
       [](Arguments arguments, std::ostream& out) {
         return run_verb("search", add_search, run_search, std::move(arguments), out);
       }},
      {"eval", "Score models on a benchmark: metrics with intervals, times, a report",
       [](Arguments arguments, std::ostream& out) {
         return run_verb("eval", add_eval, run_eval, std::move(arguments), out);
       }},
      {"train", "Train a dual encoder or a cross-encoder on pairs, or pre-train an encoder on code",
       run_train},
      {"distill", "Make a query encoder smaller, step by step, for the indexes there are",
       [](Arguments arguments, std::ostream& out) {
         keep_freed_memory();
         return run_verb("distill", add_distill, run_distill, std::move(arguments), out);
       }},
  };
  return all;
}

void write_help(std::ostream& out) {
  out << "spencer: find code by what it does\n\n"
         "Usage: spencer VERB [OPTIONS]\n\nVerbs:\n";
  for (const Verb& verb : verbs()) {
    out << "  " << verb.name << std::string(10 - verb.name.size(), ' ') << verb.summary << '\n';
  }
  out << "\nOptions:\n"
         "  -h, --help     Print this help and exit\n"
         "  --version      Print the version and exit\n\n"
         "'spencer VERB --help' tells more, with examples. For a start:\n"
         "  spencer index .\n"
         "  spencer search \"retry a request with exponential backoff\"\n";
}

int run(const Arguments& arguments, std::ostream& out) {
  if (arguments.empty()) {
    write_help(std::cerr);
    return exit_code::error;
  }
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") {
    write_help(out);
    return exit_code::ok;
  }
  if (first == "--version") {
    out << "spencer " SPENCER_VERSION "\n";
    return exit_code::ok;
  }
  std::vector<std::string> known = {"--help", "--version"};
  for (const Verb& verb : verbs()) {
    if (verb.name == first) return verb.run({arguments.begin() + 1, arguments.end()}, out);
    known.push_back(verb.name);
  }
  const std::string near = nearest(first, known);
  throw Error(ErrorKind::invalid_argument,
              "there is no verb '" + first + "'" +
                  (near.empty() ? "" : "; did you mean " + near + "?") + " (see spencer --help)");
}

}  // namespace

int run_command_line(const std::vector<std::string>& arguments) {
  const auto complain = [](std::string_view message) {
    std::cerr << "spencer: " << printable_lines(message) << std::endl;
    return exit_code::error;
  };
  catch_stop_signals();
  DescriptorBuffer buffer(STDOUT_FILENO);
  std::ostream out(&buffer);
  try {
    const int code = run(arguments, out);
    finish_output(out, buffer);
    return code;
  } catch (const Error& error) {
    out.flush();
    complain(error.what());
    const bool stopped = error.kind() == ErrorKind::interrupted && caught_signal() != 0;
    return stopped ? exit_code::signal_base + caught_signal() : exit_code::error;
  } catch (const std::bad_alloc&) {
    return complain("memory ran out");
  } catch (const std::exception& error) {
    return complain(error.what());
  }
}

}  // namespace spencer
