// Tokenizers in the files that came before tokenizer.json, read as Hugging Face `transformers`
// converts them.
#pragma once

#include <filesystem>

#include "text/tokenizer_file.h"

namespace spencer {

/// From vocab.txt (WordPiece: BERT, MPNet) and tokenizer_config.json.
TokenizerFile read_vocab_txt(const std::filesystem::path& folder);

/// From vocab.json and merges.txt (byte-level BPE: RoBERTa, GPT-2) and tokenizer_config.json.
TokenizerFile read_vocab_and_merges(const std::filesystem::path& folder);

/// tokenizer_config.json, with special_tokens_map.json and added_tokens.json taken in where it
/// lacks what they have; an empty object where there is none of them.
nlohmann::json read_tokenizer_config(const std::filesystem::path& folder);

/// A special token's text, from `config` or else `usual`.
std::string special_token(const nlohmann::json& config, const char* key, const char* usual);

/// Entries for TokenizerFile::added_tokens: the special tokens of `config` (else `usual`, key and
/// content) and what it has under "added_tokens_decoder".
nlohmann::json added_tokens_of_config(const nlohmann::json& config, const nlohmann::json& usual);

}  // namespace spencer
