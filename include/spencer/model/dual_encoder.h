// A dual encoder: texts in, vectors out. Queries and codes have towers of their own, or share one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "spencer/model/engine.h"
#include "spencer/model/model_folder.h"
#include "spencer/text/tokenizer.h"

namespace spencer {

struct TextLengths {
  std::int64_t query = 0;  ///< tokens, special ones included; 0 = what the model is meant for
  std::int64_t code = 0;   ///< likewise; both are cut to what the model's positions hold
};

/// Opens without libtorch; the first encoding loads it and the tower it needs. Start
/// `load_engine_async` before `open` to have both go on at once. One thread at a time.
class DualEncoder {
 public:
  /// @param path a Hugging Face model folder, or a two-stage one with `spencer.json`
  /// @throws Error{not_found, corrupt, unsupported, invalid_argument}; Error{shape} if the towers'
  ///         dimensions differ
  static std::unique_ptr<DualEncoder> open(const std::filesystem::path& path,
                                           const EngineOptions& options = {},
                                           const TextLengths& lengths = {});

  std::int64_t dimension() const { return query_->folder.dimension(); }
  std::int64_t query_length() const { return lengths_.query; }
  std::int64_t code_length() const { return lengths_.code; }
  int exit_layer() const { return options_.exit_layer; }
  const EngineOptions& engine_options() const { return options_; }
  const std::filesystem::path& path() const { return path_; }  ///< as `open` was given it
  const ModelFolder& query_folder() const { return query_->folder; }
  const ModelFolder& code_folder() const { return code_->folder; }
  /// Names the code vectors this encoder makes, see ModelFolder::fingerprint.
  std::string code_fingerprint() const { return code_->folder.fingerprint(); }

  /// The folders' prefixes come first; a code that serves as a query gets that of codes.
  TokenSequence tokenize_query(std::string_view text) const;
  TokenSequence tokenize_code(std::string_view text) const;

  /// @param out float32 [texts.size(), dimension()], row i for text i
  /// @throws what `load_engine` and TextEncoder::encode throw
  void encode_queries(std::span<const std::string> texts, std::span<float> out);
  void encode_codes(std::span<const std::string> texts, std::span<float> out);
  std::vector<float> encode_queries(const std::vector<std::string>& texts);
  std::vector<float> encode_codes(const std::vector<std::string>& texts);

  /// For those who tokenize ahead.
  TextEncoder& query_tower() { return tower(*query_); }
  TextEncoder& code_tower() { return tower(*code_); }

 private:
  struct Tower {
    ModelFolder folder;
    std::unique_ptr<Tokenizer> tokenizer;
    std::unique_ptr<TextEncoder> encoder;  // made at first use
  };
  TextEncoder& tower(Tower& tower);

  std::filesystem::path path_;
  EngineOptions options_;
  TextLengths lengths_;
  std::shared_ptr<Tower> query_;
  std::shared_ptr<Tower> code_;  // the same one where the towers are one
};

}  // namespace spencer
