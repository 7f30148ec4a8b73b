#include "text/pipeline_tokenizer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "spencer/base/error.h"

#include "text/input_templates.h"

namespace spencer {
namespace {

using nlohmann::json;

std::vector<AddedToken> added_tokens_of(const json& list) {
  std::vector<AddedToken> tokens;
  for (const json& entry : list) {
    tokens.push_back({.content = entry.at("content").get<std::string>(),
                      .single_word = entry.at("single_word").get<bool>(),
                      .lstrip = entry.at("lstrip").get<bool>(),
                      .rstrip = entry.at("rstrip").get<bool>(),
                      .normalized = entry.at("normalized").get<bool>(),
                      .special = entry.at("special").get<bool>()});
  }
  return tokens;
}

}  // namespace

PipelineTokenizer::PipelineTokenizer(TokenizerFile& file)
    : name_(file.name), vocabulary_(std::move(file.vocabulary)) {
  reading_json(name_, [&] {
    auto templates = read_input_templates(file.post_processor, name_);
    single_ = std::move(templates.single);
    pair_ = std::move(templates.pair);
  });
}

void PipelineTokenizer::take_added_tokens(const TokenizerFile& file) {
  reading_json(name_, [&] {
    const auto normalized = [this](std::string_view text) {
      std::string out;
      normalize(text, out);
      return out;
    };
    added_.assign(added_tokens_of(file.added_tokens), vocabulary_,
                  has_normalizer() ? AddedTokens::Normalize(normalized) : AddedTokens::Normalize());
    const auto id_of = [&](const std::string& named, std::initializer_list<const char*> usual) {
      if (!named.empty()) return token_id(named);
      for (const char* token : usual) {
        if (const auto id = token_id(token); id >= 0) return id;
      }
      return -1;
    };
    mask_id_ = id_of(file.mask_token, {"[MASK]", "<mask>"});
    pad_id_ = id_of(file.pad_token, {"[PAD]", "<pad>"});
    if (pad_id_ < 0) pad_id_ = file.padding.is_object() ? file.padding.value("pad_id", 0) : 0;
  });
}

void PipelineTokenizer::append_ids(std::string_view text, std::size_t limit, TokenIds& ids) const {
  const std::size_t stop = limit > std::numeric_limits<std::size_t>::max() - ids.size()
                               ? std::numeric_limits<std::size_t>::max()
                               : ids.size() + limit;
  std::string buffer;
  const auto on_normalized = [&](const AddedTokens::Piece& piece) {
    if (piece.id < 0) return append_words(piece.text, stop, ids);
    ids.push_back(piece.id);
    return true;
  };
  added_.split(text, false, [&](const AddedTokens::Piece& piece) {
    if (piece.id >= 0) {
      ids.push_back(piece.id);
      return true;
    }
    if (!has_normalizer()) return added_.split(piece.text, true, on_normalized);
    buffer.clear();
    normalize(piece.text, buffer);
    return added_.split(buffer, true, on_normalized);
  });
}

std::string PipelineTokenizer::decode(const TokenIds& ids) const {
  std::vector<std::string_view> tokens;
  for (const std::int32_t id : ids) {
    const AddedToken* added = added_.find(id);
    const std::string_view token = added != nullptr ? added->shown : vocabulary_.token(id);
    if (!token.empty() && !added_.is_special(token)) tokens.push_back(token);
  }
  return join(tokens);
}

std::int32_t PipelineTokenizer::vocabulary_size() const {
  auto size = static_cast<std::int32_t>(vocabulary_.id_limit());
  for (const AddedToken& token : added_.tokens()) size = std::max(size, token.id + 1);
  return size;
}

std::int32_t PipelineTokenizer::token_id(std::string_view token) const {
  const AddedToken* added = added_.find(token);
  return added != nullptr ? added->id : vocabulary_.find(token);
}

bool PipelineTokenizer::is_special(std::int32_t id) const {
  const AddedToken* added = added_.find(id);
  const auto frames = [id](const InputPlace& place) {
    return place.kind == InputPlace::Kind::special && place.id == id;
  };
  return (added != nullptr && added->special) || std::ranges::any_of(pair_, frames);
}

}  // namespace spencer
