#include "spencer/train/loss.h"

#include <limits>

#include <ATen/ATen.h>

#include "spencer/nn/layers.h"

namespace spencer {
namespace {

/// Cross-entropy of row i against column i.
at::Tensor diagonal_entropy(const at::Tensor& scores) {
  const at::Tensor right = at::arange(scores.size(0), scores.options().dtype(at::kLong));
  return at::cross_entropy_loss(scores, right);
}

at::Tensor scores_at(const Contrast& contrast, std::int64_t dimension) {
  const at::Tensor queries = normalize_rows(contrast.queries.narrow(1, 0, dimension));
  const at::Tensor codes = normalize_rows(contrast.codes.narrow(1, 0, dimension));
  at::Tensor scores = at::matmul(queries, codes.t()).to(at::kFloat) * contrast.scale;
  if (contrast.excluded.defined()) {
    scores = scores.masked_fill(contrast.excluded, -std::numeric_limits<float>::infinity());
  }
  return scores;
}

at::Tensor loss_at(const Contrast& contrast, std::int64_t dimension) {
  const at::Tensor scores = scores_at(contrast, dimension);
  const at::Tensor forward = diagonal_entropy(scores);
  if (!contrast.symmetric) return forward;
  return 0.5 * (forward + diagonal_entropy(scores.narrow(1, 0, scores.size(0)).t()));
}

}  // namespace

at::Tensor contrastive_loss(const Contrast& contrast) {
  if (contrast.dimensions.empty()) return loss_at(contrast, contrast.queries.size(1));
  at::Tensor sum = loss_at(contrast, contrast.dimensions.front());
  for (std::size_t i = 1; i < contrast.dimensions.size(); ++i) {
    sum = sum + loss_at(contrast, contrast.dimensions[i]);
  }
  return sum / static_cast<double>(contrast.dimensions.size());
}

at::Tensor contrast_scores(const Contrast& contrast) {
  return scores_at(contrast, contrast.queries.size(1));
}

at::Tensor soft_target_loss(const at::Tensor& scores, const at::Tensor& targets) {
  return at::cross_entropy_loss(scores, at::softmax(targets.detach(), 1));
}

at::Tensor pair_loss(const at::Tensor& scores, const at::Tensor& labels) {
  return at::binary_cross_entropy_with_logits(scores, labels);
}

at::Tensor listwise_loss(const at::Tensor& scores) {
  const at::Tensor right = at::zeros({scores.size(0)}, scores.options().dtype(at::kLong));
  return at::cross_entropy_loss(scores, right);
}

}  // namespace spencer
