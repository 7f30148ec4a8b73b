#include "spencer/train/options.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

#include "spencer/base/error.h"

namespace spencer {
namespace {

template <typename T>
void require(bool holds, const char* name, T value, const char* allowed) {
  if (holds) return;
  std::ostringstream text;
  text << name << " is " << value << "; it must be " << allowed;
  throw Error(ErrorKind::invalid_argument, text.str());
}

void require_exits(const std::vector<int>& exits, const std::vector<double>& weights) {
  for (std::size_t i = 0; i < exits.size(); ++i) {
    require(exits[i] > (i == 0 ? 0 : exits[i - 1]), "exit", exits[i],
            "a layer, the exits being in ascending order");
  }
  if (!weights.empty() && weights.size() != exits.size()) {
    throw Error(ErrorKind::invalid_argument, std::to_string(weights.size()) +
                                                 " weights are given for " +
                                                 std::to_string(exits.size()) + " exits");
  }
  for (const double weight : weights) require(weight >= 0, "exit weight", weight, "0 or more");
}

}  // namespace

std::int64_t TrainOptions::steps_per_epoch(std::int64_t batches) const {
  return std::max<std::int64_t>(1, (batches + accumulation - 1) / accumulation);
}

std::int64_t TrainOptions::optimizer_steps(std::int64_t batches) const {
  if (max_steps > 0) return max_steps;
  const auto per_epoch = static_cast<double>(steps_per_epoch(batches));
  return std::max<std::int64_t>(1, std::llround(epochs * per_epoch));
}

void TrainOptions::validate() const {
  engine.validate();
  if (output.empty()) {
    throw Error(ErrorKind::invalid_argument, "no output folder is named (--output)");
  }
  const bool finite = std::isfinite(learning_rate) && std::isfinite(epochs);
  require(finite && epochs > 0, "epochs", epochs, "above 0");
  require(max_steps >= 0, "max steps", max_steps, "0 (as the epochs say) or more");
  require(batch_size >= 1, "batch size", batch_size, "1 or more");
  require(accumulation >= 1, "accumulation", accumulation, "1 or more");
  require(chunk_size >= 0, "chunk size", chunk_size, "0 (the whole batch) or more");
  require(finite && learning_rate > 0, "learning rate", learning_rate, "above 0");
  require(warmup >= 0, "warm-up", warmup, "a share below 1, or a number of steps");
  require(weight_decay >= 0, "weight decay", weight_decay, "0 or more");
  require(beta1 >= 0 && beta1 < 1, "beta1", beta1, "from 0 to below 1");
  require(beta2 >= 0 && beta2 < 1, "beta2", beta2, "from 0 to below 1");
  require(epsilon > 0, "epsilon", epsilon, "above 0");
  require(max_gradient_norm >= 0, "gradient norm", max_gradient_norm, "0 (not clipped) or more");
  require(ema >= 0 && ema < 1, "ema", ema, "from 0 (none) to below 1");
  if (dropout) require(*dropout >= 0 && *dropout < 1, "dropout", *dropout, "from 0 to below 1");
  require(freeze_layers >= 0, "frozen layers", freeze_layers, "0 or more");
  require(valid_every >= 0, "steps between validations", valid_every, "0 (epochs) or more");
  require(patience >= 0, "patience", patience, "0 (never stop early) or more");
  require(save_every >= 0, "steps between checkpoints", save_every, "0 or more");
  require(log_every >= 1, "steps between lines of the log", log_every, "1 or more");
}

void MiningOptions::validate() const {
  require(count >= 0, "mined negatives", count, "0 (none) or more");
  require(from >= 1, "first mined rank", from, "1 or more");
  require(to >= from, "last mined rank", to, "no less than the first");
  require(every >= 0, "steps between minings", every, "0 (once) or more");
}

void DualOptions::validate() const {
  TrainOptions::validate();
  mining.validate();
  require(batch_size >= 2, "batch size", batch_size, "2 or more: the others are the negatives");
  require(std::isfinite(scale) && scale > 0, "scale", scale, "above 0");
  for (const std::int64_t dimension : dimensions) {
    require(dimension >= 1, "dimension", dimension, "1 or more");
  }
  require_exits(exits, exit_weights);
  if (self_distill && exits.size() < 2) {
    throw Error(ErrorKind::invalid_argument, "self-distillation needs two exits or more (--exits)");
  }
  require(code_pair_share > 0 && code_pair_share < 1, "the share of code pairs", code_pair_share,
          "above 0 and below 1");
  if (!mining.veto.empty() && mining.count == 0) {
    throw Error(ErrorKind::invalid_argument,
                "a veto on mined negatives needs some: --mine-negatives N");
  }
}

void CrossOptions::validate() const {
  TrainOptions::validate();
  mining.validate();
  require(mining.count >= 1, "negatives", mining.count, "1 or more");
  if (!random_negatives && dual.empty()) {
    throw Error(ErrorKind::invalid_argument,
                "hard negatives come from a dual encoder's ranks: name one with --dual, or take "
                "--negatives random");
  }
}

void PretrainOptions::validate() const {
  TrainOptions::validate();
  require_exits(exits, exit_weights);
  require(mask > 0 && mask < 1, "the share of masked tokens", mask, "above 0 and below 1");
  require(std::isfinite(mlm_weight) && mlm_weight >= 0, "the weight of masked language modelling",
          mlm_weight, "0 or more");
  require(std::isfinite(icc_weight) && icc_weight >= 0, "the weight of in-context classification",
          icc_weight, "0 or more");
  if (mlm_weight == 0 && icc_weight == 0) {
    throw Error(ErrorKind::invalid_argument,
                "masked language modelling and in-context classification both have the weight 0; "
                "there is nothing to learn");
  }
  require(length >= 0, "length", length, "0 (what the model is meant for) or more");
  require(valid_pairs >= 0, "validation pairs", valid_pairs, "0 (all) or more");
}

std::vector<double> depth_weights(const std::vector<int>& exits) {
  std::vector<double> weights;
  for (const int exit : exits) weights.push_back(static_cast<double>(exit) / exits.back());
  return weights;
}

double schedule_factor(Schedule schedule, std::int64_t step, std::int64_t warmup,
                       std::int64_t total) {
  if (step < warmup) return static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (schedule == Schedule::constant || total <= warmup) return 1;
  const double left = static_cast<double>(total - step) / static_cast<double>(total - warmup);
  if (schedule == Schedule::linear) return left;
  return 0.5 * (1 + std::cos(std::numbers::pi * (1 - left)));
}

std::int64_t warmup_steps(double warmup, std::int64_t total) {
  return std::llround(warmup < 1 ? warmup * static_cast<double>(total) : warmup);
}

}  // namespace spencer
