#include "spencer/train/batch_plan.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <string>
#include <unordered_set>
#include <utility>

#include "spencer/base/error.h"

namespace spencer {
namespace {

constexpr std::size_t kLookedAt = 64;  // waiting pairs tried per place, where nearly all collide

std::uint64_t split_mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// The queries and codes of a batch that is being filled.
class Members {
 public:
  bool take(const TrainingPair& pair) {
    if (queries_.count(pair.query) != 0 || codes_.count(pair.code) != 0) return false;
    queries_.insert(pair.query);
    codes_.insert(pair.code);
    return true;
  }

 private:
  std::unordered_set<std::int32_t> queries_, codes_;
};

}  // namespace

std::uint64_t mix(std::uint64_t seed, std::uint64_t number) {
  return split_mix(split_mix(seed) ^ number);
}

std::vector<std::int32_t> shuffled(std::size_t count, std::uint64_t seed) {
  std::vector<std::int32_t> order(count);  // Fisher and Yates
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[mix(seed, i) % i]);
  }
  return order;
}

BatchPlan::BatchPlan(const PairSet& pairs, std::int64_t batch_size, std::uint64_t seed,
                     bool distinct)
    : pairs_(pairs),
      batch_size_(static_cast<std::size_t>(batch_size)),
      seed_(seed),
      distinct_(distinct) {
  if (batch_size < 1) {
    throw Error(ErrorKind::invalid_argument,
                "batch size is " + std::to_string(batch_size) + "; it must be positive");
  }
  per_epoch_ = static_cast<std::int64_t>(deal(0).size());
  if (per_epoch_ == 0) {
    throw Error(ErrorKind::invalid_argument,
                "no two of the " + std::to_string(pairs.pairs().size()) +
                    " pairs differ in both query and code; contrastive training needs some "
                    "that do");
  }
}

BatchPlan::Batches BatchPlan::deal(std::int64_t epoch) const {
  const auto order = shuffled(pairs_.pairs().size(), mix(seed_, static_cast<std::uint64_t>(epoch)));
  std::deque<std::int32_t> waiting;  // pairs that did not fit the batches so far, oldest first
  std::size_t next = 0;
  Batches batches;
  while (next < order.size() || !waiting.empty()) {
    Members members;
    std::vector<std::int32_t> batch;
    const auto fits = [&](std::int32_t pair) {
      return !distinct_ || members.take(pairs_.pairs()[static_cast<std::size_t>(pair)]);
    };
    const std::size_t tried = std::min(waiting.size(), kLookedAt * batch_size_);
    for (std::size_t i = tried; i > 0 && batch.size() < batch_size_; --i) {
      const std::int32_t pair = waiting.front();
      waiting.pop_front();
      if (fits(pair)) {
        batch.push_back(pair);
      } else {
        waiting.push_back(pair);
      }
    }
    while (next < order.size() && batch.size() < batch_size_) {
      const std::int32_t pair = order[next++];
      if (fits(pair)) {
        batch.push_back(pair);
      } else {
        waiting.push_back(pair);
      }
    }
    // A pair alone has nothing to be told from: it waits for the next epoch's order.
    if (!distinct_ || batch.size() > 1) batches.push_back(std::move(batch));
  }
  return batches;
}

std::vector<std::int32_t> BatchPlan::batch(std::int64_t number) const {
  std::int64_t epoch = number / per_epoch_;
  auto place = static_cast<std::size_t>(number % per_epoch_);
  if (dealt_epoch_ != epoch) {
    dealt_ = deal(epoch);
    dealt_epoch_ = epoch;
  }
  // Another order can come to a batch less; the pass then ends with one of its batches again.
  return dealt_[place % dealt_.size()];
}

BatchMix::BatchMix(double share, std::uint64_t seed)
    : share_(share), offset_(static_cast<double>(mix(seed, 0) >> 11U) * 0x1p-53) {}

std::int64_t BatchMix::second_before(std::int64_t number) const {
  return static_cast<std::int64_t>(std::floor(share_ * static_cast<double>(number) + offset_));
}

BatchMix::Place BatchMix::at(std::int64_t number) const {
  const std::int64_t before = second_before(number);
  const bool second = second_before(number + 1) > before;
  return {second, second ? before : number - before};
}

std::int64_t BatchMix::total(std::int64_t count) const {
  const double of_count = share_ < 1 ? 1 - share_ : share_;
  return static_cast<std::int64_t>(std::llround(static_cast<double>(count) / of_count));
}

}  // namespace spencer
