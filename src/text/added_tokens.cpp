#include "text/added_tokens.h"

#include <algorithm>
#include <tuple>

#include "text/unicode.h"

namespace spencer {

void AddedTokens::assign(std::vector<AddedToken> tokens, const Vocabulary& vocabulary,
                         const Normalize& normalize) {
  auto next_id = static_cast<std::int32_t>(vocabulary.count());
  for (AddedToken& token : tokens) {
    if (token.content.empty()) continue;
    auto known = std::ranges::find(tokens_, token.content, &AddedToken::content);
    if (known != tokens_.end()) {
      token.id = known->id;
      *known = std::move(token);
      continue;
    }
    token.id = vocabulary.find(token.content);
    if (token.id < 0) token.id = next_id++;
    tokens_.push_back(std::move(token));
  }
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    AddedToken& token = tokens_[i];
    token.shown = token.normalized && normalize ? normalize(token.content) : token.content;
    (token.normalized ? normalized_ : verbatim_).patterns.push_back({token.shown, i});
  }
  prepare(verbatim_);
  prepare(normalized_);
}

void AddedTokens::prepare(Matcher& matcher) {
  std::erase_if(matcher.patterns, [](const Pattern& pattern) { return pattern.text.empty(); });
  const auto first_byte = [](const Pattern& p) { return static_cast<unsigned char>(p.text[0]); };
  std::ranges::sort(matcher.patterns, {}, [&](const Pattern& p) {
    return std::tuple(first_byte(p), -static_cast<std::ptrdiff_t>(p.text.size()), p.token);
  });
  for (const Pattern& pattern : matcher.patterns) ++matcher.by_byte[first_byte(pattern) + 1];
  for (std::size_t i = 1; i < matcher.by_byte.size(); ++i) {
    matcher.by_byte[i] += matcher.by_byte[i - 1];
  }
}

AddedTokens::Match AddedTokens::find_next(const Matcher& matcher, std::string_view text,
                                          std::size_t from) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    for (std::uint32_t i = matcher.by_byte[byte]; i < matcher.by_byte[byte + 1]; ++i) {
      const Pattern& pattern = matcher.patterns[i];
      if (text.substr(at, pattern.text.size()) == pattern.text) {
        return {&tokens_[pattern.token], at, at + pattern.text.size()};
      }
    }
  }
  return {};
}

/// Applies the token's flags to a match. @return false where the match does not count.
bool AddedTokens::widen(const AddedToken& token, std::string_view text, std::size_t done,
                        std::size_t& start, std::size_t& stop) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (token.single_word) {
    if (start > 0 && char_class(last_valid(begin, begin + start)).word()) return false;
    const char* after = begin + stop;
    if (after < end && char_class(next_valid(after)).word()) return false;
  }
  if (token.lstrip) {
    const char* p = begin + start;
    while (p > begin && char_class(last_valid(begin, p)).white()) {
      do --p;
      while ((static_cast<unsigned char>(*p) & 0xC0) == 0x80);
    }
    start = std::max(static_cast<std::size_t>(p - begin), done);
  }
  if (token.rstrip) {
    for (const char* p = begin + stop; p < end && char_class(next_valid(p)).white();) {
      stop = static_cast<std::size_t>(p - begin);
    }
  }
  return true;
}

const AddedToken* AddedTokens::find(std::string_view content) const {
  const auto token = std::ranges::find(tokens_, content, &AddedToken::content);
  return token == tokens_.end() ? nullptr : &*token;
}

const AddedToken* AddedTokens::find(std::int32_t id) const {
  const auto token = std::ranges::find(tokens_, id, &AddedToken::id);
  return token == tokens_.end() ? nullptr : &*token;
}

bool AddedTokens::is_special(std::string_view shown) const {
  const AddedToken* token = find(shown);
  return token != nullptr && token->special;
}

}  // namespace spencer
