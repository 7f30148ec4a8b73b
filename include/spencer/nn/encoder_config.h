// The sizes and kinds that define an encoder, as `config.json` states them. Free of torch.
#pragma once

#include <cstdint>
#include <string>

namespace spencer {

enum class Family { bert, roberta, mpnet, starcoder2 };
enum class Pooling { mean, cls };

struct EncoderConfig {
  Family family = Family::bert;
  std::int64_t vocabulary_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t key_value_heads = 0;  ///< StarCoder-2's: each serves heads / key_value_heads heads
  std::int64_t intermediate_size = 0;
  std::int64_t max_positions =
      0;  ///< rows of the position table (RoBERTa, MPNet: 2 above the tokens)
  std::int64_t type_vocabulary_size = 0;  ///< rows of the segment table; 0 = none
  std::int64_t relative_buckets = 0;      ///< MPNet's relative attention buckets
  double rope_theta = 10000;              ///< StarCoder-2's base of the rotary wavelengths
  std::int64_t pad_token_id = 0;
  double layer_norm_eps = 1e-12;
  bool linear_bias = true;          ///< linear layers have biases; only StarCoder-2's may lack them
  bool final_norm = true;           ///< StarCoder-2's norm after the last layer; not in a cut stack
  double embedding_dropout = 0.1;   ///< in training only; StarCoder-2's
  double hidden_dropout = 0.1;      ///< in training only
  double attention_dropout = 0.1;   ///< in training only
  std::string activation = "gelu";  ///< "gelu", "gelu_new", "gelu_pytorch_tanh" or "relu"
  std::int64_t labels = 0;          ///< outputs of a sequence-classification head; 0 = none

  /// Norms stand before attention and feed-forward, so that states inside the stack are not
  /// normalised.
  bool pre_norm() const { return family == Family::starcoder2; }

  /// RoBERTa and MPNet count positions from the row after the padding id's on.
  std::int64_t first_position() const {
    return family == Family::roberta || family == Family::mpnet ? pad_token_id + 1 : 0;
  }

  /// Longest sequence the positions hold, special tokens included.
  std::int64_t position_limit() const { return max_positions - first_position(); }

  /// This encoder cut after its first `count` layers, of 1 to `layers`.
  EncoderConfig first_layers(std::int64_t count) const {
    EncoderConfig cut = *this;
    cut.final_norm = final_norm && count == layers;
    cut.layers = count;
    return cut;
  }
};

}  // namespace spencer
