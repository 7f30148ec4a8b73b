// Splits text into the words that byte-level BPE merges within.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace spencer {

/// GPT-2's pattern, which ByteLevel splits with, and which Split may name.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// The end of the first match of kGpt2Pattern in [p, end), which starts at p (< end).
const char* gpt2_match_end(const char* p, const char* end);

class ByteSplitter {
 public:
  /// @param pre_tokenizer as in tokenizer.json: ByteLevel, alone or last in a Sequence after Digits
  /// or Split. @throws Error{unsupported} naming the type or the pattern
  ByteSplitter(const nlohmann::json& pre_tokenizer, const std::string& file);

  /// Calls `on_word(std::string_view)` for the words of `text` (valid UTF-8) in order; stops when
  /// it returns false, and returns what it last returned.
  template <typename OnWord>
  bool split(std::string_view text, OnWord on_word) const {
    return apply(0, text, on_word);
  }

 private:
  enum class Step { each_digit, digits, gpt2_pattern, prefix_space };

  void add(const nlohmann::json& pre_tokenizer, const std::string& file);
  /// The end of the first piece that `step` makes of [p, end).
  static const char* piece_end(Step step, const char* p, const char* end);

  template <typename OnWord>
  bool apply(std::size_t index, std::string_view text, OnWord& on_word) const {
    if (index == steps_.size()) return on_word(text);
    if (steps_[index] == Step::prefix_space) {
      if (text.starts_with(' ')) return apply(index + 1, text, on_word);
      std::string prefixed(1, ' ');
      prefixed += text;
      return apply(index + 1, prefixed, on_word);
    }
    const char* p = text.data();
    const char* const end = p + text.size();
    while (p < end) {
      const char* const stop = piece_end(steps_[index], p, end);
      if (!apply(index + 1, {p, stop}, on_word)) return false;
      p = stop;
    }
    return true;
  }

  std::vector<Step> steps_;
  bool complete_ = false;  ///< ByteLevel was met
};

}  // namespace spencer
