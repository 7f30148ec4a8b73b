#include "spencer/train/trainer.h"

namespace spencer {

Trainer& load_trainer() {
  static Trainer* trainer = reinterpret_cast<Trainer* (*)()>(engine_symbol("spencer_trainer_1"))();
  return *trainer;
}

}  // namespace spencer
