// The sizes and kinds that define an encoder, as `config.json` states them. Free of torch.
#pragma once

#include <cstdint>
#include <string>

namespace spencer {

enum class Family { bert, roberta, mpnet };
enum class Pooling { mean, cls };

struct EncoderConfig {
  Family family = Family::bert;
  std::int64_t vocabulary_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t max_positions =
      0;  ///< rows of the position table (RoBERTa, MPNet: 2 above the tokens)
  std::int64_t type_vocabulary_size = 0;  ///< rows of the segment table; 0 = none
  std::int64_t relative_buckets = 0;      ///< MPNet's relative attention buckets
  std::int64_t pad_token_id = 0;
  double layer_norm_eps = 1e-12;
  double hidden_dropout = 0.1;      ///< in training only
  double attention_dropout = 0.1;   ///< in training only
  std::string activation = "gelu";  ///< "gelu", "gelu_new", "gelu_pytorch_tanh" or "relu"
  std::int64_t labels = 0;          ///< outputs of a sequence-classification head; 0 = none

  /// Longest sequence the position table holds, special tokens included.
  std::int64_t position_limit() const {
    return family == Family::bert ? max_positions : max_positions - pad_token_id - 1;
  }
};

}  // namespace spencer
