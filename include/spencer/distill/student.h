// One student: what it is made of and how it is trained. Free of torch, which is loaded on need.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "spencer/train/trainer.h"

namespace spencer {

/// Which of its teacher's layers a student starts with.
enum class LayerRule {
  first,   ///< the lowest ones, as SPENCER takes them
  spread,  ///< evenly spaced, the last one among them
};

/// Positions, counted from 0, of the `count` layers taken out of `layers`; 1 <= count <= layers.
std::vector<std::int64_t> choose_layers(LayerRule rule, std::int64_t layers, std::int64_t count);

/// Training of one student. Its run folder holds the folder `start`, too.
struct StudentOptions : TrainOptions {
  std::filesystem::path teacher;     ///< a query encoder's folder
  std::vector<std::int64_t> layers;  ///< of the teacher's, as from `choose_layers`
  double dual_weight = 1;            ///< of the dual-modality loss; 0 = left out
  double single_weight = 1;          ///< of the single-modality loss; 0 = left out
  std::int64_t extra = -1;           ///< queries without a code per batch; -1 = the batch size
  std::int64_t query_length = 0;     ///< tokens
  StudentOptions() { epochs = 10; }
  std::int64_t extra_per_batch() const { return extra < 0 ? batch_size : extra; }
  void validate() const;  ///< @throws Error{invalid_argument}
};

/// What a student learns: the teacher's vectors, which stay as they are. Rows of float32, of any
/// norm; all is kept by reference.
struct Lesson {
  const PairSet& pairs;
  std::span<const float> queries;        ///< [pairs.queries(), D]
  std::span<const float> codes;          ///< [pairs.codes(), D]
  std::span<const std::string> extra;    ///< queries that have no code, joined in this order
  std::span<const float> extra_vectors;  ///< [extra, D]
};

/// Judges a student in training by how it encodes queries.
using QueryValidator = std::function<ValidationFigures(const LiveDualEncoder::Encode&)>;

class StudentTrainer {
 public:
  virtual ~StudentTrainer() = default;

  /// Cuts the student out of its teacher and trains it, or goes on doing so (`resume`). The report
  /// names the student's folder. @throws what Trainer::train_dual throws; Error{unsupported} for a
  /// teacher with exit heads
  virtual TrainReport train(const StudentOptions& options, const Lesson& lesson,
                            const QueryValidator& validate, const TrainHooks& hooks) = 0;
};

/// Loads libtorch (see `load_engine`) and gives the trainer; one per process.
StudentTrainer& load_student_trainer();

}  // namespace spencer
