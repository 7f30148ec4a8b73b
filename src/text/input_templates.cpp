#include "text/input_templates.h"

#include "spencer/base/error.h"

namespace spencer {
namespace {

using nlohmann::json;

constexpr InputPlace first_text(std::int32_t segment = 0) {
  return {InputPlace::Kind::first_text, -1, segment};
}
constexpr InputPlace second_text(std::int32_t segment) {
  return {InputPlace::Kind::second_text, -1, segment};
}
constexpr InputPlace special(std::int32_t id, std::int32_t segment = 0) {
  return {InputPlace::Kind::special, id, segment};
}

InputTemplate template_of(const json& pieces, const json& special_tokens) {
  InputTemplate places;
  for (const json& piece : pieces) {
    if (piece.contains("Sequence")) {
      const json& text = piece["Sequence"];
      const auto segment = text.at("type_id").get<std::int32_t>();
      places.push_back(text.at("id") == "A" ? first_text(segment) : second_text(segment));
    } else {
      const json& token = piece.at("SpecialToken");
      const auto segment = token.at("type_id").get<std::int32_t>();
      const json& ids = special_tokens.at(token.at("id").get<std::string>()).at("ids");
      for (const json& id : ids) places.push_back(special(id.get<std::int32_t>(), segment));
    }
  }
  return places;
}

/// The processor that puts special tokens around the text; null where none does.
json template_processor(const json& post_processor, const std::string& file) {
  if (post_processor.is_null()) return nullptr;
  const auto type = post_processor.at("type").get<std::string>();
  if (type == "ByteLevel") return nullptr;  // trims offsets, which are not kept here
  if (type != "Sequence") return post_processor;
  json found;
  for (const json& processor : post_processor.at("processors")) {
    json inner = template_processor(processor, file);
    if (!inner.is_null() && !found.is_null()) {
      throw Error(ErrorKind::unsupported,
                  file + ": more than one post-processor puts special tokens around the text");
    }
    if (!inner.is_null()) found = std::move(inner);
  }
  return found;
}

}  // namespace

InputTemplates read_input_templates(const json& post_processor, const std::string& file) {
  const json processor = template_processor(post_processor, file);
  if (processor.is_null()) return {{first_text()}, {first_text(), second_text(1)}};
  const auto type = processor.at("type").get<std::string>();
  if (type == "TemplateProcessing") {
    const json& tokens = processor.at("special_tokens");
    return {template_of(processor.at("single"), tokens), template_of(processor.at("pair"), tokens)};
  }
  if (type != "BertProcessing" && type != "RobertaProcessing") {
    throw Error(ErrorKind::unsupported, file + ": post-processor '" + type +
                                            "' is not one of TemplateProcessing, BertProcessing, "
                                            "RobertaProcessing, ByteLevel, Sequence");
  }
  const auto cls = processor.at("cls").at(1).get<std::int32_t>();
  const auto sep = processor.at("sep").at(1).get<std::int32_t>();
  const InputTemplate single{special(cls), first_text(), special(sep)};
  if (type == "BertProcessing") {
    return {single, {special(cls), first_text(), special(sep), second_text(1), special(sep, 1)}};
  }
  return {single,
          {special(cls), first_text(), special(sep), special(sep), second_text(0), special(sep)}};
}

}  // namespace spencer
