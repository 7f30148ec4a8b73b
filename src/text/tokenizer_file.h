// What a model folder says of its tokenizer, whichever files it says it in.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "text/vocabulary.h"

namespace spencer {

/// A tokenizer.json, its small parts as JSON and its large ones read out.
struct TokenizerFile {
  std::string name;  ///< of the file, for errors
  nlohmann::json added_tokens = nlohmann::json::array();
  nlohmann::json normalizer, pre_tokenizer, post_processor, decoder, padding;
  nlohmann::json model;  ///< without "vocab" and "merges"
  Vocabulary vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;  ///< best first
  std::string pad_token, mask_token;                        ///< empty where none is named
};

/// Reads `folder`/tokenizer.json. @throws Error{not_found, corrupt, unsupported}
TokenizerFile read_tokenizer_json(const std::filesystem::path& folder);

/// Sets pad_token and mask_token from tokenizer_config.json and special_tokens_map.json.
void read_special_tokens(const std::filesystem::path& folder, TokenizerFile& file);

/// Runs `read`, turning the JSON library's complaints into Error{corrupt} that names the file.
template <typename Read>
auto reading_json(const std::string& name, Read read);

}  // namespace spencer

#include "spencer/base/error.h"

template <typename Read>
auto spencer::reading_json(const std::string& name, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& problem) {
    throw Error(ErrorKind::corrupt, name + " is not as it should be: " + problem.what());
  }
}
