#include "terminal.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "json_output.h"

namespace spencer {
namespace {

TEST(Printable, EscapeSequencesDoNotReachTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mred"), "a\\x1b[31mred");
  EXPECT_EQ(printable("x\r\n\x07\x7f"), "x\\x0d\\x0a\\x07\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\x9b2J");  // CSI as one C1 control
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b"),
            "a\\u{202e}b");  // right-to-left override
  EXPECT_EQ(printable("bad\xFF\xC3"), "bad\\xff\\xc3");
  EXPECT_EQ(printable("tab\t\xC3\xA9\xE4\xB8\xAD\xEF\xBF\xBD"),
            "tab\t\xC3\xA9\xE4\xB8\xAD\xEF\xBF\xBD");
  EXPECT_EQ(printable_lines("one\ntwo\x1b"), "one\ntwo\\x1b");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("\xE4\xB8\xAD\xE6\x96\x87"), 4);  // two wide characters
  EXPECT_EQ(display_width("e\xCC\x81"), 1);                 // a combining accent
  EXPECT_EQ(display_width("\xF0\x9F\x98\x80"), 2);
}

TEST(Color, ChoiceWinsOverEverything) {
  EXPECT_TRUE(use_color(ColorChoice::always, -1));
  EXPECT_FALSE(use_color(ColorChoice::never, STDOUT_FILENO));
  EXPECT_FALSE(use_color(ColorChoice::automatic, -1));
}

TEST(JsonText, StaysJsonAndSafe) {
  nlohmann::ordered_json value;
  value["code"] = "a\x1b[0m\x7f\xC2\x9B\xE2\x80\xAE\xC3\xA9\n";
  const std::string text = json_text(value);
  EXPECT_EQ(text, "{\"code\":\"a\\u001b[0m\\u007f\\u009b\\u202e\xC3\xA9\\n\"}");
  EXPECT_EQ(nlohmann::ordered_json::parse(text), value);
  EXPECT_NO_THROW(json_text({{"path", "\xFF"}}));
}

}  // namespace
}  // namespace spencer
