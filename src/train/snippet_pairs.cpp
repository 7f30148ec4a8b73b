#include "spencer/train/snippet_pairs.h"

#include <algorithm>
#include <string>

#include "spencer/base/error.h"
#include "spencer/train/batch_plan.h"

namespace spencer {

SnippetPairPlan::SnippetPairPlan(const SnippetSet& snippets, std::int64_t batch_size,
                                 std::uint64_t seed)
    : batch_size_(static_cast<std::size_t>(batch_size)), seed_(seed) {
  if (batch_size < 1) {
    throw Error(ErrorKind::invalid_argument,
                "batch size is " + std::to_string(batch_size) + "; it must be positive");
  }
  std::vector<std::vector<std::int32_t>> repositories(snippets.repositories().size());
  for (std::size_t i = 0; i < snippets.snippets().size(); ++i) {
    const auto repository = static_cast<std::size_t>(snippets.snippets()[i].repository);
    repositories[repository].push_back(static_cast<std::int32_t>(i));
  }
  std::erase_if(repositories, [](const auto& members) { return members.size() < 2; });
  if (repositories.size() < 2) {
    throw Error(ErrorKind::invalid_argument,
                "in-context classification tells pairs of one repository from pairs of two: it "
                "needs two repositories of two snippets or more; the data has " +
                    std::to_string(repositories.size()) + " such among " +
                    std::to_string(snippets.repositories().size()));
  }
  for (const auto& members : repositories) {
    const Group group{grouped_.size(), members.size()};
    grouped_.insert(grouped_.end(), members.begin(), members.end());
    group_of_.insert(group_of_.end(), members.size(), group);
  }
}

std::int64_t SnippetPairPlan::batches_per_epoch() const {
  return static_cast<std::int64_t>((grouped_.size() + batch_size_ - 1) / batch_size_);
}

SnippetPair SnippetPairPlan::pair(std::size_t place, bool same, std::uint64_t random) const {
  const Group& group = group_of_[place];
  std::size_t other = 0;
  if (same) {  // any of the group but the snippet itself
    other = group.first + random % (group.count - 1);
    if (other >= place) ++other;
  } else {  // any outside the group
    other = random % (grouped_.size() - group.count);
    if (other >= group.first) other += group.count;
  }
  return {grouped_[place], grouped_[other], same};
}

std::vector<SnippetPair> SnippetPairPlan::batch(std::int64_t number) const {
  const std::int64_t epoch = number / batches_per_epoch();
  const std::uint64_t seed = mix(seed_, static_cast<std::uint64_t>(epoch));
  if (ordered_epoch_ != epoch) {
    order_ = shuffled(grouped_.size(), seed);
    ordered_epoch_ = epoch;
  }
  const std::size_t first = static_cast<std::size_t>(number % batches_per_epoch()) * batch_size_;
  const std::size_t end = std::min(first + batch_size_, order_.size());
  std::vector<SnippetPair> pairs;
  for (std::size_t i = first; i < end; ++i) {
    pairs.push_back(
        pair(static_cast<std::size_t>(order_[i]), i % 2 == 0, mix(mix(seed, grouped_.size()), i)));
  }
  return pairs;
}

}  // namespace spencer
