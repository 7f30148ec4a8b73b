// Kinds of options that several verbs declare. For the sources that declare options alone: CLI11's
// headers are slow to compile.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "spencer/base/text.h"

namespace spencer {

/// An option for a number, with its default shown.
inline CLI::Option* add_number(CLI::App& app, const char* name, auto& value, const char* help,
                               const char* group) {
  return app.add_option(name, value, help)->type_name("N")->capture_default_str()->group(group);
}

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

}  // namespace spencer
