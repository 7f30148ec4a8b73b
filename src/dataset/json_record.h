// One JSON object, its members found in one pass and decoded when asked for. Dataset records carry
// much that is not read; a tree of all of it would cost more than everything else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spencer {

/// White space as RFC 8259 has it.
inline constexpr std::string_view kJsonSpace = " \t\r\n";
constexpr bool is_json_space(char c) { return kJsonSpace.find(c) != std::string_view::npos; }

/// Throws Error{corrupt}: `where`, the field's name, and what is wrong with it.
[[noreturn]] void throw_bad_field(const std::string& where, std::string_view field,
                                  std::string_view problem);

class JsonRecord {
 public:
  struct Member {
    std::string key;
    std::string_view value;  ///< as written
  };

  /// @param text  one JSON object; must outlive the record
  /// @param where begins the messages: "file:line: "
  /// @throws Error{corrupt} if `text` is no object. Of members that are never asked for, only
  ///         strings and brackets are checked.
  JsonRecord(std::string_view text, std::string where);

  const std::string& where() const { return where_; }
  const std::vector<Member>& members() const { return members_; }
  /// Whether there is such a member, and it is not null.
  bool has(std::string_view field) const { return find(field) != nullptr; }

  // Each @throws Error{corrupt} naming the field if it is absent or of another kind.
  std::string string(std::string_view field) const;
  std::string optional_string(std::string_view field) const;  ///< absent or null: empty
  std::string not_empty_string(std::string_view field) const;
  std::vector<std::string> strings(std::string_view field) const;
  std::string joined(std::string_view field) const;  ///< a list of strings, with blanks between
  std::int64_t integer(std::string_view field) const;
  std::string id(std::string_view field) const;  ///< a string, or a whole number written out

  [[noreturn]] void bad_field(std::string_view field, std::string_view problem) const;

 private:
  const Member* find(std::string_view field) const;
  std::string_view needed(std::string_view field) const;
  [[noreturn]] void invalid(std::string_view problem) const;
  void append_decoded(std::string& out, std::string_view quoted) const;
  template <typename Take>
  void for_each_string(std::string_view field, Take take) const;

  std::string where_;
  std::vector<Member> members_;
};

}  // namespace spencer
