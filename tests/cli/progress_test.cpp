#include <sstream>
#include <thread>

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

TEST(ProgressBar, ShowsRateAndTimeLeftAndClearsItself) {
  std::ostringstream out;
  const auto bar = make_progress_bar(out, 100);
  bar->begin("embedding", 1000, "functions");
  std::this_thread::sleep_for(600ms);
  bar->advance(500);
  EXPECT_THAT(out.str(), HasSubstr("500/1,000 functions"));
  EXPECT_THAT(out.str(), HasSubstr("/s"));
  EXPECT_THAT(out.str(), HasSubstr("0:01 left"));
  bar->end();
  EXPECT_TRUE(out.str().ends_with("\r\x1b[K"));
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
  std::ostringstream out;
  const auto lines = make_progress_lines(out, 30ms);
  lines->begin("reading", -1, "files");
  lines->advance(3);
  EXPECT_EQ(out.str(), "");
  std::this_thread::sleep_for(40ms);
  lines->advance(4);
  EXPECT_THAT(out.str(), HasSubstr("reading: 7 files"));
  lines->end();
  EXPECT_THAT(out.str(), HasSubstr("7 files, in 0.0"));
  EXPECT_EQ(out.str().find('\r'), std::string::npos);
}

}  // namespace
}  // namespace spencer
