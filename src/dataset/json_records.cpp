#include "dataset/json_records.h"

#include "spencer/base/error.h"

namespace spencer {

JsonRecords::JsonRecords(const std::filesystem::path& path, bool members)
    : source_(path), members_(members) {}

std::string JsonRecords::where() const {
  return source_.path().string() + ":" + std::to_string(record_line_) + ": ";
}

bool JsonRecords::next_line_of_text() {
  position_ = 0;
  while (source_.next_line(line_)) {
    if (line_.find_first_not_of(kJsonSpace) != std::string_view::npos) return true;
  }
  return false;
}

bool JsonRecords::next() {
  if (layout_ == Layout::unknown) {
    if (!next_line_of_text()) {
      layout_ = Layout::finished;
      return false;
    }
    const std::size_t first = line_.find_first_not_of(kJsonSpace);
    if (members_ || line_[first] == '[') {
      record_line_ = source_.line_number();
      if (members_ && line_[first] != '{') {
        throw Error(ErrorKind::corrupt, where() + "not a JSON object");
      }
      layout_ = Layout::elements;
      position_ = first + 1;
      return next_element();
    }
    layout_ = Layout::lines;
  } else if (layout_ == Layout::elements) {
    return next_element();
  } else if (layout_ == Layout::finished || !next_line_of_text()) {
    return false;
  }
  record_line_ = source_.line_number();
  record_ = line_;
  return true;
}

/// Takes text up to the comma or bracket that ends the element, both outside strings and nesting.
bool JsonRecords::next_element() {
  record_.clear();
  int depth = 0;
  bool in_string = false, escaped = false;
  const char closing = members_ ? '}' : ']';
  while (true) {
    if (position_ >= line_.size()) {
      if (!record_.empty()) record_ += '\n';
      if (!next_line_of_text()) {
        throw Error(ErrorKind::corrupt, source_.path().string() +
                                            ": ends in the middle, after line " +
                                            std::to_string(source_.line_number()));
      }
    }
    const char c = line_[position_++];
    if (record_.empty() && is_json_space(c)) continue;
    if (!in_string && depth == 0 && (c == ',' || c == closing)) {
      if (record_.empty()) record_line_ = source_.line_number();
      if (c == closing) finish();
      if (c == closing && record_.empty()) return false;
      if (members_) record_ = "{" + record_ + "}";
      return true;
    }
    if (record_.empty()) record_line_ = source_.line_number();
    record_ += c;
    if (escaped) {
      escaped = false;
    } else if (in_string) {
      escaped = c == '\\';
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

/// Nothing may follow the bracket that closes the file: it would be lost without a word.
void JsonRecords::finish() {
  layout_ = Layout::finished;
  if (line_.find_first_not_of(kJsonSpace, position_) != std::string_view::npos ||
      next_line_of_text()) {
    throw Error(ErrorKind::corrupt, source_.path().string() + ":" +
                                        std::to_string(source_.line_number()) +
                                        ": text after the end of the JSON value");
  }
}

JsonRecord JsonRecords::parse() const { return JsonRecord(record_, where()); }

}  // namespace spencer
