// The JSON walker against what JSON allows and what it does not.
#include "text/json_cursor.h"

#include <map>

#include <gtest/gtest.h>

#include "spencer/base/error.h"

namespace spencer {
namespace {

TEST(JsonCursor, ReadsEscapedStrings) {
  JsonCursor cursor(R"("a\"\\\/\b\n\u00e9\ud83d\ude00\u0120z")", "test");
  EXPECT_EQ(cursor.string(), "a\"\\/\b\né😀Ġz");
  cursor.finish();
}

TEST(JsonCursor, WalksObjectsAndArrays) {
  JsonCursor cursor(R"( {"a" : [1, -2 ,3], "b":{"x":7, "y\n":8}, "c": [] } )", "test");
  std::map<std::string, std::int64_t> found;
  std::int64_t sum = 0;
  cursor.object([&](std::string_view key) {
    if (key == "a") {
      cursor.array([&] { sum += cursor.integer(); });
    } else if (key == "b") {
      cursor.integers([&](std::string_view token, std::int64_t id) { found.emplace(token, id); });
    } else {
      EXPECT_EQ(cursor.skip(), "[]");
    }
  });
  cursor.finish();
  EXPECT_EQ(sum, 2);
  EXPECT_EQ(found, (std::map<std::string, std::int64_t>{{"x", 7}, {"y\n", 8}}));
}

TEST(JsonCursor, SkipsWholeValues) {
  for (const std::string value :
       {"null", "true", "-1.5e3", R"("a]}\"b")", "[]", R"({"a":[1,{"b":"}"}]})"}) {
    const std::string text = value + " ";
    JsonCursor cursor(text, "test");
    EXPECT_EQ(cursor.skip(), value);
    cursor.finish();
  }
}

TEST(JsonCursor, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\" 1}",
                           "{\"a\":1.5}", "{\"a\":\"1\"}", "{\"a\\", "{\"\\q\":1}", "{\"\\u12\":1}",
                           "{\"\\ud800\":1}", "{\"\\udc00\":1}", "{\"\\ud800\\u0041\":1}", "[1]"}) {
    JsonCursor cursor(text, "some file");
    try {
      cursor.integers([](std::string_view, std::int64_t) {});
      ADD_FAILURE() << "read " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt);
      EXPECT_NE(std::string_view(error.what()).find("some file"), std::string_view::npos);
    }
  }
  for (const char* text : {"", "]", ",", "[1", "{\"a\":", "\"a"}) {
    JsonCursor cursor(text, "some file");
    EXPECT_THROW(cursor.skip(), Error) << text;
  }
}

}  // namespace
}  // namespace spencer
