// The one training loop, for every objective.
#pragma once

#include "spencer/train/objective.h"
#include "spencer/train/trainer.h"

namespace spencer {

/// Where a checkpoint is to be gone on with and the precision is left open, sets the one its run
/// settled for: what is fastest is measured, and a busy moment could turn the answer.
/// @throws Error{corrupt}
void take_over_precision(TrainOptions& options);

/// Trains until the steps are done, the figures of the held-out data have stopped growing, or a
/// stop is asked for. Steps, their random choices and their batches depend on the seed and the
/// step's number alone, so that a resumed run on a CPU ends with the weights of an unbroken one.
/// @param device what the objective computes on
/// @throws as Trainer::train_dual
TrainReport run_training(Objective& objective, const TrainOptions& options, const TrainHooks& hooks,
                         at::Device device);

}  // namespace spencer
