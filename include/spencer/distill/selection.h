// Which students are tried, who teaches them, and which is the result: SPENCER's descent with a
// teaching assistant (arXiv 2508.00546). Pure: what trains and scores a student is passed in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace spencer {

enum class Strategy {
  assistant,  ///< the teacher and the last student both teach; the better of the two is kept
  direct,     ///< the original teaches every student
  chain,      ///< the last student teaches the next
};

struct DescentOptions {
  std::int64_t step = 3;  ///< layers from one size to the next
  /// Share of the original's overall figure that a student may lose.
  double max_decline = 0.02;
  Strategy strategy = Strategy::assistant;
  std::int64_t target_layers = 0;  ///< the last size; 0 = as far as the steps go
  double target_speedup = 0;  ///< end at a student so many times as fast as the original; 0 = none

  /// @throws Error{invalid_argument} naming field, value and what is allowed
  void validate() const;
};

inline constexpr std::int64_t kOriginal = 0;  // the original's number among the attempts

/// A student to train.
struct Attempt {
  std::int64_t number = 0;  ///< counted from 1
  std::int64_t layers = 0;
  std::int64_t teacher = kOriginal;  ///< number of the attempt that teaches it
};

/// What became of it.
struct Outcome {
  double overall = 0;  ///< MRR after both stages, on held-out data
  double speedup = 1;  ///< of query encoding: the original's time over the student's
};

enum class Decision {
  accepted,
  beaten,    ///< the other student of its size is better
  declined,  ///< the overall figure fell too far
};
std::string to_string(Decision decision);

struct Judgement {
  Attempt attempt;
  Outcome outcome;
  Decision decision = Decision::accepted;
  std::string why;
};

struct Descent {
  std::vector<Judgement> judgements;  ///< by the attempts' numbers
  std::int64_t result = kOriginal;    ///< the smallest student accepted, by number
};

/// Sizes of students in the order tried: down from `layers` by the step, to `target_layers` (by a
/// shorter last step where need be) or else to the last that is above 0.
/// @throws Error{invalid_argument} if there is none
std::vector<std::int64_t> student_sizes(std::int64_t layers, const DescentOptions& options);

/// Tries every size in turn. With assistants: where the assistant's student is strictly better than
/// the teacher's, the assistant becomes the teacher; either way the student kept is the next
/// assistant. Ends with the first size whose better student has declined too far.
/// @param original the original's overall figure, above 0
/// @param attempt trains and scores a student  @param judged is told each judgement, in order
Descent descend(const std::vector<std::int64_t>& sizes, const DescentOptions& options,
                double original, const std::function<Outcome(const Attempt&)>& attempt,
                const std::function<void(const Judgement&)>& judged = {});

}  // namespace spencer
