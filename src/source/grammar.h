// Which nodes of each tree-sitter grammar are functions, types, comments, and how they are named.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <tree_sitter/api.h>

namespace spencer {

/// What a node means to the extraction.
enum class Role : std::uint8_t {
  function,  ///< has a name and a body
  binding,   ///< gives a name to a function value (or to an object or class that holds some)
  type,      ///< class, struct, ...: qualifies the names inside, and has a head of its own
  scope,     ///< namespace, module, impl: qualifies the names inside
  comment,
  attribute,  ///< stands before what it belongs to, as a node of its own
  wrapper,    ///< `export`, `template <...>`, a declaration around one declarator
};

/// How a function's or type's name is written.
enum class Naming : std::uint8_t {
  field,       ///< the field NodeRule::name
  declarator,  ///< C: inside nested declarators
  receiver,    ///< Go: the receiver's type, then the name
  singleton,   ///< Ruby: `def self.name`, `def object.name`
  operators,   ///< C#: "operator" and the field NodeRule::name
  destructor,  ///< C#: "~" and the field NodeRule::name
};

struct NodeRule {
  const char* type;
  Role role;
  const char* kind = "";      ///< "" = "method" within a type or impl, else "function"
  const char* name = "name";  ///< the field that holds the name
  const char* body = "body";  ///< the field without which it is a mere declaration; "" = none
  Naming naming = Naming::field;
};

struct Grammar {
  std::string_view language;
  const TSLanguage* (*tree_sitter)();
  std::span<const NodeRule> rules;
  std::span<const std::string_view> values;  ///< nodes that are function values
  std::string_view constructor;              ///< the name that every constructor has, or empty

  /// The rule of each symbol, or null; made once.
  const std::vector<const NodeRule*>& by_symbol() const;
  bool is_value(std::string_view type) const;
};

/// @param path tells .tsx from .ts  @return null where there is no grammar for the language
const Grammar* find_grammar(std::string_view language, std::string_view path = {});

}  // namespace spencer
