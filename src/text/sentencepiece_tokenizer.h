// Sentencepiece models (T5, XLM-RoBERTa, CamemBERT, Llama kinds), through libsentencepiece.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "text/pipeline_tokenizer.h"
#include "text/unigram.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace spencer {

class SentencePieceTokenizer final : public PipelineTokenizer {
 public:
  /// @param file ids, special tokens and templates; @param model the `.model` file, which cuts the
  /// text into pieces. @throws Error{corrupt} if the model does not load, or its pieces are not in
  /// the file's vocabulary
  SentencePieceTokenizer(TokenizerFile file, const std::filesystem::path& model);
  ~SentencePieceTokenizer() override;

  /// The sentencepiece model of a folder; empty where there is none.
  static std::filesystem::path find_model(const std::filesystem::path& folder);

  /// What tokenizer_config.json and the kind of model say, for a folder without tokenizer.json.
  static TokenizerFile describe(const std::filesystem::path& folder,
                                const std::filesystem::path& model);

 private:
  bool has_normalizer() const override { return false; }
  void normalize(std::string_view text, std::string& out) const override { out += text; }
  bool append_words(std::string_view text, std::size_t limit, TokenIds& ids) const override;
  std::string join(const std::vector<std::string_view>& tokens) const override;

  std::string normalized_text(const std::vector<std::string>& pieces) const;

  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  std::optional<Unigram> unigram_;  ///< cuts what the processor normalised, if it is one
  std::vector<std::int32_t> ids_;   ///< by the model's own id
};

}  // namespace spencer
