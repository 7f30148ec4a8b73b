// Runs the encoder over a window of records, in steps short enough to be stopped.
#pragma once

#include <cstdint>
#include <vector>

#include "spencer/base/progress.h"
#include "spencer/base/stop.h"
#include "spencer/model/encoder.h"
#include "spencer/store/index_store.h"

#include "index/feeder.h"

namespace spencer {

class Embedder {
 public:
  Embedder(TextEncoder& encoder, IndexWriter& writer, Progress& progress, const StopFlag& stop);

  /// Gives every record of the window that has tokens a vector that the writer knows from then on.
  /// Vectors are handed to the writer step by step, so a stop or a kill loses one step at most.
  void embed(std::vector<PendingFile>& window);
  std::int64_t embedded() const { return embedded_; }

 private:
  void step(std::vector<PendingRecord*>& records, std::size_t begin, std::size_t end);

  TextEncoder& encoder_;
  IndexWriter& writer_;
  Progress& progress_;
  const StopFlag& stop_;
  std::size_t step_tokens_;
  std::int64_t embedded_ = 0;
};

}  // namespace spencer
