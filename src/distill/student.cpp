#include "spencer/distill/student.h"

#include <cmath>

#include "spencer/base/error.h"

namespace spencer {

std::vector<std::int64_t> choose_layers(LayerRule rule, std::int64_t layers, std::int64_t count) {
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) {
    chosen.push_back(rule == LayerRule::first ? i : (i + 1) * layers / count - 1);
  }
  return chosen;
}

void StudentOptions::validate() const {
  TrainOptions::validate();
  const bool finite = std::isfinite(dual_weight) && std::isfinite(single_weight);
  if (!finite || dual_weight < 0 || single_weight < 0 || dual_weight + single_weight == 0) {
    throw Error(ErrorKind::invalid_argument,
                "the loss weights are " + std::to_string(dual_weight) + " (dual) and " +
                    std::to_string(single_weight) +
                    " (single); they must be 0 or more, and not both 0");
  }
  if (extra < -1) {
    throw Error(ErrorKind::invalid_argument,
                "extra queries per batch are " + std::to_string(extra) +
                    "; they must be 0 or more, or -1 for as many as the batch has pairs");
  }
}

StudentTrainer& load_student_trainer() {
  static StudentTrainer* trainer =
      reinterpret_cast<StudentTrainer* (*)()>(engine_symbol("spencer_student_trainer_1"))();
  return *trainer;
}

}  // namespace spencer
