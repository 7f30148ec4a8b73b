#include "text/json_cursor.h"

#include <charconv>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

namespace spencer {

void JsonCursor::fail(const std::string& expected) const {
  throw Error(ErrorKind::corrupt, name_ + " is not the JSON it should be: expected " + expected +
                                      " at byte " + std::to_string(at_) +
                                      (at_ >= text_.size() ? ", where the file ends" : ""));
}

char JsonCursor::peek() {
  skip_space();
  if (at_ >= text_.size()) fail("a value");
  return text_[at_];
}

bool JsonCursor::accept(char c) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

void JsonCursor::expect(char c) {
  if (!accept(c)) fail(std::string("'") + c + "'");
}

void JsonCursor::finish() {
  skip_space();
  if (at_ != text_.size()) fail("the end of the file");
}

std::string_view JsonCursor::string() {
  expect('"');
  const std::size_t start = at_;
  for (; at_ < text_.size(); ++at_) {
    if (text_[at_] == '"') return text_.substr(start, at_++ - start);
    if (text_[at_] == '\\') {
      scratch_.assign(text_, start, at_ - start);
      return unescape();
    }
  }
  fail("the end of a string");
}

std::string_view JsonCursor::unescape() {
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return scratch_;
    if (c != '\\') {
      scratch_ += c;
      continue;
    }
    if (at_ >= text_.size()) break;
    const char escape = text_[at_++];
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (escape != 'u') {
      const std::size_t which = kEscapes.find(escape);
      if (which == std::string_view::npos) fail("an escape sequence");
      scratch_ += kMeanings[which];
      continue;
    }
    char32_t code_point = hex4();
    if (code_point >= 0xD800 && code_point < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") fail("the second half of a surrogate pair");
      at_ += 2;
      const char32_t low = hex4();
      if (low < 0xDC00 || low > 0xDFFF) fail("the second half of a surrogate pair");
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
    } else if (code_point >= 0xDC00 && code_point <= 0xDFFF) {
      fail("the first half of a surrogate pair");
    }
    append_utf8(scratch_, code_point);
  }
  fail("the end of a string");
}

char32_t JsonCursor::hex4() {
  std::uint32_t value = 0;
  const std::string_view digits = text_.substr(at_, 4);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + 4) fail("four hexadecimal digits");
  at_ += 4;
  return value;
}

std::int64_t JsonCursor::integer() {
  skip_space();
  std::int64_t value = 0;
  const char* begin = text_.data() + at_;
  const char* end = text_.data() + text_.size();
  const auto [after, error] = std::from_chars(begin, end, value);
  if (error != std::errc() || (after < end && (*after == '.' || *after == 'e' || *after == 'E'))) {
    fail("an integer");
  }
  at_ += static_cast<std::size_t>(after - begin);
  return value;
}

std::string_view JsonCursor::skip() {
  skip_space();
  const std::size_t start = at_;
  std::size_t depth = 0;
  do {
    switch (peek()) {
      case '"': string(); break;
      case '{':
      case '[':
        ++depth;
        ++at_;
        break;
      case '}':
      case ']':
        if (depth == 0) fail("a value");
        --depth;
        ++at_;
        break;
      case ',':
      case ':':
        if (depth == 0) fail("a value");
        ++at_;
        break;
      default: {
        const std::size_t from = at_;
        at_ = std::min(text_.find_first_of(",:]}[{\" \n\t\r", at_), text_.size());
        if (at_ == from) fail("a value");
      }
    }
  } while (depth > 0);
  return text_.substr(start, at_ - start);
}

}  // namespace spencer
