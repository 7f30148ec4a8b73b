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

/// The places from `begin` up to, not including, `end`.
struct TokenSpan {
  std::int32_t begin = 0, end = 0;
};

/// One model input: special tokens included, truncated, not padded.
struct TokenSequence {
  TokenIds ids;
  TokenIds type_ids;  ///< segment per token (BERT pairs); empty where every token is segment 0
  TokenSpan first, second;  ///< where the texts stand, without the special tokens around them
};

/// A place of a model input: one of the texts, or a special token.
struct InputPlace {
  enum class Kind { first_text, second_text, special } kind = Kind::special;
  std::int32_t id = -1;      ///< of the special token
  std::int32_t segment = 0;  ///< type id of what stands here
};
using InputTemplate = std::vector<InputPlace>;

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
  TokenIds tokenize(std::string_view text) const;

  /// Special tokens around `text`, cut from the end to `max_length` tokens in all.
  /// @throws Error{invalid_argument} if `max_length` has no room for the special tokens.
  TokenSequence encode(std::string_view text, std::size_t max_length) const;

  /// Two texts in one input, the longer one cut first (Hugging Face's `longest_first`).
  /// @throws Error{invalid_argument} if `max_length` has no room for the special tokens.
  TokenSequence encode_pair(std::string_view first, std::string_view second,
                            std::size_t max_length) const;

  /// The text the ids stand for, special tokens left out.
  virtual std::string decode(const TokenIds& ids) const = 0;
  /// One more than the largest id, added tokens included: the rows an embedding must have.
  virtual std::int32_t vocabulary_size() const = 0;
  /// The id of a token of the vocabulary (special and added ones included), or -1.
  virtual std::int32_t token_id(std::string_view token) const = 0;
  /// Whether the id stands for no text: [CLS], [UNK] and their like.
  virtual bool is_special(std::int32_t id) const = 0;

  std::int32_t pad_id() const { return pad_id_; }
  std::int32_t mask_id() const { return mask_id_; }  ///< -1 where the model has none

 protected:
  /// Appends the ids of `text` (valid UTF-8), without special tokens. May stop after the word that
  /// brings the ids of this call to `limit`.
  virtual void append_ids(std::string_view text, std::size_t limit, TokenIds& ids) const = 0;

  InputTemplate single_, pair_;  ///< around one text, around two
  std::int32_t pad_id_ = 0;
  std::int32_t mask_id_ = -1;

 private:
  TokenSequence fill(const InputTemplate& places, const TokenIds& first,
                     const TokenIds& second) const;
};

}  // namespace spencer
