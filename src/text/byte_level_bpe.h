// Byte-level BPE, as RoBERTa, CodeBERT, UniXcoder and StarCoder2 use it.
#pragma once

#include <array>

#include "text/byte_splitter.h"
#include "text/pipeline_tokenizer.h"

namespace spencer {

class ByteLevelBpe final : public PipelineTokenizer {
 public:
  /// @throws Error{corrupt, unsupported}
  explicit ByteLevelBpe(TokenizerFile file);

 private:
  struct Merge {
    std::uint64_t pair = ~0ULL;  ///< ids of left and right; all ones in a free slot
    std::uint32_t rank = kNoRank;
    std::int32_t id = -1;  ///< of the two together
  };
  static constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

  void read_options(const TokenizerFile& file);
  void read_bytes();
  void read_merges(const TokenizerFile& file);
  void insert_merge(const Merge& merge);
  const Merge& find_merge(std::int32_t left, std::int32_t right) const;

  bool has_normalizer() const override { return false; }
  void normalize(std::string_view text, std::string& out) const override { out += text; }
  bool append_words(std::string_view text, std::size_t limit, TokenIds& ids) const override;
  std::string join(const std::vector<std::string_view>& tokens) const override;

  void append_word(std::string_view word, TokenIds& ids) const;
  void append_bytes(std::string_view word, TokenIds& ids) const;
  void merge_short(TokenIds& ids, std::size_t first) const;
  void merge_long(TokenIds& ids, std::size_t first) const;

  ByteSplitter splitter_;
  std::array<std::int32_t, 256> byte_ids_{};  ///< -1 where the vocabulary lacks the byte
  std::vector<Merge> merges_;                 ///< open addressing; a power of two
  std::int32_t unknown_id_ = -1;
  bool fuse_unknown_ = false;   ///< unknown bytes in a row are one token
  bool ignore_merges_ = false;  ///< a word of the vocabulary is taken whole
  bool spaced_ = false;         ///< no decoder: tokens are joined with spaces
};

}  // namespace spencer
