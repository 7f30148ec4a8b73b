// Training losses, as functions of vectors or scores.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace spencer {

/// What a contrastive loss is made of.
struct Contrast {
  at::Tensor queries;  ///< [B, D], of any norm
  at::Tensor codes;    ///< [B + N, D]: row i < B answers query i, the rest are wrong answers
  at::Tensor scale;    ///< scalar: scores are scale * cosine
  /// bool [B, B + N], or undefined: true where a code must not count as a wrong answer to a query,
  /// because it is another right one
  at::Tensor excluded;
  bool symmetric = false;                ///< the mean of that loss and of codes against queries
  std::vector<std::int64_t> dimensions;  ///< Matryoshka; empty = D
};

/// InfoNCE with in-batch negatives (van den Oord et al. 2018, eq. 4): the mean over queries of the
/// cross-entropy of the softmax over all codes' scores. With `dimensions`, the mean of that over
/// vectors cut to their first d dimensions (Kusupati et al. 2022).
at::Tensor contrastive_loss(const Contrast& contrast);

/// scale * cosine of every query with every code, excluded ones -inf. @return [B, B + N]
at::Tensor contrast_scores(const Contrast& contrast);

/// How far one exit's scores are from a better one's: the mean over queries of the cross-entropy of
/// their softmax against that of `targets`, through which no gradient flows. @param both [B, codes]
at::Tensor soft_target_loss(const at::Tensor& scores, const at::Tensor& targets);

/// Binary cross-entropy of each pair's score. @param scores [P] logits @param labels [P], 0 or 1
at::Tensor pair_loss(const at::Tensor& scores, const at::Tensor& labels);

/// The mean over queries of the cross-entropy of the softmax over each query's candidates, the
/// first of which is right. @param scores [queries, candidates]
at::Tensor listwise_loss(const at::Tensor& scores);

}  // namespace spencer
