// Text to token ids, equal to what Hugging Face `tokenizers` gives for the same model folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spencer {

using TokenIds = std::vector<std::int32_t>;

/// One model input: special tokens included, truncated, not padded.
struct TokenSequence {
  TokenIds ids;
  TokenIds type_ids;  ///< segment per token (BERT pairs); empty where every token is segment 0
};

/// A tokenizer of one of the three kinds (WordPiece, byte-level BPE, sentencepiece). Immutable:
/// every member function may be called from many threads. Invalid UTF-8 is read with U+FFFD in
/// place of each maximal invalid sequence.
class Tokenizer {
 public:
  /// Loads `tokenizer.json`, or else `vocab.txt`, `vocab.json` + `merges.txt`, or `*.model`.
  /// @throws Error{not_found} naming what was looked for, Error{corrupt}, Error{unsupported}
  static std::unique_ptr<Tokenizer> load(const std::filesystem::path& model_folder);
  virtual ~Tokenizer() = default;

  /// Ids of `text` alone, without special tokens, not truncated.
  virtual TokenIds tokenize(std::string_view text) const = 0;

  /// Special tokens around `text`, cut from the end to `max_length` tokens in all (>= 2).
  TokenSequence encode(std::string_view text, std::size_t max_length) const;

  /// Two texts in one input, the longer one cut first (Hugging Face's `longest_first`).
  TokenSequence encode_pair(std::string_view first, std::string_view second,
                            std::size_t max_length) const;

  /// The text the ids stand for, special tokens left out.
  virtual std::string decode(const TokenIds& ids) const = 0;
  virtual std::int32_t vocabulary_size() const = 0;
  /// The id of a token of the vocabulary (special and added ones included), or -1.
  virtual std::int32_t token_id(std::string_view token) const = 0;

  std::int32_t pad_id() const { return pad_id_; }
  std::int32_t mask_id() const { return mask_id_; }  ///< -1 where the model has none

 protected:
  /// What stands around one text and around two, as in a `tokenizer.json` post-processor.
  struct Template {
    TokenIds before, between, after;  ///< e.g. [CLS] / [SEP] / [SEP]; RoBERTa's between: </s></s>
    std::int32_t second_type = 0;     ///< segment of the second text and of `after` in a pair
  };
  Template template_;
  std::int32_t pad_id_ = 0;
  std::int32_t mask_id_ = -1;
};

}  // namespace spencer
