#include "text/byte_splitter.h"

#include "spencer/base/error.h"

#include "text/unicode.h"

namespace spencer {
namespace {

using nlohmann::json;

enum class Kind : unsigned char { other, letter, number, space };

Kind kind_of(CharClass found) {
  if (found.letter()) return Kind::letter;
  if (found.number()) return Kind::number;
  return found.space() ? Kind::space : Kind::other;
}

/// The kind of the character at `p`, which moves past it.
Kind next_kind(const char*& p) {
  static const auto kinds = ascii_table(kind_of);
  const auto byte = static_cast<unsigned char>(*p);
  if (byte >= 128) return kind_of(char_class(next_valid(p)));
  ++p;
  return kinds[byte];
}

const char* run_end(Kind kind, const char* p, const char* end) {
  while (p < end) {
    const char* after = p;
    if (next_kind(after) != kind) break;
    p = after;
  }
  return p;
}

std::size_t contraction_length(std::string_view text) {
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

bool next_is_numeric(const char*& p) { return char_class(next_valid(p)).numeric(); }

}  // namespace

const char* gpt2_match_end(const char* p, const char* end) {
  if (*p == '\'') {
    const std::size_t length = contraction_length({p, end});
    if (length > 0) return p + length;
  }
  const char* after = p;
  Kind kind = next_kind(after);
  if (*p == ' ' && after < end) {
    const char* word = after;
    const Kind next = next_kind(word);
    if (next != Kind::space) return run_end(next, word, end);
  }
  if (kind != Kind::space) return run_end(kind, after, end);
  // White space: all of it at the end of the text; otherwise all but the last character, which may
  // be the space before a word.
  const char* last = p;
  while (after < end) {
    const char* next = after;
    if (next_kind(next) != Kind::space) return last > p ? last : after;
    last = after;
    after = next;
  }
  return after;
}

ByteSplitter::ByteSplitter(const json& pre_tokenizer, const std::string& file) {
  if (!pre_tokenizer.is_null()) add(pre_tokenizer, file);
  if (!complete_) {
    throw Error(ErrorKind::unsupported,
                file + ": BPE without a ByteLevel pre-tokenizer; byte-level BPE is the kind read");
  }
}

void ByteSplitter::add(const json& pre_tokenizer, const std::string& file) {
  const auto type = pre_tokenizer.at("type").get<std::string>();
  if (type == "Sequence") {
    for (const json& inner : pre_tokenizer.at("pretokenizers")) add(inner, file);
    return;
  }
  if (complete_) {
    throw Error(ErrorKind::unsupported,
                file + ": pre-tokenizer '" + type + "' after ByteLevel, which must be the last");
  }
  if (type == "Digits") {
    steps_.push_back(pre_tokenizer.at("individual_digits").get<bool>() ? Step::each_digit
                                                                       : Step::digits);
  } else if (type == "Split") {
    const json& pattern = pre_tokenizer.at("pattern");
    const bool known = pattern.contains("Regex") && pattern["Regex"] == kGpt2Pattern &&
                       pre_tokenizer.at("behavior") == "Isolated" &&
                       !pre_tokenizer.at("invert").get<bool>();
    if (!known) {
      throw Error(ErrorKind::unsupported,
                  file + ": a Split pre-tokenizer with the pattern " + pattern.dump() +
                      "; the one read is GPT-2's, isolated: " + std::string(kGpt2Pattern));
    }
    steps_.push_back(Step::gpt2_pattern);
  } else if (type == "ByteLevel") {
    if (pre_tokenizer.at("add_prefix_space").get<bool>()) steps_.push_back(Step::prefix_space);
    if (pre_tokenizer.value("use_regex", true)) steps_.push_back(Step::gpt2_pattern);
    complete_ = true;
  } else {
    throw Error(ErrorKind::unsupported, file + ": pre-tokenizer '" + type +
                                            "' is not one of ByteLevel, Digits, Split, Sequence");
  }
}

const char* ByteSplitter::piece_end(Step step, const char* p, const char* end) {
  if (step == Step::gpt2_pattern) return gpt2_match_end(p, end);
  const bool numeric = next_is_numeric(p);
  if (numeric && step == Step::each_digit) return p;
  while (p < end) {
    const char* after = p;
    if (next_is_numeric(after) != numeric) break;
    p = after;
  }
  return p;
}

}  // namespace spencer
