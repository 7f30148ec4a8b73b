#include "text/tokenizer_file.h"

#include <algorithm>

#include "spencer/base/file.h"

#include "text/json_cursor.h"

namespace spencer {
namespace {

using nlohmann::json;

void read_vocabulary(JsonCursor& cursor, std::size_t file_size, Vocabulary& vocabulary) {
  // Some 15 bytes of JSON a token: enough to seldom grow, and never far too much.
  vocabulary.reserve(file_size / 15, file_size / 2);
  cursor.integers([&](std::string_view token, std::int64_t id) { vocabulary.add(token, id); });
}

/// A Unigram model's pieces; libsentencepiece reads their scores from its own file.
void read_scored_pieces(JsonCursor& cursor, Vocabulary& vocabulary) {
  std::int64_t id = 0;
  cursor.array([&] {
    bool first = true;
    cursor.array([&] {
      if (first) {
        vocabulary.add(cursor.string(), id++);
      } else {
        cursor.skip();
      }
      first = false;
    });
  });
}

void read_merges(JsonCursor& cursor, std::vector<std::pair<std::string, std::string>>& merges) {
  cursor.array([&] {
    std::pair<std::string, std::string> merge;
    if (cursor.peek() == '[') {
      std::size_t parts = 0;
      cursor.array([&] {
        if (parts == 2) cursor.fail("two parts of a merge");
        (parts++ == 0 ? merge.first : merge.second) = cursor.string();
      });
      if (parts != 2) cursor.fail("two parts of a merge");
    } else {
      const std::string_view line = cursor.string();
      const std::size_t space = line.find(' ');
      if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
        cursor.fail("two parts of a merge with a space between them");
      }
      merge.first = line.substr(0, space);
      merge.second = line.substr(space + 1);
    }
    merges.push_back(std::move(merge));
  });
}

void read_model(JsonCursor& cursor, std::size_t file_size, TokenizerFile& file) {
  file.model = json::object();
  cursor.object([&](std::string_view key) {
    if (key == "vocab" && cursor.peek() == '{') {
      read_vocabulary(cursor, file_size, file.vocabulary);
    } else if (key == "merges") {
      read_merges(cursor, file.merges);
    } else if (key == "vocab") {
      read_scored_pieces(cursor, file.vocabulary);
    } else {
      const std::string name(key);
      file.model[name] = json::parse(cursor.skip());
    }
  });
}

std::string token_named(const json& config, const char* key) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->value("content", "");
}

}  // namespace

TokenizerFile read_tokenizer_json(const std::filesystem::path& folder) {
  TokenizerFile file;
  file.name = (folder / "tokenizer.json").string();
  file.vocabulary = Vocabulary(file.name);
  const std::string text = read_file(file.name);
  JsonCursor cursor(text, file.name);
  reading_json(file.name, [&] {
    cursor.object([&](std::string_view key) {
      if (key == "model") return read_model(cursor, text.size(), file);
      const std::string name(key);
      json* const member = name == "added_tokens"     ? &file.added_tokens
                           : name == "normalizer"     ? &file.normalizer
                           : name == "pre_tokenizer"  ? &file.pre_tokenizer
                           : name == "post_processor" ? &file.post_processor
                           : name == "decoder"        ? &file.decoder
                           : name == "padding"        ? &file.padding
                                                      : nullptr;
      const std::string_view value = cursor.skip();
      if (member != nullptr) *member = json::parse(value);
    });
    cursor.finish();
  });
  if (!file.model.is_object()) {
    throw Error(ErrorKind::corrupt, file.name + " has no \"model\"");
  }
  read_special_tokens(folder, file);
  return file;
}

void read_special_tokens(const std::filesystem::path& folder, TokenizerFile& file) {
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const auto path = folder / name;
    if (!std::filesystem::exists(path)) continue;
    reading_json(path.string(), [&] {
      const json config = json::parse(read_file(path));
      if (file.pad_token.empty()) file.pad_token = token_named(config, "pad_token");
      if (file.mask_token.empty()) file.mask_token = token_named(config, "mask_token");
    });
  }
}

}  // namespace spencer
