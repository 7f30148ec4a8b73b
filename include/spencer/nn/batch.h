// Token sequences laid end to end: linear layers read the tokens as one matrix, without padding.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "spencer/nn/encoder_config.h"

namespace spencer {

/// One sequence's ids, special tokens included. `types` may be empty (all of segment 0).
struct SequenceView {
  std::span<const std::int32_t> ids;
  std::span<const std::int32_t> types;
};

/// Consecutive sequences of one length: attention takes them in one call.
struct SequenceRun {
  std::int64_t first_token = 0;
  std::int64_t first_sequence = 0;
  std::int64_t count = 0;
  std::int64_t length = 0;
};

/// N rows: the tokens of B sequences, and padding rows after them. Sequences of equal length should
/// stand beside each other.
struct PackedBatch {
  at::Tensor ids;        ///< int64 [N]
  at::Tensor positions;  ///< int64 [N]: as the family counts them
  at::Tensor types;      ///< int64 [N], or undefined where the family has no segments
  at::Tensor starts;     ///< int64 [B]: the first token of each sequence
  std::vector<SequenceRun> runs;
  std::int64_t padding = 0;  ///< rows after the last sequence that belong to none
  std::int64_t tokens() const { return ids.size(0); }
  std::int64_t sequences() const { return starts.size(0); }
};

/// Checks and packs. `row_multiple` adds padding rows so that N is a multiple of it: kernels
/// compiled for one N are then met again. Everything is made on the CPU and moved to `device`.
/// @throws Error{invalid_argument} for an empty sequence, an id outside the vocabulary, a segment
///         outside the segment table, or a sequence longer than the model's positions
PackedBatch pack(std::span<const SequenceView> sequences, const EncoderConfig& config,
                 at::Device device = at::kCPU, std::int64_t row_multiple = 1);

}  // namespace spencer
