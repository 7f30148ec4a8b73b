// The student trainer over libtorch: what libspencer_torch hands out.
#include "spencer/base/error.h"
#include "spencer/base/file.h"
#include "spencer/distill/student.h"
#include "spencer/nn/device.h"
#include "spencer/train/loop.h"

#include "distill/distill_objective.h"
#include "nn/guarded.h"
#include "nn/unsplit.h"
#include "train/model_writer.h"

namespace spencer {
namespace fs = std::filesystem;
namespace {

/// The student before its training, made once. @return its folder
fs::path start_folder(const StudentOptions& options) {
  const fs::path folder = options.output / "start", part = options.output / "start.part";
  if (fs::exists(folder)) return folder;
  fs::remove_all(part);
  fs::create_directories(part);
  write_cut_encoder_folder(part, ModelFolder::open(options.teacher), options.layers,
                           options.query_length);
  sync_to_disk(part);
  fs::rename(part, folder);
  return folder;
}

class TorchStudentTrainer : public StudentTrainer {
 public:
  TrainReport train(const StudentOptions& asked, const Lesson& lesson,
                    const QueryValidator& validate, const TrainHooks& hooks) override {
    asked.validate();
    StudentOptions options = asked;
    take_over_precision(options);
    const UnsplitOperations unsplit;
    return guarded("lower --batch-size or --chunk-size, or set --recompute", [&] {
      const at::Device device = open_device(options.engine.device);
      DistillObjective objective(options, start_folder(options), lesson, validate, hooks, device);
      return run_training(objective, options, hooks, device);
    });
  }
};

}  // namespace
}  // namespace spencer

extern "C" __attribute__((visibility("default"))) spencer::StudentTrainer*
spencer_student_trainer_1() {
  return new spencer::TorchStudentTrainer();
}
