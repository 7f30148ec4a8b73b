// Folders that lack a file, have a damaged one, or ask for what is not read.
#include <fstream>
#include <functional>

#include <nlohmann/json.hpp>

#include "text/model_folders.h"

namespace spencer {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::expect_load_error;
using testing::fresh_folder;
using testing::model_folder;

void write(const fs::path& path, std::string_view bytes) { write_file_atomically(path, bytes); }

json minilm_json() {
  return json::parse(read_file(model_folder("all-MiniLM-L6-v2") / "tokenizer.json"));
}

/// A small byte-level BPE: 256 bytes as GPT-2 writes them, and the merge of a and b.
json small_bpe() {
  json vocabulary;
  int id = 0;
  for (int c = '!'; c <= '~'; ++c) vocabulary[std::string(1, static_cast<char>(c))] = id++;
  vocabulary["Ġ"] = id++;
  vocabulary["ab"] = id++;
  return {{"added_tokens", json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer",
           {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b"}}}}};
}

/// Writes `tokenizer` after `change` into a fresh folder and expects the error.
void expect_refused(json tokenizer, const std::function<void(json&)>& change, ErrorKind kind,
                    std::string_view part) {
  const auto folder = fresh_folder();
  change(tokenizer);
  write(folder / "tokenizer.json", tokenizer.dump());
  expect_load_error(folder, kind, part);
}

TEST(Damage, AFolderWithoutTokenizerNamesWhatWasLookedFor) {
  const auto folder = fresh_folder();
  for (const char* name : {"tokenizer.json", "vocab.txt", "vocab.json", "merges.txt"}) {
    expect_load_error(folder, ErrorKind::not_found, name);
  }
  expect_load_error(folder / "nowhere", ErrorKind::not_found, "nowhere");
}

TEST(Damage, ATruncatedTokenizerJsonIsCorrupt) {
  const std::string whole = read_file(model_folder("all-MiniLM-L6-v2") / "tokenizer.json");
  const auto folder = fresh_folder();
  for (const double part : {0.0, 0.0001, 0.001, 0.003, 0.004, 0.1, 0.5, 0.9, 0.999999}) {
    const auto bytes = static_cast<std::size_t>(static_cast<double>(whole.size()) * part);
    write(folder / "tokenizer.json", whole.substr(0, bytes));
    expect_load_error(folder, ErrorKind::corrupt, "tokenizer.json");
  }
}

TEST(Damage, MembersOfTheWrongTypeAreCorrupt) {
  const auto corrupt = [](const std::function<void(json&)>& change) {
    expect_refused(minilm_json(), change, ErrorKind::corrupt, "tokenizer.json");
  };
  corrupt([](json& t) { t = json::array(); });
  corrupt([](json& t) { t.erase("model"); });
  corrupt([](json& t) { t["model"] = "WordPiece"; });
  corrupt([](json& t) { t["model"]["vocab"]["a"] = "1037"; });
  corrupt([](json& t) { t["model"]["vocab"]["a"] = -4; });
  corrupt([](json& t) { t["model"]["vocab"]["a"] = 0; });
  corrupt([](json& t) { t["model"]["vocab"].erase("[UNK]"); });
  corrupt([](json& t) { t["model"].erase("unk_token"); });
  corrupt([](json& t) { t["model"]["max_input_chars_per_word"] = "many"; });
  corrupt([](json& t) { t["added_tokens"] = 3; });
  corrupt([](json& t) { t["added_tokens"][0].erase("content"); });
  corrupt([](json& t) { t["added_tokens"][0]["lstrip"] = "no"; });
  corrupt([](json& t) { t["normalizer"]["lowercase"] = 1; });
  corrupt([](json& t) { t["post_processor"].erase("special_tokens"); });
  corrupt([](json& t) { t["post_processor"]["special_tokens"].erase("[SEP]"); });
}

TEST(Damage, WhatIsNotReadIsNamed) {
  const auto unsupported = [](const char* member, json value, std::string_view name) {
    expect_refused(
        minilm_json(), [&](json& t) { t[member] = std::move(value); }, ErrorKind::unsupported,
        name);
  };
  unsupported("normalizer", {{"type", "NFKC"}}, "NFKC");
  unsupported("pre_tokenizer", {{"type", "Metaspace"}}, "Metaspace");
  unsupported("post_processor", {{"type", "Surprise"}}, "Surprise");
  unsupported("decoder", {{"type", "CTC"}}, "CTC");
  unsupported("model", {{"type", "WordLevel"}, {"vocab", json::object()}}, "WordLevel");
}

TEST(Damage, ByteLevelBpeRefusesWhatItDoesNotRead) {
  const auto refused = [](const std::function<void(json&)>& change, ErrorKind kind,
                          std::string_view part) {
    expect_refused(small_bpe(), change, kind, part);
  };
  const auto pattern = [](const char* regex) -> json {
    return {{"type", "Split"},
            {"pattern", {{"Regex", regex}}},
            {"behavior", "Isolated"},
            {"invert", false}};
  };
  using enum ErrorKind;
  refused([](json& t) { t["pre_tokenizer"] = nullptr; }, unsupported, "ByteLevel");
  refused(
      [](json& t) {
        t["pre_tokenizer"] = {{"type", "Whitespace"}};
      },
      unsupported, "Whitespace");
  refused([&](json& t) { t["pre_tokenizer"] = pattern("[a-z]+"); }, unsupported, "[a-z]+");
  refused([](json& t) { t["normalizer"] = {{"type", "NFC"}}; }, unsupported, "NFC");
  refused([](json& t) { t["model"]["dropout"] = 0.1; }, unsupported, "dropout");
  refused([](json& t) { t["model"]["end_of_word_suffix"] = "</w>"; }, unsupported, "</w>");
  refused([](json& t) { t["model"]["merges"] = {"a"}; }, corrupt, "merge");
  refused([](json& t) { t["model"]["merges"] = {"a b c"}; }, corrupt, "merge");
  refused([](json& t) { t["model"]["merges"] = {{"a", "b", "c"}}; }, corrupt, "merge");
  refused([](json& t) { t["model"]["merges"] = {"a z"}; }, corrupt, "'z'");
  refused([](json& t) { t["model"]["vocab"] = {{"long", 0}}; }, corrupt, "256 bytes");
}

TEST(Damage, ASmallBpeLoadsWhereNothingIsWrong) {
  const auto folder = fresh_folder();
  write(folder / "tokenizer.json", small_bpe().dump());
  const auto tokenizer = Tokenizer::load(folder);
  const TokenIds ids = tokenizer->tokenize("abc ab\t");
  EXPECT_EQ(ids, (TokenIds{95, 'c' - '!', 94, 95}));  // there is no tab, and no unknown token
  EXPECT_EQ(tokenizer->decode(ids), "abc ab");
}

TEST(Damage, OldFilesNameTheOneThatIsMissingOrWrong) {
  const auto folder = fresh_folder();
  write(folder / "vocab.json", R"({"a":0,"b":1,"ab":2})");
  expect_load_error(folder, ErrorKind::not_found, "merges.txt");
  write(folder / "merges.txt", "#version: 0.2\na b\nab\n");
  expect_load_error(folder, ErrorKind::corrupt, "merges.txt, line 3");
  write(folder / "merges.txt", "a b\n");
  fs::remove(folder / "vocab.json");
  expect_load_error(folder, ErrorKind::not_found, "vocab.json");
  write(folder / "vocab.txt", "");
  expect_load_error(folder, ErrorKind::corrupt, "vocab.txt");
  write(folder / "vocab.txt", "[UNK]\na\n");
  expect_load_error(folder, ErrorKind::corrupt, "[CLS]");
  write(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
  write(folder / "tokenizer_config.json", R"({"do_lower_case": "yes"})");
  expect_load_error(folder, ErrorKind::corrupt, "tokenizer_config.json");
  write(folder / "tokenizer_config.json", "{");
  expect_load_error(folder, ErrorKind::corrupt, "tokenizer_config.json");
}

TEST(Damage, SentencepieceModelsThatAreNone) {
  const auto folder = fresh_folder();
  write(folder / "spiece.model", "not a model");
  expect_load_error(folder, ErrorKind::corrupt, "spiece.model");
  write(folder / "tokenizer.json", R"({"model": {"type": "Unigram", "vocab": [["a", 0.0]]}})");
  expect_load_error(folder, ErrorKind::corrupt, "spiece.model");
  fs::remove(folder / "spiece.model");
  expect_load_error(folder, ErrorKind::not_found, "*.model");
}

}  // namespace
}  // namespace spencer
