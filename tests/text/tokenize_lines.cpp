// Speaks with compare_tokenizers.py and bench_tokenizers.py in little-endian 32-bit numbers: a text
// is its length and its bytes, a list its length and its numbers.
//   tokenize_lines MODEL_FOLDER ids     text                 -> list of ids
//   tokenize_lines MODEL_FOLDER encode  length, text         -> list of ids, list of segments
//   tokenize_lines MODEL_FOLDER pair    length, text, text   -> list of ids, list of segments
//   tokenize_lines MODEL_FOLDER decode  list of ids          -> text
//   tokenize_lines MODEL_FOLDER time    texts                -> JSON: seconds, ids, load seconds
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "spencer/base/clock.h"
#include "spencer/text/tokenizer.h"

namespace {

std::optional<std::uint32_t> read_number() {
  std::uint32_t number = 0;
  if (!std::cin.read(reinterpret_cast<char*>(&number), sizeof number)) return std::nullopt;
  return number;
}

std::string read_text() {
  std::string text(read_number().value(), '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

spencer::TokenIds read_list() {
  spencer::TokenIds list(read_number().value());
  std::cin.read(reinterpret_cast<char*>(list.data()),
                static_cast<std::streamsize>(list.size() * sizeof list[0]));
  return list;
}

template <typename Sequence>
void write(const Sequence& sequence) {
  const auto size = static_cast<std::uint32_t>(sequence.size());
  std::cout.write(reinterpret_cast<const char*>(&size), sizeof size);
  std::cout.write(reinterpret_cast<const char*>(sequence.data()),
                  static_cast<std::streamsize>(size * sizeof sequence[0]));
}

void write(spencer::TokenSequence sequence) {
  sequence.type_ids.resize(sequence.ids.size());
  write(sequence.ids);
  write(sequence.type_ids);
}

void answer(const spencer::Tokenizer& tokenizer, const std::string& mode) {
  if (mode == "ids") {
    write(tokenizer.tokenize(read_text()));
  } else if (mode == "decode") {
    write(tokenizer.decode(read_list()));
  } else {
    const std::uint32_t length = read_number().value();
    const std::string text = read_text();
    write(mode == "encode" ? tokenizer.encode(text, length)
                           : tokenizer.encode_pair(text, read_text(), length));
  }
}

void time_all(const spencer::Tokenizer& tokenizer, double load_seconds) {
  std::vector<std::string> texts;
  while (std::cin.peek() != EOF) texts.push_back(read_text());
  std::size_t ids = 0;
  const auto start = spencer::Clock::now();
  for (const std::string& text : texts) ids += tokenizer.tokenize(text).size();
  std::cout << nlohmann::json{
      {"seconds", spencer::seconds_since(start)}, {"ids", ids}, {"load", load_seconds}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: tokenize_lines MODEL_FOLDER ids|encode|pair|decode|time\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  const std::string mode = argv[2];
  try {
    const auto start = spencer::Clock::now();
    const auto tokenizer = spencer::Tokenizer::load(argv[1]);
    const double load_seconds = spencer::seconds_since(start);
    if (mode == "time") {
      time_all(*tokenizer, load_seconds);
    } else {
      while (std::cin.peek() != EOF) answer(*tokenizer, mode);
    }
  } catch (const std::exception& problem) {
    std::cerr << "tokenize_lines: " << problem.what() << '\n';
    return 2;
  }
}
