// The best cut of a text into the pieces of a unigram model.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace spencer {

/// Adds up scores in double precision, as Hugging Face does. libsentencepiece rounds each sum to
/// float, so that among cuts of (nearly) the same score its choice depends on its version.
class Unigram {
 public:
  explicit Unigram(const sentencepiece::SentencePieceProcessor& processor);

  /// The model's own ids for `text`, normalised as the model wants it. Unknown characters in a row
  /// are one unknown piece, or the pieces of their bytes where the model has these.
  std::vector<int> cut(std::string_view text) const;

 private:
  struct Step;
  std::vector<Step> best_steps(std::string_view text) const;
  void append_unknown(std::string_view text, std::vector<int>& reversed) const;

  Vocabulary pieces_;
  std::vector<double> scores_;
  std::vector<int> byte_ids_;  ///< empty where the model has no bytes to fall back on
  int unknown_id_;
  double unknown_score_;
};

/// Whether a serialised sentencepiece model is a unigram model.
bool is_unigram_model(std::string_view serialized);

}  // namespace spencer
