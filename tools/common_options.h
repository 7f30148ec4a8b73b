// The options that several verbs take: each has its name, help text and rule here, once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "spencer/model/engine.h"

#include "terminal.h"

namespace CLI {
class App;
}

namespace spencer {

/// How a verb speaks.
struct OutputOptions {
  bool json = false;
  bool quiet = false;
  int verbosity = 0;  ///< 1: remarks, 2: details too
  ColorChoice color = ColorChoice::automatic;
};

void add_output(CLI::App& app, OutputOptions& output);
void add_model(CLI::App& app, std::filesystem::path& model, const std::string& help);
void add_index_folder(CLI::App& app, std::filesystem::path& folder);
/// --device, --precision, --batch-tokens, --threads and --exit
void add_engine(CLI::App& app, EngineOptions& engine);
/// --recall-weight; none = as the model folder says
void add_recall_weight(CLI::App& app, std::optional<double>& weight);
void add_query_length(CLI::App& app, std::int64_t& tokens);
void add_code_length(CLI::App& app, std::int64_t& tokens);

/// Reads a TOML file's keys (at top level, or in the section named after the verb) into the options
/// that the command line left alone. @throws Error{not_found, invalid_argument}
void apply_config(CLI::App& app, const std::string& verb, const std::filesystem::path& file);

/// Every option with its value, given or not, as a file that `apply_config` takes.
std::string resolved_config(const CLI::App& app);

/// The nearest long option of `app` to a misspelt one, or empty.
std::string nearest_option(const CLI::App& app, const std::string& given);

}  // namespace spencer
