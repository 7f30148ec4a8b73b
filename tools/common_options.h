// The options that several verbs take: each has its name, help text and rule here, once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "spencer/base/text.h"
#include "spencer/model/engine.h"
#include "spencer/store/index_store.h"

#include "terminal.h"

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

/// An option whose value is one of a few words; another one is refused with the nearest.
template <typename T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value,
                        const std::vector<std::pair<std::string, T>>& choices,
                        const std::string& help) {
  std::vector<std::string> words;
  std::string listed, preset;
  for (const auto& [word, meaning] : choices) {
    words.push_back(word);
    listed += (listed.empty() ? "" : "|") + word;
    if (meaning == value) preset = word;
  }
  const auto take = [&value, choices, words, listed, name](const std::string& given) {
    for (const auto& [word, meaning] : choices) {
      if (word != given) continue;
      value = meaning;
      return;
    }
    const std::string near = nearest(given, words);
    throw CLI::ValidationError(name, "unknown value '" + given + "'; " +
                                         (near.empty() ? "" : "did you mean '" + near + "'? ") +
                                         "It is one of " + listed);
  };
  return app.add_option_function<std::string>(name, take, help)
      ->type_name(listed)
      ->default_str(preset);
}

/// Reads a TOML file's keys (at top level, or in the section named after the verb) into the options
/// that the command line left alone. @throws Error{not_found, invalid_argument}
void apply_config(CLI::App& app, const std::string& verb, const std::filesystem::path& file);

/// Every option with its value, given or not, as a file that `apply_config` takes.
std::string resolved_config(const CLI::App& app);

/// The nearest long option of `app` to a misspelt one, or empty.
std::string nearest_option(const CLI::App& app, const std::string& given);

}  // namespace spencer
