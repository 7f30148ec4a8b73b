// What is trained, and on what: the training loop's view of an objective.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "spencer/train/checkpoint.h"
#include "spencer/train/optimizer.h"

namespace spencer {

/// One batch, made ready while the one before is computed. Objectives derive their own.
struct TrainingBatch {
  virtual ~TrainingBatch() = default;
  std::vector<std::string> ids;  ///< of its pairs, for error messages
  std::int64_t pairs = 0;
  std::int64_t tokens = 0;
};

/// A loss term's name and value.
using LossTerms = std::vector<std::pair<std::string, double>>;

class Objective {
 public:
  virtual ~Objective() = default;

  /// Everything that is trained, in a fixed order.
  virtual std::vector<TrainedParameter> parameters() const = 0;
  virtual std::int64_t batches_per_epoch() const = 0;

  /// Batch `number`, counted from 0 over all epochs; the same one every time. Called on another
  /// thread than the rest, never at the same time as `refresh`.
  virtual std::unique_ptr<TrainingBatch> prepare(std::int64_t number) const = 0;

  /// Adds `weight` times the loss's gradients to those of the parameters. Whatever is random about
  /// it depends on `seed` alone.
  virtual LossTerms backward(const TrainingBatch& batch, double weight, std::uint64_t seed) = 0;

  /// Whether what `prepare` draws from is to be made anew before this step, with the weights as
  /// they then are; `refresh` does it.
  virtual bool refreshes_at(std::int64_t /*step*/) const { return false; }
  virtual void refresh() {}
  /// What `refresh` made, to be kept in checkpoints. Views: a checkpoint is read into them.
  virtual NamedTensors refreshed() const { return {}; }

  /// Figures of held-out data, the first of which decides; empty = none is held out.
  virtual std::vector<std::pair<std::string, double>> validate() = 0;

  /// What distinguishes this objective's runs, data and model included.
  virtual RunIdentity identity() const = 0;

  /// Writes the model folder with the weights as they are. @throws Error{io}
  virtual void save(const std::filesystem::path& folder) const = 0;
};

}  // namespace spencer
