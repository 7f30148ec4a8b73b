// AdamW over named parameters, with clipping and an average of the weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "spencer/train/options.h"

namespace spencer {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

/// A leaf that is trained.
struct TrainedParameter {
  std::string name;
  at::Tensor value;   ///< requires a gradient
  bool decay = true;  ///< weight decay applies (not to biases and norms)
};

/// AdamW (Loshchilov and Hutter 2019) as torch.optim.AdamW computes it, in libtorch's fused kernel.
class Optimizer {
 public:
  /// @param lanes parts of the work that are done at the same time
  Optimizer(std::vector<TrainedParameter> parameters, const TrainOptions& options,
            std::size_t lanes = 1);

  /// Clips the gradients to the norm asked for, updates the parameters and the average, and clears
  /// the gradients. A parameter without a gradient is left alone.
  /// @return the norm of all gradients before clipping; where it is not finite, nothing was updated
  double step(double learning_rate);

  /// The moments, the step count and the average, to be kept with the parameters. Views, not
  /// copies: `set_state` copies into them.
  NamedTensors state() const;

  /// Exchanges the parameters with their average; does nothing where none is kept.
  void swap_average();

 private:
  /// Consecutive elements of one parameter: what is large is updated in several pieces.
  struct Piece {
    std::size_t parameter = 0;
    std::int64_t first = 0, count = 0;
  };
  double clip();
  void update(const Piece& piece, double learning_rate);

  std::vector<TrainedParameter> parameters_;
  std::vector<at::Tensor> first_, second_, counts_, average_;
  std::vector<Piece> pieces_;
  std::size_t lanes_;
  double weight_decay_, beta1_, beta2_, epsilon_, max_norm_, ema_;
};

}  // namespace spencer
