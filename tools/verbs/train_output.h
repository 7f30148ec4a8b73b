// What `spencer train` shows: a line that tells where the run is, and what it came to.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>

#include "spencer/base/clock.h"
#include "spencer/train/trainer.h"

#include "common_options.h"

namespace spencer {

/// "38,449 pairs of 36,000 queries and 38,000 codes; 3 repeated ones left out"
std::string description(const PairSet& pairs);
std::string description(const DualPairs& pairs);
std::string description(const SnippetSet& snippets);

/// On a terminal the line is rewritten in place; elsewhere it is written every half a minute.
class TrainDisplay {
 public:
  TrainDisplay(std::ostream& out, const OutputOptions& output);

  Progress* progress() const { return progress_.get(); }  ///< null with --quiet
  /// Shows what is trained on.
  void begin(const std::string& data);
  void step(const StepReport& step);
  void validation(const ValidationReport& report);
  /// Removes the line.
  void end();

 private:
  std::ostream& out_;
  bool quiet_, terminal_;
  int width_ = 80;
  std::unique_ptr<Progress> progress_;
  Clock::time_point shown_;
};

void write_train_text(std::ostream& out, const TrainReport& report);
void write_train_json(std::ostream& out, const TrainReport& report);

}  // namespace spencer
