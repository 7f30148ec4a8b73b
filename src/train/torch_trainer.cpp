// The trainer over libtorch: what libspencer_torch hands out.
#include "spencer/nn/device.h"
#include "spencer/train/loop.h"
#include "spencer/train/trainer.h"

#include "nn/guarded.h"
#include "nn/unsplit.h"
#include "train/cross_objective.h"
#include "train/dual_objective.h"
#include "train/pretrain_objective.h"

namespace spencer {
namespace {

/// @param judge what held-out data is judged by
template <typename Target, typename Options, typename Data, typename Judge>
TrainReport train(Options options, const Data& data, const Judge& judge, const TrainHooks& hooks) {
  options.validate();
  take_over_precision(options);
  const UnsplitOperations unsplit;
  return guarded("lower --batch-size or --chunk-size, or set --recompute", [&] {
    const at::Device device = open_device(options.engine.device);
    Target objective(options, data, judge, hooks, device);
    return run_training(objective, options, hooks, device);
  });
}

class TorchTrainer : public Trainer {
 public:
  TrainReport train_dual(const DualOptions& options, const DualPairs& pairs,
                         const DualValidator& validate, const TrainHooks& hooks) override {
    return train<DualObjective>(options, pairs, validate, hooks);
  }
  TrainReport train_cross(const CrossOptions& options, const PairSet& pairs,
                          const CrossValidator& validate, const TrainHooks& hooks) override {
    return train<CrossObjective>(options, pairs, validate, hooks);
  }
  TrainReport train_pretrain(const PretrainOptions& options, const SnippetSet& snippets,
                             const SnippetSet& valid, const TrainHooks& hooks) override {
    return train<PretrainObjective>(options, snippets, valid, hooks);
  }
};

}  // namespace
}  // namespace spencer

extern "C" __attribute__((visibility("default"))) spencer::Trainer* spencer_trainer_1() {
  return new spencer::TorchTrainer();
}
