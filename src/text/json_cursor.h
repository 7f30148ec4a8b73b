// Walks JSON text from front to back without building a tree: a vocabulary's tens of thousands of
// members are read in place. Small values are cut out for a full parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spencer {

class JsonCursor {
 public:
  /// `name` stands in errors: Error{corrupt} for anything that is not what is asked for.
  JsonCursor(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}

  /// Calls `on_member(key)` for each member; it must read or skip the value. The key is valid
  /// during the call only.
  template <typename OnMember>
  void object(OnMember on_member) {
    expect('{');
    if (accept('}')) return;
    do {
      std::string key(string());
      expect(':');
      on_member(std::string_view(key));
    } while (accept(','));
    expect('}');
  }

  /// Calls `on_token(token, id)` for each member of an object of integers, as vocabularies are.
  template <typename OnToken>
  void integers(OnToken on_token) {
    expect('{');
    if (accept('}')) return;
    do {
      const std::string_view token = string();
      expect(':');
      on_token(token, integer());
    } while (accept(','));
    expect('}');
  }

  template <typename OnElement>
  void array(OnElement on_element) {
    expect('[');
    if (accept(']')) return;
    do {
      on_element();
    } while (accept(','));
    expect(']');
  }

  /// A string's value; valid until the next call.
  std::string_view string();
  std::int64_t integer();
  /// The text of the next value, whatever it is.
  std::string_view skip();
  /// The first character of the next value.
  char peek();
  /// Checks that nothing follows.
  void finish();
  [[noreturn]] void fail(const std::string& expected) const;

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  void expect(char c);
  bool accept(char c);
  std::string_view unescape();
  char32_t hex4();

  std::string_view text_;
  std::string name_;
  std::size_t at_ = 0;
  std::string scratch_;
};

}  // namespace spencer
