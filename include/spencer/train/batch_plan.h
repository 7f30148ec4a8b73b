// Which pairs stand in which batch: a function of the seed and the batch's number alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "spencer/train/pairs.h"

namespace spencer {

/// One pass over the pairs after another, each in an order of its own. No batch holds a query or a
/// code twice: a second copy would count as a wrong answer to the first's query.
class BatchPlan {
 public:
  /// @param distinct keep equal queries and equal codes apart (contrastive learning needs it)
  /// @throws Error{invalid_argument} if batch_size is not positive, or if batches must be distinct
  ///         and no two pairs of the set can stand in one
  BatchPlan(const PairSet& pairs, std::int64_t batch_size, std::uint64_t seed, bool distinct);

  std::int64_t batches_per_epoch() const { return per_epoch_; }

  /// Positions in `pairs.pairs()` of batch `number`, counted from 0 over all epochs.
  std::vector<std::int32_t> batch(std::int64_t number) const;

 private:
  using Batches = std::vector<std::vector<std::int32_t>>;
  Batches deal(std::int64_t epoch) const;

  const PairSet& pairs_;
  std::size_t batch_size_;
  std::uint64_t seed_;
  bool distinct_;
  std::int64_t per_epoch_ = 0;
  mutable std::int64_t dealt_epoch_ = -1;  // the epoch `dealt_` holds
  mutable Batches dealt_;
};

/// Of which of two kinds each batch is, for batches that hold one kind each.
class BatchMix {
 public:
  struct Place {
    bool second = false;
    std::int64_t number = 0;  ///< among the batches of its kind, counted from 0
  };

  /// Of any n batches in a row share * n are of the second kind, to within one; the seed decides
  /// where they begin. @param share 0 to 1
  BatchMix(double share, std::uint64_t seed);

  Place at(std::int64_t number) const;

  /// Batches in all, where `count` are of the first kind (of the second where the share is 1).
  std::int64_t total(std::int64_t count) const;

 private:
  std::int64_t second_before(std::int64_t number) const;
  double share_, offset_;
};

/// A number that looks random and depends on its arguments alone (SplitMix64 over both).
std::uint64_t mix(std::uint64_t seed, std::uint64_t number);

/// The numbers below `count` in an order that depends on the seed alone, on every machine.
std::vector<std::int32_t> shuffled(std::size_t count, std::uint64_t seed);

}  // namespace spencer
