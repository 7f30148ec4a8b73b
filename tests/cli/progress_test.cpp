#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "progress_display.h"
#include "terminal.h"

namespace spencer {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

TEST(Figures, ReadAsPeopleWriteThem) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(-1234), "-1,234");
  EXPECT_EQ(with_thousands(-123), "-123");
  EXPECT_EQ(clock_time(6.2), "0:07");
  EXPECT_EQ(clock_time(3661), "1:01:01");
  EXPECT_EQ(duration(0.4214), "0.42 s");
  EXPECT_EQ(duration(59.96), "60.0 s");
  EXPECT_EQ(duration(250), "4 min 10 s");
}

/// A clock that goes on when the test says so.
class TestClock {
 public:
  void pass(std::chrono::milliseconds time) { now_ += time; }
  TimeSource source() {
    return [this] { return now_; };
  }

 private:
  std::chrono::steady_clock::time_point now_;
};

TEST(ProgressBar, ShowsRateAndTimeLeftAndClearsItself) {
  TestClock clock;
  std::ostringstream out;
  const auto bar = make_progress_bar(out, 100, clock.source());
  bar->begin("embedding", 1000, "functions");
  clock.pass(600ms);
  bar->advance(250);
  EXPECT_THAT(out.str(), HasSubstr("250/1,000 functions  417/s  0:02 left"));
  bar->end();
  EXPECT_TRUE(out.str().ends_with("\r\x1b[K"));
}

TEST(ProgressBar, IsDrawnTenTimesASecondAndGuessesNothing) {
  TestClock clock;
  std::ostringstream out;
  const auto bar = make_progress_bar(out, 100, clock.source());
  bar->begin("embedding", 1000, "functions");
  const std::string first = out.str();
  clock.pass(99ms);
  bar->advance(1);
  EXPECT_EQ(out.str(), first);
  clock.pass(1ms);
  bar->advance(1);
  EXPECT_TRUE(out.str().ends_with("2/1,000 functions")) << out.str();
}

TEST(ProgressBar, NeverWrapsANarrowTerminal) {
  for (const int width : {20, 40, 60, 80}) {
    std::ostringstream out;
    const auto bar = make_progress_bar(out, width);
    bar->begin("embedding", 1000000, "functions");
    const std::string drawn = out.str().substr(out.str().rfind("\x1b[K") + 3);
    EXPECT_LT(display_width(drawn), width) << drawn;
  }
}

TEST(ProgressLines, OneWhenAStageEndsAndOneNowAndThen) {
  TestClock clock;
  std::ostringstream out;
  const auto lines = make_progress_lines(out, 10s, clock.source());
  lines->begin("reading", -1, "files");
  clock.pass(9999ms);
  lines->advance(3);
  EXPECT_EQ(out.str(), "");
  clock.pass(1ms);
  lines->advance(5);
  EXPECT_EQ(out.str(), "reading: 8 files, 0.8/s\n");
  clock.pass(2s);
  lines->end();
  EXPECT_EQ(out.str(), "reading: 8 files, 0.8/s\nreading: 8 files, 0.7/s, in 12.0 s\n");
}

}  // namespace
}  // namespace spencer
