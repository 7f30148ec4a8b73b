#include "spencer/search/words.h"

#include <algorithm>
#include <array>

namespace spencer {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_word(char c) { return is_upper(c) || is_lower(c) || is_digit(c) || is_high(c); }

/// Whether a new word starts at `i` inside a run of word characters.
bool breaks_before(std::string_view text, std::size_t i) {
  const char before = text[i - 1];
  const char here = text[i];
  if (is_digit(before) != is_digit(here)) return true;
  if (is_upper(here) && is_lower(before)) return true;
  // The last capital of a run belongs to what follows: HTTP|Response.
  return is_upper(before) && is_upper(here) && i + 1 < text.size() && is_lower(text[i + 1]);
}

bool drop_ending(std::string& word, std::string_view ending, std::size_t shortest) {
  if (!word.ends_with(ending) || word.size() < ending.size() + shortest) return false;
  word.resize(word.size() - ending.size());
  return true;
}

std::string stem_of(std::string_view text) {
  std::string word(text);
  for (char& c : word) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  if (word.size() <= 3) return word;
  if (word.ends_with("s") && !word.ends_with("ss") && !word.ends_with("us")) word.pop_back();
  const bool cut = drop_ending(word, "ing", 3) || drop_ending(word, "ed", 3) ||
                   drop_ending(word, "er", 3) || drop_ending(word, "or", 3) ||
                   drop_ending(word, "ion", 4);
  const std::size_t n = word.size();
  constexpr std::string_view kDoubled = "bdgmnprt";
  if (cut && n > 3 && word[n - 1] == word[n - 2] && kDoubled.find(word[n - 1]) != kDoubled.npos) {
    word.pop_back();
  }
  if (word.size() > 3 && word.ends_with("ie")) word.pop_back();  // retries, as retry below
  if (word.size() > 3 && word.back() == 'e') word.pop_back();
  if (word.size() > 3 && word.back() == 'y') word.back() = 'i';
  return word;
}

bool is_stop_word(std::string_view stem) {
  static constexpr auto kStopWords = std::to_array<std::string_view>(
      {"an",   "and",  "are",  "as",    "at",  "be",   "been", "by",   "can",  "do",   "doe",
       "does", "for",  "from", "ha",    "had", "have", "how",  "if",   "in",   "into", "is",
       "it",   "its",  "not",  "of",    "on",  "onto", "or",   "out",  "so",   "than", "that",
       "the",  "them", "then", "ther",  "thi", "this", "to",   "up",   "use",  "us",   "was",
       "what", "when", "wher", "which", "who", "whos", "why",  "will", "with", "you",  "your"});
  return std::find(kStopWords.begin(), kStopWords.end(), stem) != kStopWords.end();
}

}  // namespace

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < text.size();) {
    if (!is_word(text[i])) {
      ++i;
      continue;
    }
    const std::size_t start = i++;
    while (i < text.size() && is_word(text[i]) && !breaks_before(text, i)) ++i;
    words.push_back({stem_of(text.substr(start, i - start)), start, i - start});
  }
  return words;
}

std::unordered_set<std::string> query_stems(std::string_view query) {
  std::unordered_set<std::string> all, telling;
  for (Word& word : split_words(query)) {
    if (word.length > 1 && !is_stop_word(word.stem)) telling.insert(word.stem);
    all.insert(std::move(word.stem));
  }
  return telling.empty() ? all : telling;
}

}  // namespace spencer
