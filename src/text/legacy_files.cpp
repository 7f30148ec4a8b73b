#include "text/legacy_files.h"

#include <algorithm>
#include <array>

#include "spencer/base/file.h"

#include "text/json_cursor.h"

namespace spencer {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 7> kTokenKeys{"bos_token", "eos_token", "unk_token", "sep_token",
                                                "pad_token", "cls_token", "mask_token"};

json added_token(const std::string& content, bool lstrip = false) {
  return {{"content", content}, {"single_word", false}, {"lstrip", lstrip},
          {"rstrip", false},    {"normalized", false},  {"special", true}};
}

/// A token of a config: its text, or an object with some of the flags.
json added_token(const json& token, const char* key) {
  if (token.is_string()) return added_token(token.get<std::string>(), key == kTokenKeys[6]);
  json entry = added_token(token.at("content").get<std::string>());
  for (const char* flag : {"single_word", "lstrip", "rstrip", "normalized"}) {
    entry[flag] = token.value(flag, false);
  }
  return entry;
}

json processor(const char* type, const Vocabulary& vocabulary, const std::string& name,
               const std::string& cls, const std::string& sep) {
  const std::int32_t cls_id = vocabulary.find(cls), sep_id = vocabulary.find(sep);
  if (cls_id < 0 || sep_id < 0) {
    throw Error(ErrorKind::corrupt, name + ": the vocabulary lacks '" + (cls_id < 0 ? cls : sep) +
                                        "', which stands around this model's inputs");
  }
  return {{"type", type}, {"cls", {cls, cls_id}}, {"sep", {sep, sep_id}}};
}

Vocabulary read_lines(const std::string& name) {
  const std::string text = read_file(name);
  Vocabulary vocabulary(name);
  vocabulary.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1, text.size());
  std::int64_t id = 0;
  for (std::size_t start = 0; start < text.size(); ++id) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line(text.data() + start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    vocabulary.add(line, id);
    start = end + 1;
  }
  if (id == 0) throw Error(ErrorKind::corrupt, name + " is empty; it should be a vocabulary");
  return vocabulary;
}

void read_merge_lines(const std::string& name, TokenizerFile& file) {
  const std::string text = read_file(name);
  std::size_t number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line(text.data() + start, end - start);
    start = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with("#version")) continue;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos) {
      throw Error(ErrorKind::corrupt, name + ", line " + std::to_string(number) +
                                          ": not a merge of two parts with a space between them");
    }
    file.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
}

}  // namespace

json read_tokenizer_config(const std::filesystem::path& folder) {
  json config = json::object();
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json"}) {
    const auto path = folder / name;
    if (!std::filesystem::exists(path)) continue;
    reading_json(path.string(), [&] {
      const json found = json::parse(read_file(path));
      for (const auto& [key, value] : found.items()) {
        if (!config.contains(key)) config[key] = value;
      }
    });
  }
  const auto added = folder / "added_tokens.json";
  if (!config.contains("added_tokens_decoder") && std::filesystem::exists(added)) {
    reading_json(added.string(), [&] {
      json& entries = config["added_tokens_decoder"] = json::object();
      const json found = json::parse(read_file(added));
      for (const auto& [content, id] : found.items()) {
        entries[std::to_string(id.get<std::int64_t>())] = {{"content", content},
                                                           {"normalized", true}};
      }
    });
  }
  return config;
}

std::string special_token(const json& config, const char* key, const char* usual) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return usual;
  return found->is_string() ? found->get<std::string>() : found->at("content").get<std::string>();
}

json added_tokens_of_config(const json& config, const json& usual) {
  json tokens = json::array();
  const auto add = [&tokens](json entry) {
    for (const json& known : tokens) {
      if (known["content"] == entry["content"]) return;
    }
    tokens.push_back(std::move(entry));
  };
  std::vector<std::pair<std::int64_t, json>> listed;
  const json by_id = config.value("added_tokens_decoder", json::object());
  for (const auto& [id, token] : by_id.items()) {
    json entry = added_token(token, "");
    entry["special"] = token.value("special", false);
    listed.emplace_back(std::stoll(id), std::move(entry));
  }
  std::ranges::sort(listed, {}, &std::pair<std::int64_t, json>::first);
  for (auto& [id, entry] : listed) add(std::move(entry));
  for (const char* key : kTokenKeys) {
    const json token = config.value(key, json());
    if (!token.is_null()) {
      add(added_token(token, key));
    } else if (usual.contains(key)) {
      add(added_token(usual[key], key));
    }
  }
  for (const json& token : config.value("additional_special_tokens", json::array())) {
    add(added_token(token, ""));
  }
  return tokens;
}

TokenizerFile read_vocab_txt(const std::filesystem::path& folder) {
  TokenizerFile file;
  file.name = (folder / "vocab.txt").string();
  file.vocabulary = read_lines(file.name);
  reading_json((folder / "tokenizer_config.json").string(), [&] {
    const json config = read_tokenizer_config(folder);
    const bool mpnet = config.value("tokenizer_class", "").starts_with("MPNet");
    const json usual =
        mpnet ? json{{"bos_token", "<s>"},    {"eos_token", "</s>"},  {"unk_token", "[UNK]"},
                     {"sep_token", "</s>"},   {"pad_token", "<pad>"}, {"cls_token", "<s>"},
                     {"mask_token", "<mask>"}}
              : json{{"unk_token", "[UNK]"},
                     {"sep_token", "[SEP]"},
                     {"pad_token", "[PAD]"},
                     {"cls_token", "[CLS]"},
                     {"mask_token", "[MASK]"}};
    const auto token = [&](const char* key) {
      return special_token(config, key, usual[key].get_ref<const std::string&>().c_str());
    };
    file.normalizer = {{"type", "BertNormalizer"},
                       {"clean_text", true},
                       {"handle_chinese_chars", config.value("tokenize_chinese_chars", true)},
                       {"strip_accents", config.value("strip_accents", json())},
                       {"lowercase", config.value("do_lower_case", true)}};
    file.pre_tokenizer = {{"type", "BertPreTokenizer"}};
    file.post_processor = processor(mpnet ? "RobertaProcessing" : "BertProcessing", file.vocabulary,
                                    file.name, token("cls_token"), token("sep_token"));
    file.decoder = {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}};
    file.model = {{"type", "WordPiece"},
                  {"unk_token", token("unk_token")},
                  {"continuing_subword_prefix", "##"},
                  {"max_input_chars_per_word", 100}};
    file.added_tokens = added_tokens_of_config(config, usual);
    file.pad_token = token("pad_token");
    file.mask_token = token("mask_token");
  });
  return file;
}

TokenizerFile read_vocab_and_merges(const std::filesystem::path& folder) {
  TokenizerFile file;
  file.name = (folder / "vocab.json").string();
  file.vocabulary = Vocabulary(file.name);
  const std::string text = read_file(file.name);
  JsonCursor cursor(text, file.name);
  cursor.integers([&](std::string_view token, std::int64_t id) { file.vocabulary.add(token, id); });
  cursor.finish();
  read_merge_lines((folder / "merges.txt").string(), file);
  reading_json((folder / "tokenizer_config.json").string(), [&] {
    const json config = read_tokenizer_config(folder);
    const auto kind = config.value("tokenizer_class", "");
    const bool gpt2 =
        kind.starts_with("GPT2") || (kind.empty() && file.vocabulary.find("</s>") < 0);
    const json usual =
        gpt2 ? json{{"bos_token", "<|endoftext|>"},
                    {"eos_token", "<|endoftext|>"},
                    {"unk_token", "<|endoftext|>"}}
             : json{{"bos_token", "<s>"},    {"eos_token", "</s>"},  {"unk_token", "<unk>"},
                    {"sep_token", "</s>"},   {"pad_token", "<pad>"}, {"cls_token", "<s>"},
                    {"mask_token", "<mask>"}};
    file.model = {{"type", "BPE"}};
    file.pre_tokenizer = {{"type", "ByteLevel"},
                          {"add_prefix_space", config.value("add_prefix_space", false)}};
    file.decoder = {{"type", "ByteLevel"}};
    if (!gpt2) {
      file.post_processor = processor("RobertaProcessing", file.vocabulary, file.name,
                                      special_token(config, "cls_token", "<s>"),
                                      special_token(config, "sep_token", "</s>"));
    }
    file.added_tokens = added_tokens_of_config(config, usual);
    file.pad_token = special_token(config, "pad_token", gpt2 ? "" : "<pad>");
    file.mask_token = special_token(config, "mask_token", gpt2 ? "" : "<mask>");
  });
  return file;
}

}  // namespace spencer
