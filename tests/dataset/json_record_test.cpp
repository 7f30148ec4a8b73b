// The small JSON reader against a full one, on what the full one writes.
#include "dataset/json_record.h"

#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spencer/base/error.h"

namespace spencer {
namespace {

using nlohmann::json;

std::string random_text(std::mt19937& random) {
  static const char* kPieces[] = {
      "a", "Z9",      " ",   "\"",           "\\",           "/", "\n", "\t", "\x01", "\x7F",
      "é", "字",      "😀",   "\xED\x9F\xBF", "\xEE\x80\x80", "{", "}",  "[",  "]",    ",",
      ":", "\\u0041", "null"};
  std::string text;
  for (unsigned i = random() % 12; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

TEST(JsonRecord, ReadsWhatAFullParserWrites) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    json object;
    object["text"] = random_text(random);
    object["list"] = json::array();
    std::string joined;
    for (unsigned i = random() % 5; i > 0; --i) {
      object["list"].push_back(random_text(random));
      joined += (joined.empty() ? "" : " ") + object["list"].back().get<std::string>();
    }
    object["nested"] = {{"deep", {{random_text(random), {1, 2.5, nullptr, true}}}}};
    object["number"] = static_cast<std::int64_t>(random()) - 2'000'000'000;
    object["nothing"] = nullptr;
    object[random_text(random) + "key"] = random_text(random);
    const std::string text =
        object.dump(round % 2 == 0 ? -1 : 2, ' ', round % 3 == 0);  // plain, indented, ASCII
    const JsonRecord record(text, "here: ");
    EXPECT_EQ(record.string("text"), object["text"]);
    EXPECT_EQ(record.strings("list"), object["list"].get<std::vector<std::string>>());
    if (joined.find("  ") == std::string::npos && object["list"].size() < 2) {
      EXPECT_EQ(record.joined("list"), joined);
    }
    EXPECT_EQ(record.integer("number"), object["number"]);
    EXPECT_EQ(record.id("number"), object["number"].dump());
    EXPECT_FALSE(record.has("nothing"));
    EXPECT_TRUE(record.has("nested"));
    EXPECT_EQ(record.members().size(), object.size());
  }
}

TEST(JsonRecord, RefusesWhatAFullParserRefuses) {
  for (const char* text : {"",
                           "{",
                           "}",
                           "[]",
                           "1",
                           "{\"a\":1",
                           "{\"a\":1}}",
                           "{\"a\":1} x",
                           "{\"a\" 1}",
                           "{\"a\":}",
                           "{a:1}",
                           "{\"a\":1,}",
                           "{,}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"x}",
                           "{\"a\":[1}",
                           "{\"a\":{]}}",
                           "{\"a\":\"\\",
                           "{\"a\":@}",
                           "{\"a\":1 \"b\":2}"}) {
    EXPECT_FALSE(json::accept(text) && json::parse(text).is_object()) << text;
    EXPECT_THROW(JsonRecord(text, ""), Error) << text;
  }
  for (const char* text : {R"({"a":"\x"})", R"({"a":"\u12"})", R"({"a":"\u12G4"})",
                           R"({"a":"\uD800"})", R"({"a":"\uDC00"})", R"({"a":"\uD800A"})",
                           R"({"a":"\u-123"})", "{\"a\":\"\xFF\"}", "{\"a\":\"\xED\xA0\x80\"}"}) {
    EXPECT_FALSE(json::accept(text)) << text;
    const JsonRecord record(text, "");
    EXPECT_THROW(record.string("a"), Error) << text;
  }
  EXPECT_EQ(JsonRecord(R"({"a":"\uD83D\uDE00\u00e9"})", "").string("a"), "😀é");
}

}  // namespace
}  // namespace spencer
