// The descent against outcomes written down beforehand.
#include "spencer/distill/selection.h"

#include <map>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

/// The overall figure of each (size, teacher); asking for another fails the test.
using Script = std::map<std::pair<std::int64_t, std::int64_t>, double>;

Descent run(const Script& script, const DescentOptions& options = {}, std::int64_t layers = 12,
            double original = 0.5) {
  return descend(student_sizes(layers, options), options, original, [&](const Attempt& attempt) {
    const auto found = script.find({attempt.layers, attempt.teacher});
    EXPECT_NE(found, script.end()) << attempt.layers << " layers from " << attempt.teacher;
    const double speedup = 12.0 / static_cast<double>(attempt.layers);
    return Outcome{found == script.end() ? 0 : found->second, speedup};
  });
}

std::vector<Decision> decisions(const Descent& descent) {
  std::vector<Decision> all;
  for (const Judgement& judgement : descent.judgements) all.push_back(judgement.decision);
  return all;
}

constexpr Decision accepted = Decision::accepted, beaten = Decision::beaten,
                   declined = Decision::declined;

DescentOptions with(Strategy strategy) {
  DescentOptions options;
  options.strategy = strategy;
  return options;
}

TEST(StudentSizes, GoDownByTheStep) {
  using Sizes = std::vector<std::int64_t>;
  DescentOptions options;
  EXPECT_EQ(student_sizes(12, options), (Sizes{9, 6, 3}));
  EXPECT_EQ(student_sizes(7, options), (Sizes{4, 1}));
  options.target_layers = 4;
  EXPECT_EQ(student_sizes(12, options), (Sizes{9, 6, 4}));
  EXPECT_EQ(student_sizes(6, options), (Sizes{4}));
  options.target_layers = 6;
  EXPECT_EQ(student_sizes(12, options), (Sizes{9, 6}));
  EXPECT_THROW(student_sizes(6, options), Error);
  EXPECT_THROW(student_sizes(3, DescentOptions()), Error);
}

TEST(Descent, AnAssistantThatTeachesBetterBecomesTheTeacher) {
  const Descent descent =
      run({{{9, 0}, 0.5}, {{6, 0}, 0.495}, {{6, 1}, 0.498}, {{3, 1}, 0.49}, {{3, 3}, 0.491}});
  EXPECT_EQ(decisions(descent), (std::vector{accepted, beaten, accepted, beaten, accepted}));
  EXPECT_EQ(descent.result, 5);
}

TEST(Descent, ATeacherThatTeachesBetterStaysTheTeacher) {
  const Descent descent =
      run({{{9, 0}, 0.5}, {{6, 0}, 0.498}, {{6, 1}, 0.495}, {{3, 0}, 0.492}, {{3, 2}, 0.491}});
  EXPECT_EQ(decisions(descent), (std::vector{accepted, accepted, beaten, accepted, beaten}));
  EXPECT_EQ(descent.result, 4);
}

TEST(Descent, OfEqualsTheTeachersStudentIsKept) {
  const Descent descent =
      run({{{9, 0}, 0.5}, {{6, 0}, 0.495}, {{6, 1}, 0.495}, {{3, 0}, 0.49}, {{3, 2}, 0.49}});
  EXPECT_EQ(decisions(descent), (std::vector{accepted, accepted, beaten, accepted, beaten}));
}

TEST(Descent, ADeclineAtOnceLeavesTheOriginal) {
  const Descent descent = run({{{9, 0}, 0.4899}});
  EXPECT_EQ(decisions(descent), std::vector{declined});
  EXPECT_EQ(descent.result, kOriginal);
  EXPECT_EQ(descent.judgements[0].why,
            "97.98 % of the original's overall MRR; at least 98.00 % is asked for");
}

TEST(Descent, EndsWithTheSizeThatHasDeclined) {
  const Descent descent = run({{{9, 0}, 0.5}, {{6, 0}, 0.48}, {{6, 1}, 0.485}});
  EXPECT_EQ(decisions(descent), (std::vector{accepted, beaten, declined}));
  EXPECT_EQ(descent.result, 1);
}

TEST(Descent, TheDeclineIsAShareOfTheOriginalsFigure) {
  DescentOptions options;
  options.target_layers = 9;
  options.max_decline = 0.1;
  EXPECT_EQ(run({{{9, 0}, 0.1801}}, options, 12, 0.2).result, 1);
  EXPECT_EQ(run({{{9, 0}, 0.1799}}, options, 12, 0.2).result, kOriginal);
}

TEST(Descent, DirectTakesEveryStudentFromTheOriginal) {
  const Descent descent =
      run({{{9, 0}, 0.5}, {{6, 0}, 0.495}, {{3, 0}, 0.49}}, with(Strategy::direct));
  EXPECT_EQ(decisions(descent), (std::vector{accepted, accepted, accepted}));
  EXPECT_EQ(descent.result, 3);
}

TEST(Descent, ChainTakesEachStudentFromTheLast) {
  const Descent descent =
      run({{{9, 0}, 0.5}, {{6, 1}, 0.495}, {{3, 2}, 0.48}}, with(Strategy::chain));
  EXPECT_EQ(decisions(descent), (std::vector{accepted, accepted, declined}));
  EXPECT_EQ(descent.result, 2);
}

TEST(Descent, EndsAtTheSpeedAskedFor) {
  DescentOptions options = with(Strategy::direct);
  options.target_speedup = 2;
  const Descent descent = run({{{9, 0}, 0.5}, {{6, 0}, 0.495}}, options);
  EXPECT_EQ(descent.result, 2);
}

TEST(Descent, TellsEachJudgementOnce) {
  std::vector<std::int64_t> told;
  const Descent descent = descend(
      {2, 1}, {}, 0.5,
      [](const Attempt&) {
        return Outcome{0.5, 2};
      },
      [&](const Judgement& judgement) { told.push_back(judgement.attempt.number); });
  EXPECT_EQ(told, (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(descent.judgements[2].why,
            "100.00 % of the original's overall MRR; attempt 2 is no worse");
}

TEST(Descent, RefusesWhatMakesNoSense) {
  const auto refused = [](DescentOptions options) { EXPECT_THROW(options.validate(), Error); };
  DescentOptions options;
  options.step = 0;
  refused(options);
  options = {};
  options.max_decline = 1.5;
  refused(options);
  options = {};
  options.target_speedup = -1;
  refused(options);
  EXPECT_THROW(descend({1}, {}, 0, [](const Attempt&) { return Outcome{}; }), Error);
}

}  // namespace
}  // namespace spencer
