// Speaks with compare_tokenizers.py and bench_tokenizers.py: JSON lines in, JSON lines out.
//   tokenize_lines MODEL_FOLDER ids    {"text": T}                      -> [id, ...]
//                                      {"text": T, "length": N}         -> [[id...], [segment...]]
//                                      {"text": T, "pair": P, "length": N}
//                                      {"decode": [id, ...]}            -> text
//                                      Text is base64 of its bytes, so that it may be invalid
//                                      UTF-8.
//   tokenize_lines MODEL_FOLDER time   all texts are read, then each is tokenised; -> seconds, ids
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "spencer/text/tokenizer.h"

namespace {

using nlohmann::json;

std::string from_base64(const std::string& coded) {
  static constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned int bits = 0;
  int count = 0;
  for (const char c : coded) {
    const std::size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<unsigned int>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return bytes;
}

json answer(const spencer::Tokenizer& tokenizer, const json& question) {
  if (question.contains("decode")) {
    return tokenizer.decode(question["decode"].get<spencer::TokenIds>());
  }
  const std::string text = from_base64(question["text"]);
  if (!question.contains("length")) return tokenizer.tokenize(text);
  const auto length = question["length"].get<std::size_t>();
  spencer::TokenSequence out =
      question.contains("pair") ? tokenizer.encode_pair(text, from_base64(question["pair"]), length)
                                : tokenizer.encode(text, length);
  out.type_ids.resize(out.ids.size());
  return {out.ids, out.type_ids};
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: tokenize_lines MODEL_FOLDER ids|time\n";
    return 2;
  }
  try {
    const auto load_start = std::chrono::steady_clock::now();
    const auto tokenizer = spencer::Tokenizer::load(argv[1]);
    const double load_seconds = seconds_since(load_start);
    const bool timing = std::strcmp(argv[2], "time") == 0;
    std::vector<std::string> texts;
    for (std::string line; std::getline(std::cin, line);) {
      const json question = json::parse(line);
      if (timing) {
        texts.push_back(from_base64(question["text"]));
      } else {
        std::cout << answer(*tokenizer, question).dump() << '\n';
      }
    }
    if (!timing) return 0;
    std::size_t ids = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& text : texts) ids += tokenizer->tokenize(text).size();
    std::cout << json{{"seconds", seconds_since(start)}, {"ids", ids}, {"load", load_seconds}}
              << '\n';
  } catch (const std::exception& problem) {
    std::cerr << "tokenize_lines: " << problem.what() << '\n';
    return 2;
  }
}
