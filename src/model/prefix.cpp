#include "spencer/model/prefix.h"

#include <string>

namespace spencer {

TokenSequence encode_prefixed(const Tokenizer& tokenizer, std::string_view prefix,
                              std::string_view text, std::int64_t max_length) {
  const auto length = static_cast<std::size_t>(max_length);
  if (prefix.empty()) return tokenizer.encode(text, length);
  return tokenizer.encode(std::string(prefix).append(text), length);
}

}  // namespace spencer
