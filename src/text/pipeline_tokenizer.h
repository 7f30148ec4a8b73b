// What WordPiece and byte-level BPE share: added tokens, normalisation, decoding.
#pragma once

#include <string>
#include <string_view>

#include "spencer/text/tokenizer.h"

#include "text/added_tokens.h"
#include "text/tokenizer_file.h"
#include "text/vocabulary.h"

namespace spencer {

class PipelineTokenizer : public Tokenizer {
 public:
  std::string decode(const TokenIds& ids) const override;
  std::int32_t vocabulary_size() const override;
  std::int32_t token_id(std::string_view token) const override;
  bool is_special(std::int32_t id) const override;

 protected:
  explicit PipelineTokenizer(TokenizerFile& file);

  /// Call at the end of a derived constructor: the normaliser must be ready.
  void take_added_tokens(const TokenizerFile& file);

  void append_ids(std::string_view text, std::size_t limit, TokenIds& ids) const final;

  virtual bool has_normalizer() const = 0;
  virtual void normalize(std::string_view text, std::string& out) const = 0;
  /// Appends the ids of normalised text. @return false once a word brought `ids` to `limit`.
  virtual bool append_words(std::string_view text, std::size_t limit, TokenIds& ids) const = 0;
  /// Joins tokens of the vocabulary to text.
  virtual std::string join(const std::vector<std::string_view>& tokens) const = 0;

  std::string name_;  ///< of the file, for errors
  Vocabulary vocabulary_;
  AddedTokens added_;
};

}  // namespace spencer
