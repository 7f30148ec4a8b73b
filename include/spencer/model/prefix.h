// Fixed words that a model expects before every query, or before every code.
#pragma once

#include <cstdint>
#include <string_view>

#include "spencer/text/tokenizer.h"

namespace spencer {

/// The tokens of prefix + text, as sentence-transformers joins them.
/// @throws as Tokenizer::encode
TokenSequence encode_prefixed(const Tokenizer& tokenizer, std::string_view prefix,
                              std::string_view text, std::int64_t max_length);

}  // namespace spencer
