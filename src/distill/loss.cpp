#include "spencer/distill/loss.h"

#include <ATen/ATen.h>

namespace spencer {

at::Tensor dual_modality_loss(const TaughtBatch& batch) {
  const std::int64_t pairs = batch.codes.size(0);
  const at::Tensor apart = batch.teacher.narrow(0, 0, pairs) - batch.student.narrow(0, 0, pairs);
  return at::matmul(batch.codes, apart.t()).abs().mean();
}

at::Tensor single_modality_loss(const TaughtBatch& batch) {
  return (1 - (batch.teacher * batch.student).sum(1)).abs().mean();
}

}  // namespace spencer
