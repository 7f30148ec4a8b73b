#include "common_options.h"

#include <sstream>

#include "spencer/base/error.h"

#include "option_kinds.h"

namespace spencer {
namespace {

constexpr const char* kModelGroup = "Model and device";
constexpr const char* kOutputGroup = "Output";

std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

}  // namespace

void add_output(CLI::App& app, OutputOptions& output) {
  app.add_flag("--json", output.json, "Results as JSON, for programs")->group(kOutputGroup);
  add_choice<ColorChoice>(app, "--color", output.color,
                          {{"auto", ColorChoice::automatic},
                           {"always", ColorChoice::always},
                           {"never", ColorChoice::never}},
                          "Colours; auto: on a terminal, unless NO_COLOR is set")
      ->group(kOutputGroup);
  app.add_flag("-q,--quiet", output.quiet, "No progress and no remarks")->group(kOutputGroup);
  app.add_flag("-v,--verbose", output.verbosity, "Say what is done; -vv: in detail")
      ->group(kOutputGroup);
}

void add_model(CLI::App& app, std::filesystem::path& model, const std::string& help) {
  app.add_option("--model", model, help)->type_name("DIR")->group(kModelGroup);
}

void add_index_folder(CLI::App& app, std::filesystem::path& folder) {
  app.add_option("--index", folder, "The index folder; by default PATH/.spencer")->type_name("DIR");
}

void add_engine(CLI::App& app, EngineOptions& engine) {
  app.add_option("--device", engine.device, "auto, cpu, cuda or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str()
      ->group(kModelGroup);
  add_choice<Precision>(app, "--precision", engine.precision,
                        {{"auto", Precision::automatic},
                         {"float32", Precision::float32},
                         {"bfloat16", Precision::bfloat16}},
                        "Number format of the weights; auto: what the device is fastest with; on a "
                        "CPU, bfloat16 needs AVX-512")
      ->group(kModelGroup);
  app.add_option("--threads", engine.threads, "CPU threads; 0: one per core")
      ->type_name("N")
      ->capture_default_str()
      ->group(kModelGroup);
  app.add_option("--batch-tokens", engine.batch_tokens,
                 "Tokens per forward pass; 0: what suits the device")
      ->type_name("N")
      ->capture_default_str()
      ->group(kModelGroup);
  app.add_option("--exit", engine.exit_layer, "Stop after this many layers; 0: the last exit")
      ->type_name("N")
      ->capture_default_str()
      ->group(kModelGroup);
}

void add_recall_weight(CLI::App& app, std::optional<double>& weight) {
  app.add_option_function<double>(
         "--recall-weight", [&weight](double value) { weight = value; },
         "Order by the reranker's score plus so much of recall's; by default as the model folder "
         "says, or 0")
      ->type_name("X")
      ->group(kModelGroup);
}

void add_query_length(CLI::App& app, std::int64_t& tokens) {
  app.add_option("--query-length", tokens, "Tokens a query is cut to; 0: what the model says")
      ->type_name("N")
      ->capture_default_str()
      ->group(kModelGroup);
}

void add_code_length(CLI::App& app, std::int64_t& tokens) {
  app.add_option("--code-length", tokens,
                 "Tokens a code is cut to; 0: what the model says, or the index")
      ->type_name("N")
      ->capture_default_str()
      ->group(kModelGroup);
}

std::string nearest_option(const CLI::App& app, const std::string& given) {
  return nearest(given.substr(0, given.find('=')), long_names(app));
}

std::string resolved_config(const CLI::App& app) {
  std::istringstream lines(app.config_to_str(/*default_also=*/true));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!line.ends_with("=\"\"")) kept += line + "\n";  // an option without a value
  }
  return kept;
}

void apply_config(CLI::App& app, const std::string& verb, const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) {
    throw Error(ErrorKind::not_found, "there is no configuration file " + file.string());
  }
  for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_file(file.string())) {
    const bool section_mark = item.name == "++" || item.name == "--";
    const bool other_verb = !item.parents.empty() && item.parents.front() != verb;
    if (section_mark || other_verb) continue;
    const std::string dashes = item.name.size() == 1 ? "-" : "--";
    CLI::Option* option = app.get_option_no_throw(dashes + item.name);
    if (option == nullptr || item.parents.size() > 1) {
      const std::string near = nearest_option(app, "--" + item.name);
      throw Error(ErrorKind::invalid_argument,
                  file.string() + ": unknown key '" + item.fullname() + "'" +
                      (near.empty() ? "" : "; did you mean '" + near.substr(2) + "'?"));
    }
    if (option->count() > 0) continue;
    if (option->get_expected_min() == 0) {
      option->add_result(CLI::ConfigTOML().to_flag(item));
    } else {
      option->add_result(item.inputs);
    }
    option->run_callback();
  }
}

}  // namespace spencer
