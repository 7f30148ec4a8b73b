#include "spencer/train/masking.h"

#include <algorithm>
#include <cmath>

#include "spencer/base/error.h"
#include "spencer/train/batch_plan.h"

namespace spencer {
namespace {

enum Draw : std::uint64_t { which_tokens, what_instead };

}  // namespace

Masking::Masking(const Tokenizer& tokenizer, double share)
    : share_(share), mask_id_(tokenizer.mask_id()) {
  if (mask_id_ < 0) {
    throw Error(ErrorKind::unsupported,
                "the tokenizer has no mask token ([MASK] or <mask>), which masked language "
                "modelling puts in the place of others: add one to the model folder's "
                "tokenizer.json and name it as mask_token in tokenizer_config.json");
  }
  for (std::int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    special_.push_back(id == mask_id_ || id == tokenizer.pad_id() || tokenizer.is_special(id));
    if (!special_.back()) ordinary_.push_back(id);
  }
}

std::int32_t Masking::replacement(std::int32_t token, std::uint64_t random) const {
  const std::uint64_t percent = random % 100;
  if (percent < 80) return mask_id_;
  if (percent < 90) return ordinary_[random / 100 % ordinary_.size()];
  return token;
}

MaskedInput Masking::apply(TokenSequence input, std::uint64_t seed) const {
  std::vector<std::int32_t> candidates;
  for (std::size_t i = 0; i < input.ids.size(); ++i) {
    if (!is_special(input.ids[i])) candidates.push_back(static_cast<std::int32_t>(i));
  }
  MaskedInput masked;
  if (!candidates.empty()) {
    const auto count = static_cast<std::size_t>(
        std::max(1LL, std::llround(share_ * static_cast<double>(candidates.size()))));
    const auto order = shuffled(candidates.size(), mix(seed, which_tokens));
    for (std::size_t i = 0; i < count; ++i) {
      masked.positions.push_back(candidates[static_cast<std::size_t>(order[i])]);
    }
    std::sort(masked.positions.begin(), masked.positions.end());
  }
  for (std::size_t i = 0; i < masked.positions.size(); ++i) {
    std::int32_t& id = input.ids[static_cast<std::size_t>(masked.positions[i])];
    masked.targets.push_back(id);
    id = replacement(id, mix(mix(seed, what_instead), i));
  }
  masked.input = std::move(input);
  return masked;
}

}  // namespace spencer
