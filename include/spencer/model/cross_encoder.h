// A cross-encoder: reads a query and a code together and gives one score.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spencer/model/engine.h"
#include "spencer/model/model_folder.h"
#include "spencer/text/tokenizer.h"

namespace spencer {

/// Opens without libtorch; the first scoring loads it. One thread at a time.
class CrossEncoder {
 public:
  /// @param path a Hugging Face sequence-classification folder with one output
  /// @param length tokens of query and code together; 0 = what the model is meant for
  /// @throws Error{not_found, corrupt, unsupported, invalid_argument}
  static std::unique_ptr<CrossEncoder> open(const std::filesystem::path& path,
                                            const EngineOptions& options = {},
                                            std::int64_t length = 0);

  std::int64_t length() const { return length_; }
  const ModelFolder& folder() const { return folder_; }

  TokenSequence tokenize(std::string_view query, std::string_view code) const;

  /// The head's raw outputs, one for each (query, code).
  std::vector<float> score(std::span<const std::pair<std::string, std::string>> pairs);
  std::vector<float> score(const std::string& query, std::span<const std::string> codes);

  /// For those who tokenize ahead.
  PairScorer& scorer();

 private:
  std::vector<float> score(std::span<const TokenSequence> sequences);

  EngineOptions options_;
  ModelFolder folder_;
  std::int64_t length_ = 0;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<PairScorer> scorer_;  // made at first use
};

}  // namespace spencer
