// BERT's text normalisation: cleaning, CJK characters set apart, accents stripped, lower case.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace spencer {

class BertNormalizer {
 public:
  struct Options {
    bool clean_text = true;            ///< control characters go, white space becomes a space
    bool handle_chinese_chars = true;  ///< a space before and after each
    bool strip_accents = true;
    bool lowercase = true;
  };

  explicit BertNormalizer(const Options& options);

  /// Appends the normalised `text` (valid UTF-8) to `out`.
  void append(std::string_view text, std::string& out) const;

 private:
  void append_ascii(std::string_view text, std::string& out) const;

  Options options_;
  std::array<char, 128> ascii_{};  ///< what an ASCII character becomes; '\0' where it goes
  bool drops_nul_;
};

}  // namespace spencer
