// A model folder as Hugging Face and sentence-transformers write it, read without torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "spencer/nn/encoder_config.h"

namespace spencer {

/// What `config.json` and, where present, sentence-transformers' files say.
struct ModelFolder : EncoderConfig {
  std::filesystem::path path;
  Pooling pooling = Pooling::mean;
  bool normalize = true;
  std::int64_t max_length = 0;  ///< tokens, special ones included, the model is meant for

  /// Reads and checks the configuration; the weights are looked for, not read.
  /// @throws Error{not_found} naming the missing file, Error{corrupt}, Error{unsupported}
  static ModelFolder open(const std::filesystem::path& path);

  /// Hash of what decides the vectors: the configuration's fields and a sample of every tensor's
  /// bytes. Cheap, and different for different models. 32 hexadecimal digits.
  /// @throws Error{not_found, corrupt, io}
  std::string fingerprint() const;
};

}  // namespace spencer
