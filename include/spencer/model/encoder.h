// What searching and indexing see of a model: token ids in, float vectors out. Free of torch.
#pragma once

#include <cstdint>
#include <span>

#include "spencer/text/tokenizer.h"

namespace spencer {

/// One tower: token sequences to vectors. May be called from one thread at a time.
class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  virtual std::int64_t dimension() const = 0;
  /// Encodes a batch of any size and of mixed lengths; orders and splits it as is fastest.
  /// @param out float32 [sequences.size(), dimension()], row i for sequence i; rows of L2 norm 1
  ///            where the model normalises.
  /// @throws Error{shape} if `out` does not fit, Error{invalid_argument} for an id outside the
  ///         vocabulary or a sequence longer than the model's positions.
  virtual void encode(std::span<const TokenSequence> sequences, std::span<float> out) = 0;
};

/// A cross-encoder: one score per (query, code) input. May be called from one thread at a time.
class PairScorer {
 public:
  virtual ~PairScorer() = default;
  /// @param out float32 [sequences.size()]: the raw output (logit) of the classification head.
  virtual void score(std::span<const TokenSequence> sequences, std::span<float> out) = 0;
};

}  // namespace spencer
