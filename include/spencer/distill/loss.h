// The distillation loss of SPENCER (arXiv 2508.00546, section on model distillation).
#pragma once

#include <ATen/core/Tensor.h>

namespace spencer {

/// Unit vectors of a batch of B pairs, and of E queries more that have no code.
struct TaughtBatch {
  at::Tensor teacher;  ///< [B + E, D]: what the teacher makes of the queries
  at::Tensor student;  ///< [B + E, D]: what the student makes of them
  at::Tensor codes;    ///< [B, D]: row i is the code of query i < B
};

/// Dual modality: the mean over all B * B entries of |c q_t^T - c q_s^T|, how far the student's
/// scores are from the teacher's. The paper writes a sum; the mean keeps the learning rate
/// independent of the batch size.
at::Tensor dual_modality_loss(const TaughtBatch& batch);

/// Single modality: the mean over all B + E queries of |1 - cos(q_t, q_s)|; likewise.
at::Tensor single_modality_loss(const TaughtBatch& batch);

}  // namespace spencer
