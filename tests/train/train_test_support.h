// A tiny model to train, and objectives whose batches are given.
#pragma once

#include <filesystem>
#include <string>

#include "spencer/base/file.h"
#include "spencer/train/objective.h"
#include "spencer/train/snippets.h"

#include "model/model_test_support.h"

namespace spencer {

inline std::filesystem::path train_data(const std::string& name) {
  return std::filesystem::path(SPENCER_TEST_DATA) / "train" / name;
}

/// A tiny model of the reference values, by default a BERT, with a vocabulary to go with it.
class TinyModel : public ScratchFolder {
 public:
  explicit TinyModel(const std::string& name = "model") {
    fill_from(train_data(name));
    std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
    for (char c = 'a'; c <= 'z'; ++c) vocabulary += std::string(1, c) + "\n";
    for (int i = 31; i < 96; ++i) vocabulary += "w" + std::to_string(i) + "\n";
    write_file_atomically(path() / "vocab.txt", vocabulary);
  }
};

/// A few pairs of words the tiny model knows, so that an objective can be made.
inline PairSet word_pairs(int count) {
  PairSet pairs;
  for (int i = 0; i < count; ++i) {
    const auto word = [](int n) { return "w" + std::to_string(31 + n % 65); };
    pairs.add({"pair " + std::to_string(i), word(i) + " " + word(3 * i + 1),
               word(i) + " " + word(7 * i + 2) + " " + word(i + 11)});
  }
  return pairs;
}

/// Snippets of words the tiny model knows, each repository with words of its own.
inline SnippetSet word_snippets(int repositories, int snippets) {
  SnippetSet set;
  for (int r = 0; r < repositories; ++r) {
    for (int i = 0; i < snippets; ++i) {
      std::string code;
      for (int w = 0; w <= 3 + i % 3; ++w) {
        code += "w" + std::to_string(31 + (11 * r + (i + 3) * (w + 1) % 11) % 65) + " ";
      }
      const std::string repository = "repository " + std::to_string(r);
      set.add({repository + ": " + std::to_string(i), repository, code + std::to_string(i)});
    }
  }
  return set;
}

/// Sets the options of the reference runs.
inline void set_reference_options(TrainOptions& options, const std::filesystem::path& output) {
  options.output = output;
  options.max_steps = 20;
  options.warmup = 4;
  options.learning_rate = 1e-3;
  options.weight_decay = 0.01;
  options.dropout = 0;
  options.engine.device = "cpu";
  options.engine.precision = Precision::float32;
  options.engine.threads = 2;
}

}  // namespace spencer
