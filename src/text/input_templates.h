// What stands around the texts of a model input, as a tokenizer.json's post_processor has it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "spencer/text/tokenizer.h"

namespace spencer {

struct InputTemplates {
  InputTemplate single, pair;
};

/// @param post_processor as in tokenizer.json; null for none
/// @param file for errors: Error{corrupt}, Error{unsupported} naming the type
InputTemplates read_input_templates(const nlohmann::json& post_processor, const std::string& file);

}  // namespace spencer
