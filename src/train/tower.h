// An encoder whose parameters are trained, and the passes training makes through it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spencer/model/model_folder.h"
#include "spencer/nn/encoder.h"
#include "spencer/nn/exit_heads.h"
#include "spencer/text/tokenizer.h"
#include "spencer/train/optimizer.h"
#include "spencer/train/options.h"

namespace spencer {

/// float32 parameters of their own, on the device. On a CPU several passes go on at the same time,
/// one per lane: each lane has an encoder over the same weights, and gradients of its own until
/// `gather` adds them up.
class Tower {
 public:
  /// Without weights in the folder the parameters start at random, as BERT's do: matrices normal
  /// with deviation 0.02, norms 1, biases 0.
  /// @throws what ModelFolder and Weights throw; Error{invalid_argument} if more layers are to be
  ///         frozen than there are
  /// @param exits read in every pass, each through a head; empty = the last layer, without a head
  Tower(const ModelFolder& folder, const TrainOptions& options, at::Device device,
        const std::vector<int>& exits = {});

  const ModelFolder& folder() const { return folder_; }
  /// What passes multiply in: "float32" or "bfloat16".
  std::string precision() const { return bfloat16_ ? "bfloat16" : "float32"; }
  bool bfloat16() const { return bfloat16_; }
  /// Of the folder as it was; also where it has no weights.
  std::string fingerprint() const;
  const EncoderConfig& config() const { return lanes_.front().encoder->config(); }
  at::Device device() const { return device_; }
  std::size_t lanes() const { return lanes_.size(); }
  /// All parameters, frozen ones too, by their Hugging Face names without prefix.
  const NamedTensors& weights() const { return lanes_.front().weights; }
  /// Of the exits' heads; empty where there are none.
  const NamedTensors& head_weights() const { return lanes_.front().head_weights; }
  const std::vector<int>& exits() const { return exits_; }
  /// Those that are trained. @param prefix before their names
  std::vector<TrainedParameter> parameters(const std::string& prefix = "") const;

  struct Pass {
    PackedBatch batch;
    std::vector<at::Tensor> states;  ///< per exit, [N, H]
  };
  /// The hidden states of texts at the exits.
  Pass forward(std::span<const TokenSequence* const> texts, const ForwardOptions& options,
               std::size_t lane) const;
  /// The vectors of a pass, of any norm. @return float32 [texts, exits, D]
  at::Tensor vectors(const Pass& pass, std::size_t lane) const;
  /// Every token's state at one exit, as its head reads it. @param hidden the pass's at that exit
  /// @param exit its place in `exits()`  @return float32 [N, H]
  at::Tensor token_states(const at::Tensor& hidden, std::size_t exit, std::size_t lane) const;
  /// The vectors of such states, pooled or each token's, of any norm. @return float32 [rows, D]
  at::Tensor projected(const at::Tensor& states, std::size_t exit, std::size_t lane) const;
  /// The table of the words' embeddings. [V, H]
  const at::Tensor& word_embeddings(std::size_t lane) const;
  /// Options of a training pass. @param seed decides what is dropped out
  ForwardOptions training_options(std::uint64_t seed) const;
  /// Adds the gradients of all lanes to those of `parameters()`.
  void gather();

 private:
  struct Lane {
    std::unique_ptr<Encoder> encoder;
    NamedTensors weights;
    std::optional<ExitHeads> heads;
    NamedTensors head_weights;
  };
  Lane make_lane(const EncoderConfig& config,
                 const std::function<at::Tensor(std::size_t, const std::string&, at::IntArrayRef)>&
                     parameter) const;

  void add_heads();

  ModelFolder folder_;
  at::Device device_;
  std::vector<int> exits_;
  bool bfloat16_, recompute_;
  std::vector<Lane> lanes_;
  std::vector<bool> frozen_;  // per weight
};

/// A leaf over the same storage, with a gradient of its own.
at::Tensor alias_of(const at::Tensor& parameter);
/// Adds the gradients of `from` to those of `to`, and clears them.
void move_gradients(const NamedTensors& from, const NamedTensors& to);

/// Whether a model folder holds weights to start from.
bool has_weights(const ModelFolder& folder);

/// Whether training on this device is to use bfloat16 products.
/// @throws Error{unsupported} if they were asked for by name and the CPU has none
bool use_bfloat16(Precision precision, at::Device device);

/// A new parameter: normal with deviation 0.02 where it is a matrix, else `fill`.
at::Tensor fresh_parameter(at::IntArrayRef shape, double fill, at::Device device);

/// Texts longest first, so that those of equal length stand beside each other, and the way back.
struct LengthOrder {
  std::vector<std::size_t> order;
  at::Tensor back;  ///< int64 [texts]: results in that order, index-selected by it, are in the old
};
LengthOrder by_length(std::span<const TokenSequence* const> texts, at::Device device);

/// Texts on their way to a loss, in passes. With fewer texts per pass than asked for at once, the
/// vectors are made without a graph, and `backward` makes them again, pass by pass, with one
/// (GradCache: Gao et al. 2021): memory is that of one pass per lane, gradients are those of all
/// at once.
class EncodedTexts {
 public:
  /// @param per_pass texts; 0 = all at once, one pass per lane  @param seed decides what is dropped
  EncodedTexts(Tower& tower, std::vector<const TokenSequence*> texts, std::int64_t per_pass,
               std::uint64_t seed);

  /// [texts, exits, D], of any norm: a leaf that takes the loss's gradient
  const at::Tensor& vectors() const { return vectors_; }

  /// After the backward pass of the loss: carries the gradients on into the tower.
  void backward();

 private:
  void cut(std::int64_t per_pass);
  at::Tensor pass(std::size_t index, std::size_t lane) const;

  Tower& tower_;
  std::vector<const TokenSequence*> texts_;
  LengthOrder order_;
  std::vector<std::size_t> ends_;   // of each pass, in that order
  std::vector<at::Tensor> graphs_;  // per pass; empty where they are made again
  std::uint64_t seed_;
  at::Tensor vectors_;
};

/// Which exits a run trains and what each counts, for its identity.
std::string weighted_exits(const std::vector<int>& exits, const std::vector<double>& weights);

/// Unit vectors of texts at every exit, without gradients or dropout.
/// @return float32 [exits, texts, D] on the CPU
at::Tensor encode(const Tower& tower, std::span<const TokenSequence> texts);

inline constexpr std::int64_t kCpuTokens = 1024;      // per pass without gradients
inline constexpr std::int64_t kDeviceTokens = 16384;  // likewise

/// Positions of the texts, longest first, in groups of about `tokens` tokens.
std::vector<std::vector<std::size_t>> groups_of(std::span<const TokenSequence> texts,
                                                std::int64_t tokens);

}  // namespace spencer
