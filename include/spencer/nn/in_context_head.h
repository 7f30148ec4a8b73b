// What says whether two snippets of one input are of one repository: the head of in-context
// classification (ModularStarEncoder, arXiv 2503.03008).
#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "spencer/nn/layers.h"

namespace spencer {

/// Where the words of one snippet per input stand among the rows of a packed batch.
struct SnippetWords {
  at::Tensor rows;     ///< int64 [B, L]; any row where there is no word
  at::Tensor padding;  ///< bool [B, L]: true where there is no word; each snippet has one at least
};

/// Late interaction (ColBERT's MaxSim, Khattab and Zaharia 2020, arXiv 2004.12832) in both
/// directions, with a weight for each word that the head learns. With words a_i and b_j:
///     s(a, b) = sum_i softmax_i(w . a_i) max_j cos(a_i, b_j)
///     logit   = scale * ((s(a, b) + s(b, a)) / 2 - threshold)
class InContextHead {
 public:
  /// Where training starts from, w being random.
  static constexpr double kStartingScale = 10;
  static constexpr double kStartingThreshold = 0.5;

  /// Visits NAME.weight [1, D], NAME.scale [1] and NAME.threshold [1].
  void visit(const std::string& name, std::int64_t dimension, const ParameterVisitor& visitor);

  /// @param vectors of all words, of any norm: float32 [N, D]
  /// @param first, second of the same B inputs  @return float32 [B]: positive = one repository
  at::Tensor forward(const at::Tensor& vectors, const SnippetWords& first,
                     const SnippetWords& second) const;

 private:
  at::Tensor weight_, scale_, threshold_;
};

}  // namespace spencer
