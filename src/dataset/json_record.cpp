#include "dataset/json_record.h"

#include <algorithm>
#include <charconv>

#include "spencer/base/error.h"
#include "spencer/base/text.h"

namespace spencer {
namespace {

/// Moves over JSON text; a false return means it is not what was asked for.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() {
    blanks();
    return position_ == text_.size();
  }
  bool accept(char c) {
    blanks();
    if (position_ == text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  /// The next value as written.
  bool value(std::string_view& out) {
    blanks();
    const std::size_t start = position_;
    if (start == text_.size()) return false;
    const char c = text_[start];
    const bool whole = c == '"' ? string() : c == '{' || c == '[' ? nested() : literal();
    out = text_.substr(start, position_ - start);
    return whole;
  }

 private:
  void blanks() {
    while (position_ < text_.size() && is_json_space(text_[position_])) ++position_;
  }
  bool string() {
    for (++position_; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '\\') {
        ++position_;
      } else if (c == '"') {
        ++position_;
        return true;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        return false;
      }
    }
    return false;
  }
  bool nested() {
    std::string closing;
    while (position_ < text_.size()) {
      const char c = text_[position_];
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      ++position_;
      if (c == '{' || c == '[') closing += c == '{' ? '}' : ']';
      if (c != '}' && c != ']') continue;
      if (closing.back() != c) return false;
      closing.pop_back();
      if (closing.empty()) return true;
    }
    return false;
  }
  bool literal() {
    const std::size_t start = position_;
    constexpr std::string_view kAllowed = "+-.0123456789Eaeflnrstu";
    while (position_ < text_.size() && kAllowed.find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
    return position_ > start;
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

/// Four hexadecimal digits; -1 if they are not.
int hex4(std::string_view text) {
  int value = 0;
  if (text.size() < 4) return -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
  return error == std::errc() && end == text.data() + 4 && text[0] != '-' ? value : -1;
}

/// Decodes a \u escape and the second half of a pair, if it has one; -1 if it is not valid.
std::int64_t unicode_escape(std::string_view text, std::size_t& position) {
  const int first = hex4(text.substr(position));
  position += 4;
  if (first < 0 || (first >= 0xDC00 && first < 0xE000)) return -1;
  if (first < 0xD800 || first >= 0xE000) return first;
  if (text.substr(position, 2) != "\\u") return -1;
  const int second = hex4(text.substr(position + 2));
  position += 6;
  if (second < 0xDC00 || second >= 0xE000) return -1;
  return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

}  // namespace

void throw_bad_field(const std::string& where, std::string_view field, std::string_view problem) {
  throw Error(ErrorKind::corrupt,
              where + "field \"" + std::string(field) + "\" " + std::string(problem));
}

JsonRecord::JsonRecord(std::string_view text, std::string where) : where_(std::move(where)) {
  Scanner scanner(text);
  if (scanner.at_end()) invalid("nothing stands where a record should");
  if (!scanner.accept('{')) throw Error(ErrorKind::corrupt, where_ + "not a JSON object");
  bool more = !scanner.accept('}');
  while (more) {
    std::string_view key, value;
    if (!scanner.value(key) || key.front() != '"') invalid("a member has no name");
    std::string name;
    append_decoded(name, key);
    if (!scanner.accept(':') || !scanner.value(value)) {
      invalid("the value of \"" + name + "\" is missing or does not end");
    }
    members_.push_back({std::move(name), value});
    if (scanner.accept(',')) continue;
    if (!scanner.accept('}')) invalid("a comma or the end of the object is missing");
    more = false;
  }
  if (!scanner.at_end()) invalid("text after the end of the object");
}

void JsonRecord::invalid(std::string_view problem) const {
  throw Error(ErrorKind::corrupt, where_ + "not valid JSON: " + std::string(problem));
}

void JsonRecord::bad_field(std::string_view field, std::string_view problem) const {
  throw_bad_field(where_, field, problem);
}

const JsonRecord::Member* JsonRecord::find(std::string_view field) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.key == field; });
  return found == members_.end() || found->value == "null" ? nullptr : &*found;
}

std::string_view JsonRecord::needed(std::string_view field) const {
  const Member* member = find(field);
  if (member == nullptr) bad_field(field, "is missing");
  return member->value;
}

/// @param quoted a string as written, with its quotes
void JsonRecord::append_decoded(std::string& out, std::string_view quoted) const {
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  if (!is_ascii(text) && !is_valid_utf8(text)) invalid("a string is not UTF-8");
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t escape = std::min(text.find('\\', position), text.size());
    out.append(text, position, escape - position);
    if (escape == text.size()) return;
    static constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char name = text[escape + 1];
    position = escape + 2;
    if (const std::size_t i = kNames.find(name); i != std::string_view::npos) {
      out += kMeanings[i];
      continue;
    }
    const std::int64_t code_point = name == 'u' ? unicode_escape(text, position) : -1;
    if (code_point < 0) invalid("an escape in a string means nothing");
    append_utf8(out, static_cast<char32_t>(code_point));
  }
}

std::string JsonRecord::string(std::string_view field) const {
  const std::string_view value = needed(field);
  if (value.front() != '"') bad_field(field, "is not a string");
  std::string text;
  append_decoded(text, value);
  return text;
}

std::string JsonRecord::optional_string(std::string_view field) const {
  return has(field) ? string(field) : std::string();
}

std::string JsonRecord::not_empty_string(std::string_view field) const {
  std::string text = string(field);
  if (text.empty()) bad_field(field, "is empty");
  return text;
}

template <typename Take>
void JsonRecord::for_each_string(std::string_view field, Take take) const {
  Scanner scanner(needed(field));
  constexpr std::string_view kProblem = "is not a list of strings";
  if (!scanner.accept('[')) bad_field(field, kProblem);
  if (scanner.accept(']')) return;
  while (true) {
    std::string_view element;
    if (!scanner.value(element) || element.front() != '"') bad_field(field, kProblem);
    take(element);
    if (scanner.accept(']')) return;
    if (!scanner.accept(',')) bad_field(field, kProblem);
  }
}

std::vector<std::string> JsonRecord::strings(std::string_view field) const {
  std::vector<std::string> values;
  for_each_string(field, [&](std::string_view quoted) {
    values.emplace_back();
    append_decoded(values.back(), quoted);
  });
  return values;
}

std::string JsonRecord::joined(std::string_view field) const {
  std::string text;
  for_each_string(field, [&](std::string_view quoted) {
    if (!text.empty()) text += ' ';
    append_decoded(text, quoted);
  });
  return text;
}

std::int64_t JsonRecord::integer(std::string_view field) const {
  const std::string_view value = needed(field);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    bad_field(field, "is not a whole number");
  }
  return number;
}

std::string JsonRecord::id(std::string_view field) const {
  const std::string_view value = needed(field);
  if (value.front() == '"') return not_empty_string(field);
  const std::string_view digits = value.substr(value.front() == '-' ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    bad_field(field, "is neither a string nor a whole number");
  }
  return std::string(value);
}

}  // namespace spencer
