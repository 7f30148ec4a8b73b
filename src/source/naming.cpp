// Names out of syntax nodes.
#include "source/naming.h"

#include <algorithm>
#include <array>

namespace spencer {
namespace {

constexpr std::size_t kMaxName = 200;

bool is_any(std::string_view value, std::initializer_list<std::string_view> options) {
  return std::find(options.begin(), options.end(), value) != options.end();
}

std::string_view type_of(TSNode node) { return ts_node_type(node); }

/// Drops `<...>`, `[...]` and `(...)`, white space, and what stands before the name of a type
/// reference (`&'a mut`, `*`, `dyn`).
std::string plain_type(std::string_view type) {
  if (type.starts_with('&')) {
    type.remove_prefix(1);
    if (type.starts_with('\'')) type.remove_prefix(std::min(type.find(' '), type.size()));
  }
  const auto begin = type.find_first_not_of(" *&\t\n");
  type.remove_prefix(std::min(begin, type.size()));
  for (const std::string_view word : {"mut ", "dyn ", "const "}) {
    if (type.starts_with(word)) type.remove_prefix(word.size());
  }
  std::string result;
  int depth = 0;
  for (const char c : type) {
    if (c == '<' || c == '[' || c == '(') ++depth;
    if (depth == 0 && c != ' ' && c != '\n' && c != '\t' && c != '\r') result += c;
    if (c == '>' || c == ']' || c == ')') --depth;
  }
  return result;
}

/// `a::b` and `a\b` as `a.b`.
std::string dotted(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i, 2) == "::") {
      if (!result.empty()) result += '.';
      ++i;
    } else {
      result += name[i];
    }
  }
  return result;
}

/// C and C++: the name at the bottom of nested declarators. Scopes of a qualified name come first.
std::string declared_name(std::string_view text, TSNode node) {
  std::string scopes;
  for (int depth = 0; depth < 64 && !ts_node_is_null(node); ++depth) {
    const std::string_view type = type_of(node);
    if (type == "qualified_identifier") {
      const TSNode scope = field(node, "scope");
      if (!ts_node_is_null(scope))
        scopes.append(dotted(plain_type(node_text(text, scope)))).append(".");
      node = field(node, "name");
    } else if (is_any(type, {"template_function", "template_method", "template_type"})) {
      node = field(node, "name");
    } else if (is_any(type, {"identifier", "field_identifier", "type_identifier", "destructor_name",
                             "operator_name"})) {
      std::string name(node_text(text, node));
      std::erase(name, ' ');
      if (name.starts_with("operator") && name.size() > 8 && std::isalpha(name[8]) != 0) {
        name.insert(8, 1, ' ');  // operator new
      }
      return scopes + name;
    } else if (type == "operator_cast") {
      return scopes.append("operator ").append(plain_type(node_text(text, field(node, "type"))));
    } else {
      const TSNode inner = field(node, "declarator");
      node = ts_node_is_null(inner) ? ts_node_named_child(node, 0) : inner;
    }
  }
  return {};
}

/// Go: `(s *Server[T])` gives "Server".
std::string receiver_type(std::string_view text, TSNode receiver) {
  const TSNode parameter = ts_node_named_child(receiver, 0);
  if (ts_node_is_null(parameter)) return {};
  return plain_type(node_text(text, field(parameter, "type")));
}

}  // namespace

std::string_view node_text(std::string_view text, TSNode node) {
  if (ts_node_is_null(node)) return {};
  const std::uint32_t begin = ts_node_start_byte(node);
  return text.substr(begin, ts_node_end_byte(node) - begin);
}

TSNode field(TSNode node, std::string_view name) {
  if (ts_node_is_null(node) || name.empty()) return TSNode{};
  return ts_node_child_by_field_name(node, name.data(), static_cast<std::uint32_t>(name.size()));
}

TSNode only_child(TSNode node) {
  if (!ts_node_is_null(node) && type_of(node) == "expression_list" &&
      ts_node_named_child_count(node) == 1) {
    return ts_node_named_child(node, 0);
  }
  return node;
}

TSNode function_body(TSNode node, const NodeRule& rule) {
  const std::string_view name = rule.body;
  const TSNode body = field(node, name.empty() ? "body" : name);
  if (name != "accessors") return body;
  // A C# property: `=> value`, or accessors with code of their own.
  if (ts_node_is_null(body)) {
    const TSNode value = field(node, "value");
    return !ts_node_is_null(value) && type_of(value) == "arrow_expression_clause" ? value : body;
  }
  for (std::uint32_t i = 0; i < ts_node_named_child_count(body); ++i) {
    if (!ts_node_is_null(field(ts_node_named_child(body, i), "body"))) return body;
  }
  return TSNode{};
}

std::string function_name(std::string_view text, TSNode node, const NodeRule& rule) {
  const TSNode name_node = field(node, rule.name);
  const std::string_view own = node_text(text, name_node);
  std::string name;
  switch (rule.naming) {
    case Naming::field: {
      name = own;
      if (name.starts_with('[') || name.starts_with('"') || name.starts_with('\'')) {
        std::erase_if(name, [](char c) { return c == '"' || c == '\''; });
      }
      break;
    }
    case Naming::declarator: name = declared_name(text, name_node); break;
    case Naming::receiver:
      name = receiver_type(text, field(node, "receiver"));
      name.append(name.empty() ? "" : ".").append(own);
      break;
    case Naming::singleton: {
      const std::string_view object = node_text(text, field(node, "object"));
      if (object != "self") name.append(object).append(1, '.');
      name += own;
      break;
    }
    case Naming::operators: name.append("operator ").append(own); break;
    case Naming::destructor: name.append("~").append(own); break;
  }
  return name.size() > kMaxName ? std::string() : name;
}

std::string bound_name(std::string_view text, TSNode target) {
  if (ts_node_is_null(target) ||
      is_any(type_of(target), {"array_pattern", "object_pattern", "computed_property_name"})) {
    return {};
  }
  std::string name(node_text(text, target));
  std::erase_if(name, [](char c) { return c == '"' || c == '\'' || c == '$' || c == '\n'; });
  for (const std::string_view prefix :
       {"module.exports.", "exports.", "this.", "self.", "this->", "window."}) {
    if (name.starts_with(prefix)) {
      name.erase(0, prefix.size());
      break;
    }
  }
  if (name == "module.exports") return "exports";
  for (const std::string_view part : {".prototype.", "->", "::"}) {
    if (const auto at = name.find(part); at != std::string::npos)
      name.replace(at, part.size(), 1, '.');
  }
  return name.size() > kMaxName || name.find(' ') != std::string::npos ? std::string() : name;
}

std::string scope_name(std::string_view text, TSNode node, const NodeRule& rule,
                       const std::vector<TSNode>& path) {
  std::string_view name = node_text(text, field(node, rule.name));
  if (name.empty() && !path.empty()) {
    // `const A = class {}` and `typedef struct {} A;` are named by what stands around them.
    const std::string_view above = type_of(path.back());
    if (above == "variable_declarator") name = node_text(text, field(path.back(), "name"));
    if (above == "type_definition") name = node_text(text, field(path.back(), "declarator"));
    if (above == "assignment_expression") return bound_name(text, field(path.back(), "left"));
  }
  std::string result = dotted(plain_type(name));
  std::erase_if(result, [](char c) { return c == '"' || c == '\''; });
  return result.size() > kMaxName ? std::string() : result;
}

std::string type_kind(const NodeRule& rule, TSNode body) {
  if (std::string_view(rule.kind) == "type" && !ts_node_is_null(body)) {
    if (type_of(body) == "struct_type") return "struct";
    if (type_of(body) == "interface_type") return "interface";
  }
  return rule.kind;
}

}  // namespace spencer
