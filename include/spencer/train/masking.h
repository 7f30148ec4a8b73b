// Inputs of masked language modelling: some tokens hidden, to be predicted from the others.
#pragma once

#include <cstdint>
#include <vector>

#include "spencer/text/tokenizer.h"

namespace spencer {

struct MaskedInput {
  TokenSequence input;                  ///< as the model reads it
  std::vector<std::int32_t> positions;  ///< of the tokens to be predicted, ascending
  TokenIds targets;                     ///< what stood there
};

/// BERT's masking (Devlin et al. 2019, appendix A.1): a share of an input's tokens is to be
/// predicted, in place of which stand the mask token in 80 of 100 cases, any token of the
/// vocabulary in 10, and the token itself in 10. Special tokens are neither predicted nor put
/// anywhere.
class Masking {
 public:
  /// @param share of the tokens that are not special, above 0 and below 1
  /// @throws Error{unsupported} if the tokenizer has no mask token
  Masking(const Tokenizer& tokenizer, double share);

  /// A function of its arguments alone. max(1, round(share * n)) of the n tokens that are not
  /// special are to be predicted; none where there is none.
  MaskedInput apply(TokenSequence input, std::uint64_t seed) const;

 private:
  std::int32_t replacement(std::int32_t token, std::uint64_t random) const;
  bool is_special(std::int32_t id) const {
    return static_cast<std::size_t>(id) < special_.size() && special_[static_cast<std::size_t>(id)];
  }

  double share_;
  std::int32_t mask_id_;
  std::vector<bool> special_;  // by id
  TokenIds ordinary_;          // the ids that are not special
};

}  // namespace spencer
