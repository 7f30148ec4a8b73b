// A model folder as Hugging Face and sentence-transformers write it, read without torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "spencer/nn/encoder_config.h"

namespace spencer {

enum class WeightFiles { required, optional };

/// What `config.json` and, where present, sentence-transformers' files say.
struct ModelFolder : EncoderConfig {
  std::filesystem::path path;
  Pooling pooling = Pooling::mean;
  bool normalize = true;
  std::int64_t max_length = 0;      ///< tokens, special ones included, the model is meant for
  std::vector<int> exits;           ///< the only layers the model is read at; empty = any
  std::int64_t head_dimension = 0;  ///< width of the exits' heads; 0 = they have none
  /// What stands before every query and every code, a code that serves as a query included:
  /// sentence-transformers' prompts "query", and "document", "passage", "corpus" or "code".
  std::string query_prefix, code_prefix;

  std::int64_t dimension() const { return head_dimension > 0 ? head_dimension : hidden_size; }

  bool has_exit(int exit) const;
  /// The layer to stop after. @param asked 0 = the model's last exit
  /// @throws Error{invalid_argument} naming the exits there are
  int resolve_exit(int asked) const;

  /// Reads and checks the configuration; the weights are looked for, not read.
  /// @throws Error{not_found} naming the missing file, Error{corrupt}, Error{unsupported}
  static ModelFolder open(const std::filesystem::path& path,
                          WeightFiles weights = WeightFiles::required);

  /// Hash of what decides the vectors: the configuration's fields, the exits, the prefixes, and a
  /// sample of every tensor's bytes. Cheap, and different for different models. 32 hexadecimal
  /// digits.
  /// @throws Error{not_found, corrupt, io}
  std::string fingerprint() const;
};

}  // namespace spencer
