// WordPiece, as BERT and MPNet use it.
#pragma once

#include "text/bert_normalizer.h"
#include "text/pipeline_tokenizer.h"

namespace spencer {

class WordPiece final : public PipelineTokenizer {
 public:
  /// @throws Error{corrupt, unsupported}
  explicit WordPiece(TokenizerFile file);

 private:
  struct ModelOptions {
    std::int32_t unknown_id = -1;
    std::string continuation;        ///< what marks a piece that is not the first of its word
    std::size_t longest_word = 100;  ///< characters; a longer word is unknown
  };
  struct DecoderOptions {
    std::string prefix;
    bool cleanup = true;
    bool none = false;  ///< tokens with a space between
  };
  static BertNormalizer normalizer_of(const TokenizerFile& file);
  static ModelOptions model_of(const TokenizerFile& file, const Vocabulary& vocabulary);
  static DecoderOptions decoder_of(const TokenizerFile& file);

  bool has_normalizer() const override { return true; }
  void normalize(std::string_view text, std::string& out) const override {
    normalizer_.append(text, out);
  }
  bool append_words(std::string_view text, std::size_t limit, TokenIds& ids) const override;
  std::string join(const std::vector<std::string_view>& tokens) const override;

  /// @param hashes room for the hashes of vocabulary_.longest() + 1 prefixes
  void append_word(std::string_view word, std::size_t characters,
                   std::vector<std::uint64_t>& hashes, TokenIds& ids) const;

  BertNormalizer normalizer_;
  ModelOptions model_;
  DecoderOptions decoder_;
  std::uint64_t continuation_hash_;
};

}  // namespace spencer
