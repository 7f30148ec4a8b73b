#include "spencer/nn/in_context_head.h"

#include <limits>

#include <ATen/ATen.h>

namespace spencer {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

}  // namespace

void InContextHead::visit(const std::string& name, std::int64_t dimension,
                          const ParameterVisitor& visitor) {
  visitor(name + ".weight", weight_, {1, dimension});
  visitor(name + ".scale", scale_, {1});
  visitor(name + ".threshold", threshold_, {1});
}

at::Tensor InContextHead::forward(const at::Tensor& vectors, const SnippetWords& first,
                                  const SnippetWords& second) const {
  const at::Tensor units = normalize_rows(vectors);
  const at::Tensor logits = vectors.matmul(weight_.squeeze(0));
  const at::Tensor cosines =
      units.index({first.rows}).bmm(units.index({second.rows}).transpose(1, 2));
  const auto weighted = [&](const at::Tensor& best, const SnippetWords& words) {
    const at::Tensor own = logits.index({words.rows}).masked_fill(words.padding, kNever);
    return (own.softmax(1) * best).sum(1);
  };
  const at::Tensor of_first = cosines.masked_fill(second.padding.unsqueeze(1), kNever).amax(2);
  const at::Tensor of_second = cosines.masked_fill(first.padding.unsqueeze(2), kNever).amax(1);
  const at::Tensor alike = (weighted(of_first, first) + weighted(of_second, second)) / 2;
  return scale_ * (alike - threshold_);
}

}  // namespace spencer
