#include "spencer/distill/selection.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "spencer/base/error.h"

namespace spencer {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

[[noreturn]] void refuse(const std::string& name, const std::string& value,
                         const std::string& allowed) {
  throw Error(ErrorKind::invalid_argument, name + " is " + value + "; it must be " + allowed);
}

/// Those who may teach; both numbers are the same where there is but one.
struct Staff {
  std::int64_t teacher = kOriginal, assistant = kOriginal;

  std::vector<std::int64_t> teachers(Strategy strategy) const {
    if (strategy == Strategy::direct) return {kOriginal};
    if (strategy == Strategy::chain || teacher == assistant) return {assistant};
    return {teacher, assistant};
  }
  void promote(const Attempt& student) {
    if (student.teacher == assistant) teacher = assistant;
    assistant = student.number;
  }
};

std::string share_text(double overall, double original) {
  return fixed(100 * overall / original, 2) + " % of the original's overall MRR";
}

}  // namespace

void DescentOptions::validate() const {
  if (step < 1) refuse("step", std::to_string(step), "1 or more layers");
  if (!(max_decline >= 0 && max_decline <= 1)) {
    refuse("max decline", fixed(max_decline, 4), "a share from 0 to 1");
  }
  if (target_layers < 0) refuse("target layers", std::to_string(target_layers), "0 or more");
  if (!(target_speedup >= 0 && std::isfinite(target_speedup))) {
    refuse("target speed-up", fixed(target_speedup, 4), "0 (none) or more");
  }
}

std::string to_string(Decision decision) {
  switch (decision) {
    case Decision::accepted: return "accepted";
    case Decision::beaten: return "beaten";
    case Decision::declined: return "declined";
  }
  throw Error(ErrorKind::internal, "a decision without a name");
}

std::vector<std::int64_t> student_sizes(std::int64_t layers, const DescentOptions& options) {
  options.validate();
  const std::int64_t last = std::max<std::int64_t>(1, options.target_layers);
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = layers - options.step; size >= last; size -= options.step) {
    sizes.push_back(size);
  }
  const bool missed = options.target_layers > 0 && last < layers;
  if (missed && (sizes.empty() || sizes.back() != last)) sizes.push_back(last);
  if (sizes.empty()) {
    throw Error(ErrorKind::invalid_argument,
                "there is no student to try: the query encoder has " + std::to_string(layers) +
                    " layers, the step is " + std::to_string(options.step) + " and the last size " +
                    std::to_string(last) + "; lower --step");
  }
  return sizes;
}

Descent descend(const std::vector<std::int64_t>& sizes, const DescentOptions& options,
                double original, const std::function<Outcome(const Attempt&)>& attempt,
                const std::function<void(const Judgement&)>& judged) {
  options.validate();
  if (!(original > 0)) {
    refuse("the original's overall MRR", fixed(original, 4), "above 0: look at the held-out data");
  }
  Descent descent;
  Staff staff;
  for (const std::int64_t size : sizes) {
    std::vector<Judgement> students;
    for (const std::int64_t teacher : staff.teachers(options.strategy)) {
      const auto number =
          static_cast<std::int64_t>(descent.judgements.size() + students.size() + 1);
      const Attempt next{number, size, teacher};
      students.push_back({next, attempt(next), Decision::beaten, {}});
    }
    Judgement& best = *std::max_element(  // the first of equals: the teacher's
        students.begin(), students.end(), [](const Judgement& a, const Judgement& b) {
          return a.outcome.overall < b.outcome.overall;
        });
    const double least = original * (1 - options.max_decline);
    const bool declined = best.outcome.overall < least;
    best.decision = declined ? Decision::declined : Decision::accepted;
    for (Judgement& student : students) {
      student.why = share_text(student.outcome.overall, original);
      if (student.decision == Decision::beaten) {
        student.why += "; attempt " + std::to_string(best.attempt.number) + " is no worse";
      } else if (declined) {
        student.why +=
            "; at least " + fixed(100 * (1 - options.max_decline), 2) + " % is asked for";
      }
      if (judged) judged(student);
    }
    descent.judgements.insert(descent.judgements.end(), students.begin(), students.end());
    const Judgement kept = *std::find_if(students.begin(), students.end(), [](const auto& student) {
      return student.decision != Decision::beaten;
    });
    if (kept.decision == Decision::declined) break;
    staff.promote(kept.attempt);
    descent.result = kept.attempt.number;
    if (options.target_speedup > 0 && kept.outcome.speedup >= options.target_speedup) break;
  }
  return descent;
}

}  // namespace spencer
