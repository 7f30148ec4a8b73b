// Post-processors of every kind: what stands around the texts.
#include <gtest/gtest.h>

#include "spencer/base/error.h"

#include "text/input_templates.h"

namespace spencer {
namespace {

using nlohmann::json;

/// A and B for the texts, ids for special tokens, :segment where it is not 0.
std::string shown(const InputTemplate& places) {
  std::string out;
  for (const InputPlace& place : places) {
    if (!out.empty()) out += ' ';
    out += place.kind == InputPlace::Kind::first_text    ? "A"
           : place.kind == InputPlace::Kind::second_text ? "B"
                                                         : std::to_string(place.id);
    if (place.segment != 0) out.append(":").append(std::to_string(place.segment));
  }
  return out;
}

const json kBert = {{"type", "BertProcessing"}, {"cls", {"c", 5}}, {"sep", {"s", 6}}};
const json kRoberta = {{"type", "RobertaProcessing"}, {"cls", {"c", 5}}, {"sep", {"s", 6}}};
const json kByteLevel = {{"type", "ByteLevel"}, {"trim_offsets", true}};

TEST(InputTemplates, EachKindOfPostProcessor) {
  EXPECT_EQ(shown(read_input_templates(nullptr, "f").pair), "A B:1");
  EXPECT_EQ(shown(read_input_templates(kByteLevel, "f").single), "A");
  EXPECT_EQ(shown(read_input_templates(kBert, "f").single), "5 A 6");
  EXPECT_EQ(shown(read_input_templates(kBert, "f").pair), "5 A 6 B:1 6:1");
  EXPECT_EQ(shown(read_input_templates(kRoberta, "f").single), "5 A 6");
  EXPECT_EQ(shown(read_input_templates(kRoberta, "f").pair), "5 A 6 6 B 6");
}

TEST(InputTemplates, TemplatesWithSegmentsAndTokensOfSeveralIds) {
  const json processor = json::parse(R"({
    "type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
      "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "e", "type_id": 2}}],
      "pair": [{"SpecialToken": {"id": "e", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 3}},
               {"Sequence": {"id": "A", "type_id": 1}}],
      "special_tokens": {"e": {"id": "e", "ids": [8, 9], "tokens": ["x", "y"]}}}]})");
  EXPECT_EQ(shown(read_input_templates(processor, "f").single), "A 8:2 9:2");
  EXPECT_EQ(shown(read_input_templates(processor, "f").pair), "8 9 B:3 A:1");
}

TEST(InputTemplates, RefusesWhatItDoesNotKnow) {
  EXPECT_THROW(read_input_templates({{"type", "Surprise"}}, "f"), Error);
  EXPECT_THROW(read_input_templates({{"type", "Sequence"}, {"processors", {kBert, kRoberta}}}, "f"),
               Error);
}

}  // namespace
}  // namespace spencer
