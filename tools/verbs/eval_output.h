// What `spencer eval` shows: a table for people, JSON for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "spencer/dataset/benchmark.h"
#include "spencer/dataset/challenge.h"
#include "spencer/eval/evaluate.h"

namespace spencer {

/// Everything that was evaluated.
struct EvalOutcome {
  const Benchmark& benchmark;
  const Plan& plan;
  const EvalOptions& options;
  std::vector<SystemResult> systems;
  std::vector<Comparison> comparisons;
};

inline constexpr const char* kTieRule =
    "a code of equal score that stands earlier in the pool comes first";

/// What decides the figures, as name and value.
std::vector<std::pair<std::string, std::string>> eval_settings(const EvalOutcome& outcome);

void write_eval_text(std::ostream& out, const EvalOutcome& outcome);
void write_eval_json(std::ostream& out, const EvalOutcome& outcome);

void write_challenge_text(std::ostream& out, const std::vector<ChallengeScore>& scores);
void write_challenge_json(std::ostream& out, const std::vector<ChallengeScore>& scores);

}  // namespace spencer
