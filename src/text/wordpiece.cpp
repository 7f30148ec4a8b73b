#include "text/wordpiece.h"

#include <algorithm>
#include <utility>

#include "spencer/base/error.h"

#include "text/unicode.h"

namespace spencer {
namespace {

using nlohmann::json;

enum class Part : unsigned char { word, white, punctuation };

Part part_of(CharClass found) {
  if (found.white()) return Part::white;
  return found.punctuation() ? Part::punctuation : Part::word;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

/// Takes back the spaces that splitting put before punctuation and English contractions.
void clean_up(std::string& token) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kReplacements{{
      {" .", "."},
      {" ?", "?"},
      {" !", "!"},
      {" ,", ","},
      {" ' ", "'"},
      {" n't", "n't"},
      {" 'm", "'m"},
      {" do not", " don't"},
      {" 's", "'s"},
      {" 've", "'ve"},
      {" 're", "'re"},
  }};
  for (const auto& [from, to] : kReplacements) replace_all(token, from, to);
}

}  // namespace

WordPiece::WordPiece(TokenizerFile file)
    : PipelineTokenizer(file),
      normalizer_(normalizer_of(file)),
      model_(model_of(file, vocabulary_)),
      decoder_(decoder_of(file)),
      continuation_hash_(Vocabulary::hash_more(Vocabulary::kHashStart, model_.continuation)) {
  const std::string splitter =
      file.pre_tokenizer.is_object() ? file.pre_tokenizer.value("type", "") : "none";
  if (splitter != "BertPreTokenizer") {
    throw Error(ErrorKind::unsupported, name_ + ": pre-tokenizer '" + splitter +
                                            "' with WordPiece; BertPreTokenizer is the one read");
  }
  take_added_tokens(file);
}

BertNormalizer WordPiece::normalizer_of(const TokenizerFile& file) {
  return reading_json(file.name, [&] {
    const json& source = file.normalizer;
    if (source.is_null()) return BertNormalizer({false, false, false, false});
    if (source.at("type") != "BertNormalizer") {
      throw Error(ErrorKind::unsupported, file.name + ": normalizer '" +
                                              source.at("type").get<std::string>() +
                                              "' with WordPiece; BertNormalizer is the one read");
    }
    const bool lowercase = source.at("lowercase").get<bool>();
    const json accents = source.value("strip_accents", json());
    return BertNormalizer({.clean_text = source.at("clean_text").get<bool>(),
                           .handle_chinese_chars = source.at("handle_chinese_chars").get<bool>(),
                           .strip_accents = accents.is_null() ? lowercase : accents.get<bool>(),
                           .lowercase = lowercase});
  });
}

WordPiece::ModelOptions WordPiece::model_of(const TokenizerFile& file,
                                            const Vocabulary& vocabulary) {
  return reading_json(file.name, [&] {
    ModelOptions options;
    const auto unknown = file.model.at("unk_token").get<std::string>();
    options.continuation = file.model.at("continuing_subword_prefix").get<std::string>();
    options.longest_word = file.model.at("max_input_chars_per_word").get<std::size_t>();
    options.unknown_id = vocabulary.find(unknown);
    if (options.unknown_id < 0) {
      throw Error(ErrorKind::corrupt,
                  file.name + ": the vocabulary lacks its unknown token '" + unknown + "'");
    }
    return options;
  });
}

WordPiece::DecoderOptions WordPiece::decoder_of(const TokenizerFile& file) {
  return reading_json(file.name, [&] {
    DecoderOptions options;
    options.none = file.decoder.is_null();
    if (options.none) return options;
    if (file.decoder.at("type") != "WordPiece") {
      throw Error(ErrorKind::unsupported, file.name + ": decoder '" +
                                              file.decoder.at("type").get<std::string>() +
                                              "' with WordPiece; WordPiece's own is read");
    }
    options.prefix = file.decoder.at("prefix").get<std::string>();
    options.cleanup = file.decoder.at("cleanup").get<bool>();
    return options;
  });
}

bool WordPiece::append_words(std::string_view text, std::size_t limit, TokenIds& ids) const {
  static const auto kinds = ascii_table(part_of);
  std::vector<std::uint64_t> hashes(vocabulary_.longest() + 1);
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char* const word = p;
    const char* after = p;  // past the character that ends the word
    std::size_t characters = 0;
    Part kind = Part::word;
    while (p < end) {
      const auto byte = static_cast<unsigned char>(*p);
      after = p;
      kind = byte < 128 ? (++after, kinds[byte]) : part_of(char_class(next_valid(after)));
      if (kind != Part::word) break;
      p = after;
      ++characters;
    }
    if (p > word) {
      append_word({word, p}, characters, hashes, ids);
      if (ids.size() >= limit) return false;
    }
    if (p < end && kind == Part::punctuation) {
      append_word({p, after}, 1, hashes, ids);
      if (ids.size() >= limit) return false;
    }
    p = after;
  }
  return true;
}

/// The longest piece of the vocabulary first, again and again; a word that cannot be cut up so is
/// one unknown token.
void WordPiece::append_word(std::string_view word, std::size_t characters,
                            std::vector<std::uint64_t>& hashes, TokenIds& ids) const {
  if (characters > model_.longest_word) {
    ids.push_back(model_.unknown_id);
    return;
  }
  const std::size_t first_id = ids.size();
  std::string_view prefix;
  std::uint64_t start_hash = Vocabulary::kHashStart;
  for (std::string_view left = word; !left.empty();) {
    // hashes[i] is that of the prefix and the first i bytes of what is left.
    const std::size_t longest = std::min(left.size(), vocabulary_.longest());
    hashes[0] = start_hash;
    for (std::size_t i = 0; i < longest; ++i) {
      hashes[i + 1] = Vocabulary::hash_more(hashes[i], left[i]);
    }
    std::int32_t id = -1;
    std::size_t length = longest;
    for (; length > 0; --length) {
      id = vocabulary_.find_hashed(hashes[length], prefix, left.substr(0, length));
      if (id >= 0) break;
    }
    if (id < 0) {
      ids.resize(first_id);
      ids.push_back(model_.unknown_id);
      return;
    }
    ids.push_back(id);
    left.remove_prefix(length);
    prefix = model_.continuation;
    start_hash = continuation_hash_;
  }
}

std::string WordPiece::join(const std::vector<std::string_view>& tokens) const {
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::string_view piece = tokens[i];
    std::string token;
    if (i > 0) {
      if (!decoder_.none && piece.starts_with(decoder_.prefix)) {
        piece.remove_prefix(decoder_.prefix.size());
      } else {
        token = ' ';
      }
    }
    token += piece;
    if (!decoder_.none && decoder_.cleanup) clean_up(token);
    text += token;
  }
  return text;
}

}  // namespace spencer
