// Which two snippets stand in one input of in-context classification (ModularStarEncoder,
// arXiv 2503.03008): a function of the seed and the batch's number alone.
#pragma once

#include <cstdint>
#include <vector>

#include "spencer/train/snippets.h"

namespace spencer {

/// Two different snippets, as positions in a SnippetSet.
struct SnippetPair {
  std::int32_t first = 0, second = 0;
  bool same_repository = false;
};

/// One pass over the snippets after another, each in an order of its own: every snippet is once the
/// first of a pair. Pairs of the same and of different repositories take turns; a second snippet of
/// another repository is any of those with equal chance, so that it alone tells nothing. Snippets
/// that are alone in their repository are left out.
class SnippetPairPlan {
 public:
  /// @param snippets kept by reference
  /// @throws Error{invalid_argument} if batch_size is not positive, or if fewer than two
  ///         repositories have two snippets or more
  SnippetPairPlan(const SnippetSet& snippets, std::int64_t batch_size, std::uint64_t seed);

  std::int64_t batches_per_epoch() const;
  std::int64_t pairs_per_epoch() const { return static_cast<std::int64_t>(grouped_.size()); }

  /// The pairs of batch `number`, counted from 0 over all epochs; an epoch's last may have fewer.
  std::vector<SnippetPair> batch(std::int64_t number) const;

 private:
  /// The snippets of one repository, as places in `grouped_`.
  struct Group {
    std::size_t first = 0, count = 0;
  };
  SnippetPair pair(std::size_t place, bool same, std::uint64_t random) const;

  std::size_t batch_size_;
  std::uint64_t seed_;
  std::vector<std::int32_t> grouped_;  // repository after repository
  std::vector<Group> group_of_;        // per place in `grouped_`
  mutable std::int64_t ordered_epoch_ = -1;
  mutable std::vector<std::int32_t> order_;  // of that epoch: places in `grouped_`
};

}  // namespace spencer
