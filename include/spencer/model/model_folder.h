// A model folder as Hugging Face and sentence-transformers write it, read without torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace spencer {

enum class Family { bert, roberta, mpnet };
enum class Pooling { mean, cls };

/// What `config.json` and, where present, sentence-transformers' files say.
struct ModelFolder {
  std::filesystem::path path;
  Family family = Family::bert;
  std::int64_t vocabulary_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_positions =
      0;  ///< rows of the position table (RoBERTa and MPNet: 2 more than tokens)
  std::int64_t type_vocabulary_size = 0;
  std::int64_t relative_buckets = 0;  ///< MPNet's relative attention buckets
  std::int64_t pad_token_id = 0;
  double layer_norm_eps = 1e-12;
  std::string activation = "gelu";
  std::int64_t labels = 0;  ///< outputs of a sequence-classification head; 0 = none
  Pooling pooling = Pooling::mean;
  bool normalize = true;
  std::int64_t max_length = 0;  ///< tokens, special ones included, the model is meant for

  /// @throws Error{not_found} naming the missing file, Error{corrupt}, Error{unsupported}
  static ModelFolder open(const std::filesystem::path& path);

  /// Hash of the configuration and of the weights' header and size: cheap, and different for
  /// different models. 32 hexadecimal digits.
  std::string fingerprint() const;
};

}  // namespace spencer
