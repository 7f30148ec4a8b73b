#include "spencer/train/loop.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <optional>

#include <ATen/ATen.h>
#include <sys/resource.h>

#include "spencer/base/clock.h"
#include "spencer/base/error.h"
#include "spencer/train/batch_plan.h"

#include "nn/guarded.h"
#include "train/parallel.h"
#include "train/run_folder.h"

namespace spencer {
namespace {

using nlohmann::ordered_json;

std::int64_t peak_memory(at::Device device) {
  if (!device.is_cpu()) {
    constexpr std::size_t kAll = 0;  // StatType::AGGREGATE
    const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return stats.allocated_bytes[kAll].peak;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{usage.ru_maxrss} * 1024;
}

std::string first_ids(const TrainingBatch& batch) {
  constexpr std::size_t kShown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, batch.ids.size()); ++i) {
    text += (i == 0 ? "" : ", ") + batch.ids[i];
  }
  return batch.ids.size() > kShown
             ? text + " and " + std::to_string(batch.ids.size() - kShown) + " more"
             : text;
}

/// What was trained on between two reports.
struct Work {
  std::int64_t pairs = 0, tokens = 0;
  double seconds = 0;
  void add(const Work& other) {
    pairs += other.pairs;
    tokens += other.tokens;
    seconds += other.seconds;
  }
  double pairs_per_s() const { return seconds > 0 ? static_cast<double>(pairs) / seconds : 0; }
  double tokens_per_s() const { return seconds > 0 ? static_cast<double>(tokens) / seconds : 0; }
};

/// Makes the next batch while the present one is computed.
class Batches {
 public:
  explicit Batches(const Objective& objective) : objective_(objective) {}
  ~Batches() { drop(); }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  std::unique_ptr<TrainingBatch> take(std::int64_t number) {
    if (!next_.valid() || next_number_ != number) {
      drop();
      return objective_.prepare(number);
    }
    return next_.get();
  }
  void prefetch(std::int64_t number) {
    next_number_ = number;
    next_ = std::async(std::launch::async, [this, number] { return objective_.prepare(number); });
  }
  /// What was made ahead is out of date.
  void drop() {
    if (next_.valid()) next_.wait();
    next_ = {};
  }

 private:
  const Objective& objective_;
  std::future<std::unique_ptr<TrainingBatch>> next_;
  std::int64_t next_number_ = -1;
};

class Run {
 public:
  Run(Objective& objective, const TrainOptions& options, const TrainHooks& hooks, at::Device device)
      : objective_(objective),
        options_(options),
        hooks_(hooks),
        device_(device),
        folder_(options.output, options.resume),
        parameters_(objective.parameters()),
        optimizer_(parameters_, options, lane_count(options.engine, device)),
        batches_(objective) {
    if (parameters_.empty()) {
      throw Error(ErrorKind::invalid_argument, "everything is frozen; there is nothing to train");
    }
    per_epoch_ = options.steps_per_epoch(objective.batches_per_epoch());
    steps_ = options.optimizer_steps(objective.batches_per_epoch());
    warmup_ = warmup_steps(options.warmup, steps_);
    valid_every_ = options.valid_every > 0 ? options.valid_every : per_epoch_;
    if (options.resume && folder_.has_checkpoint()) {
      state_ = read_checkpoint(folder_.checkpoint(), identity(), checkpoint_tensors());
    }
    earlier_seconds_ = state_.seconds;
    folder_.rewind_metrics(state_.step);
  }

  TrainReport run() {
    if (state_.step == 0) validate();
    while (state_.step < steps_ && !exhausted()) {
      if (hooks_.stop != nullptr && hooks_.stop->requested()) {
        save_checkpoint();
        hooks_.stop->check();
      }
      train_step();
      const bool judged = state_.step % valid_every_ == 0 || state_.step == steps_;
      if (judged) validate();
      const bool due = options_.save_every > 0 ? state_.step % options_.save_every == 0 : judged;
      if (due && state_.step < steps_) save_checkpoint();
    }
    return finish();
  }

 private:
  bool exhausted() const { return options_.patience > 0 && state_.since_best >= options_.patience; }
  double seconds() const { return earlier_seconds_ + seconds_since(start_); }

  RunIdentity identity() const {
    RunIdentity all = objective_.identity();
    const auto number = [](double value) { return ordered_json(value).dump(); };
    all["seed"] = std::to_string(options_.seed);
    all["batch size"] = std::to_string(options_.batch_size);
    all["chunk size"] = std::to_string(options_.chunk_size);
    all["accumulation"] = std::to_string(options_.accumulation);
    all["learning rate"] = number(options_.learning_rate);
    all["weight decay"] = number(options_.weight_decay);
    all["ema"] = number(options_.ema);
    all["frozen layers"] = std::to_string(options_.freeze_layers) +
                           (options_.freeze_embeddings ? " and the embeddings" : "");
    return all;
  }

  NamedTensors checkpoint_tensors() const {
    NamedTensors all;
    for (const TrainedParameter& parameter : parameters_) {
      all.emplace_back("parameter/" + parameter.name, parameter.value);
    }
    for (auto& [name, tensor] : optimizer_.state()) all.emplace_back("optimizer/" + name, tensor);
    for (auto& [name, tensor] : objective_.refreshed())
      all.emplace_back("refreshed/" + name, tensor);
    return all;
  }

  void save_checkpoint() {
    state_.seconds = seconds();
    write_checkpoint(folder_.checkpoint(), state_, identity(), checkpoint_tensors());
  }

  void train_step() {
    if (objective_.refreshes_at(state_.step)) {
      batches_.drop();
      objective_.refresh();
    }
    const auto start = Clock::now();
    Work work;
    LossTerms terms;
    std::string ids;
    for (std::int64_t i = 0; i < options_.accumulation; ++i) {
      const std::int64_t number = state_.step * options_.accumulation + i;
      const auto batch = batches_.take(number);
      if (!objective_.refreshes_at(state_.step + 1)) batches_.prefetch(number + 1);
      backward(*batch, number, terms);
      work.pairs += batch->pairs;
      work.tokens += batch->tokens;
      ids += (ids.empty() ? "" : ", ") + first_ids(*batch);
    }
    const double rate =
        options_.learning_rate * schedule_factor(options_.schedule, state_.step, warmup_, steps_);
    const double norm = optimizer_.step(rate);
    double loss = 0;
    for (const auto& [name, value] : terms) loss += value;
    if (!std::isfinite(loss) || !std::isfinite(norm)) refuse_divergence(loss, norm, ids);
    ++state_.step;
    work.seconds = seconds_since(start);
    report(loss, terms, rate, norm, work);
  }

  void backward(const TrainingBatch& batch, std::int64_t number, LossTerms& terms) {
    const std::string advice = "step " + std::to_string(state_.step + 1) + " has " +
                               std::to_string(batch.pairs) + " pairs of " +
                               std::to_string(batch.tokens) +
                               " tokens: set a smaller --chunk-size, or --recompute";
    const double weight = 1.0 / static_cast<double>(options_.accumulation);
    const LossTerms added = guarded(advice, [&] {
      return objective_.backward(batch, weight,
                                 mix(options_.seed, static_cast<std::uint64_t>(number)));
    });
    for (std::size_t i = 0; i < added.size(); ++i) {
      if (terms.size() <= i) terms.emplace_back(added[i].first, 0.0);
      terms[i].second += weight * added[i].second;
    }
  }

  [[noreturn]] void refuse_divergence(double loss, double norm, const std::string& ids) const {
    throw Error(ErrorKind::corrupt, "training diverged at step " + std::to_string(state_.step + 1) +
                                        ": the loss is " + ordered_json(loss).dump() +
                                        ", the gradient's norm " + ordered_json(norm).dump() +
                                        ". Lower --learning-rate, add --warmup, or look " +
                                        "at the batch: " + ids + ". The last checkpoint is whole");
  }

  void report(double loss, const LossTerms& terms, double rate, double norm, const Work& work) {
    recent_.add(work);
    all_.add(work);
    const bool due =
        state_.step % options_.log_every == 0 || state_.step == steps_ || state_.step == 1;
    StepReport step{state_.step,
                    steps_,
                    static_cast<double>(state_.step) / static_cast<double>(per_epoch_),
                    loss,
                    terms,
                    rate,
                    norm,
                    recent_.pairs_per_s(),
                    recent_.tokens_per_s(),
                    seconds(),
                    0,
                    peak_memory(device_)};
    const double done = static_cast<double>(++steps_here_);
    step.seconds_left = all_.seconds / done * static_cast<double>(steps_ - state_.step);
    if (hooks_.on_step) hooks_.on_step(step);
    if (!due) return;
    ordered_json line = {
        {"event", "step"}, {"step", step.step}, {"epoch", step.epoch}, {"loss", loss}};
    if (terms.size() > 1) {
      for (const auto& [name, value] : terms) line["loss_" + name] = value;
    }
    line["learning_rate"] = rate;
    line["gradient_norm"] = norm;
    line["pairs_per_s"] = step.pairs_per_s;
    line["tokens_per_s"] = step.tokens_per_s;
    line["seconds"] = step.seconds;
    line["memory_bytes"] = step.memory_bytes;
    folder_.record(line);
    recent_ = {};
  }

  void validate() {
    optimizer_.swap_average();
    const ValidationFigures figures = objective_.validate();
    if (!figures.empty()) {
      const bool best = state_.best_step < 0 || figures.front().second > state_.best;
      if (best) {
        state_.best = figures.front().second;
        state_.best_step = state_.step;
        state_.since_best = 0;
        best_figures_ = figures;
        folder_.replace("best", [&](const auto& path) { objective_.save(path); });
      } else {
        ++state_.since_best;
      }
      ordered_json line = {{"event", "validation"}, {"step", state_.step}, {"best", best}};
      for (const auto& [name, value] : figures) line[name] = value;
      folder_.record(line);
      if (hooks_.on_validation) hooks_.on_validation({state_.step, figures, best});
    }
    optimizer_.swap_average();
  }

  TrainReport finish() {
    save_checkpoint();
    optimizer_.swap_average();
    folder_.replace("last", [&](const auto& path) { objective_.save(path); });
    optimizer_.swap_average();
    TrainReport report;
    report.steps = state_.step;
    report.best_step = state_.best_step;
    report.best = best_figures_;
    if (report.best.empty() && state_.best_step >= 0) report.best = {{"best", state_.best}};
    report.stopped_early = state_.step < steps_;
    report.seconds = seconds();
    report.pairs_per_s = all_.pairs_per_s();
    report.tokens_per_s = all_.tokens_per_s();
    report.model = folder_.choose(state_.best_step >= 0 ? "best" : "last");
    return report;
  }

  Objective& objective_;
  const TrainOptions& options_;
  const TrainHooks& hooks_;
  at::Device device_;
  RunFolder folder_;
  std::vector<TrainedParameter> parameters_;
  Optimizer optimizer_;
  Batches batches_;
  RunState state_;
  ValidationFigures best_figures_;
  std::int64_t per_epoch_ = 0, steps_ = 0, warmup_ = 0, valid_every_ = 0, steps_here_ = 0;
  double earlier_seconds_ = 0;
  Clock::time_point start_ = Clock::now();
  Work recent_, all_;
};

}  // namespace

void take_over_precision(TrainOptions& options) {
  const auto file = checkpoint_file(options.output);
  if (!options.resume || options.engine.precision != Precision::automatic ||
      !std::filesystem::exists(file)) {
    return;
  }
  const RunIdentity identity = read_identity(file);
  if (const auto found = identity.find("precision"); found != identity.end()) {
    options.engine.precision =
        found->second == "bfloat16" ? Precision::bfloat16 : Precision::float32;
  }
}

TrainReport run_training(Objective& objective, const TrainOptions& options, const TrainHooks& hooks,
                         at::Device device) {
  return Run(objective, options, hooks, device).run();
}

}  // namespace spencer
