// The node rules of every grammar.
#include "source/grammar.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>

extern "C" {
const TSLanguage* tree_sitter_c();
const TSLanguage* tree_sitter_c_sharp();
const TSLanguage* tree_sitter_cpp();
const TSLanguage* tree_sitter_go();
const TSLanguage* tree_sitter_java();
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_php();
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_ruby();
const TSLanguage* tree_sitter_rust();
const TSLanguage* tree_sitter_tsx();
const TSLanguage* tree_sitter_typescript();
}

namespace spencer {
namespace {

constexpr NodeRule kPython[] = {
    {"function_definition", Role::function},
    {"class_definition", Role::type, "class"},
    {"decorated_definition", Role::wrapper},
    {"expression_statement", Role::wrapper},
    {"assignment", Role::binding, "", "left", "right"},
    {"comment", Role::comment},
};
constexpr std::string_view kPythonValues[] = {"lambda"};

constexpr NodeRule kJava[] = {
    {"method_declaration", Role::function},
    {"constructor_declaration", Role::function, "constructor"},
    {"compact_constructor_declaration", Role::function, "constructor"},
    {"class_declaration", Role::type, "class"},
    {"interface_declaration", Role::type, "interface"},
    {"enum_declaration", Role::type, "enum"},
    {"record_declaration", Role::type, "record"},
    {"annotation_type_declaration", Role::type, "annotation"},
    {"variable_declarator", Role::binding, "", "name", "value"},
    {"field_declaration", Role::wrapper},
    {"local_variable_declaration", Role::wrapper},
    {"line_comment", Role::comment},
    {"block_comment", Role::comment},
};
constexpr std::string_view kJavaValues[] = {"lambda_expression"};

// One table for JavaScript and TypeScript: a type that a grammar does not have matches nothing.
constexpr NodeRule kJavaScript[] = {
    {"function_declaration", Role::function},
    {"generator_function_declaration", Role::function},
    {"function_expression", Role::function},
    {"generator_function", Role::function},
    {"arrow_function", Role::function},
    {"method_definition", Role::function, "method"},
    {"class_declaration", Role::type, "class"},
    {"abstract_class_declaration", Role::type, "class"},
    {"class", Role::type, "class"},
    {"interface_declaration", Role::type, "interface"},
    {"enum_declaration", Role::type, "enum"},
    {"internal_module", Role::scope},
    {"module", Role::scope},
    {"variable_declarator", Role::binding, "", "name", "value"},
    {"assignment_expression", Role::binding, "", "left", "right"},
    {"pair", Role::binding, "", "key", "value"},
    {"field_definition", Role::binding, "", "property", "value"},
    {"public_field_definition", Role::binding, "", "name", "value"},
    {"export_statement", Role::wrapper},
    {"ambient_declaration", Role::wrapper},
    {"lexical_declaration", Role::wrapper},
    {"variable_declaration", Role::wrapper},
    {"expression_statement", Role::wrapper},
    {"decorator", Role::attribute},
    {"comment", Role::comment},
};
constexpr std::string_view kJavaScriptValues[] = {"arrow_function", "function_expression",
                                                  "generator_function"};

constexpr NodeRule kGo[] = {
    {"function_declaration", Role::function, "function"},
    {"method_declaration", Role::function, "method", "name", "body", Naming::receiver},
    {"type_spec", Role::type, "type", "name", "type"},
    {"var_spec", Role::binding, "function", "name", "value"},
    {"short_var_declaration", Role::binding, "function", "left", "right"},
    {"type_declaration", Role::wrapper},
    {"var_declaration", Role::wrapper},
    {"comment", Role::comment},
};
constexpr std::string_view kGoValues[] = {"func_literal"};

constexpr NodeRule kPhp[] = {
    {"function_definition", Role::function},
    {"method_declaration", Role::function},
    {"class_declaration", Role::type, "class"},
    {"interface_declaration", Role::type, "interface"},
    {"trait_declaration", Role::type, "trait"},
    {"enum_declaration", Role::type, "enum"},
    {"assignment_expression", Role::binding, "", "left", "right"},
    {"expression_statement", Role::wrapper},
    {"comment", Role::comment},
};
constexpr std::string_view kPhpValues[] = {"anonymous_function", "arrow_function"};

constexpr NodeRule kRuby[] = {
    {"method", Role::function, "", "name", ""},
    {"singleton_method", Role::function, "", "name", "", Naming::singleton},
    {"class", Role::type, "class", "name", ""},
    {"module", Role::type, "module", "name", ""},
    {"assignment", Role::binding, "", "left", "right"},
    {"comment", Role::comment},
};
constexpr std::string_view kRubyValues[] = {"lambda"};

// One table for C and C++.
constexpr NodeRule kC[] = {
    {"function_definition", Role::function, "", "declarator", "body", Naming::declarator},
    {"struct_specifier", Role::type, "struct"},
    {"union_specifier", Role::type, "union"},
    {"class_specifier", Role::type, "class"},
    {"enum_specifier", Role::type, "enum"},
    {"namespace_definition", Role::scope},
    {"init_declarator", Role::binding, "", "declarator", "value"},
    {"template_declaration", Role::wrapper},
    {"type_definition", Role::wrapper},
    {"declaration", Role::wrapper},
    {"field_declaration", Role::wrapper},
    {"comment", Role::comment},
};
constexpr std::string_view kCValues[] = {"lambda_expression"};

constexpr NodeRule kRust[] = {
    {"function_item", Role::function},   {"impl_item", Role::scope, "impl", "type"},
    {"trait_item", Role::type, "trait"}, {"struct_item", Role::type, "struct", "name", ""},
    {"enum_item", Role::type, "enum"},   {"union_item", Role::type, "union"},
    {"mod_item", Role::scope},           {"let_declaration", Role::binding, "", "pattern", "value"},
    {"attribute_item", Role::attribute}, {"line_comment", Role::comment},
    {"block_comment", Role::comment},
};
constexpr std::string_view kRustValues[] = {"closure_expression"};

constexpr NodeRule kCSharp[] = {
    {"method_declaration", Role::function},
    {"local_function_statement", Role::function, "function"},
    {"constructor_declaration", Role::function, "constructor"},
    {"destructor_declaration", Role::function, "destructor", "name", "body", Naming::destructor},
    {"operator_declaration", Role::function, "method", "operator", "body", Naming::operators},
    {"conversion_operator_declaration", Role::function, "method", "type", "body",
     Naming::operators},
    {"property_declaration", Role::function, "property", "name", "accessors"},
    {"class_declaration", Role::type, "class"},
    {"struct_declaration", Role::type, "struct"},
    {"interface_declaration", Role::type, "interface"},
    {"record_declaration", Role::type, "record"},
    {"enum_declaration", Role::type, "enum"},
    {"comment", Role::comment},
};

constexpr Grammar kGrammars[] = {
    {"python", tree_sitter_python, kPython, kPythonValues, "__init__"},
    {"java", tree_sitter_java, kJava, kJavaValues, ""},
    {"javascript", tree_sitter_javascript, kJavaScript, kJavaScriptValues, "constructor"},
    {"typescript", tree_sitter_typescript, kJavaScript, kJavaScriptValues, "constructor"},
    {"tsx", tree_sitter_tsx, kJavaScript, kJavaScriptValues, "constructor"},
    {"go", tree_sitter_go, kGo, kGoValues, ""},
    {"php", tree_sitter_php, kPhp, kPhpValues, "__construct"},
    {"ruby", tree_sitter_ruby, kRuby, kRubyValues, "initialize"},
    {"c", tree_sitter_c, kC, kCValues, ""},
    {"c++", tree_sitter_cpp, kC, kCValues, ""},
    {"rust", tree_sitter_rust, kRust, kRustValues, ""},
    {"c#", tree_sitter_c_sharp, kCSharp, {}, ""},
};

std::vector<const NodeRule*> make_table(const Grammar& grammar) {
  std::unordered_map<std::string_view, const NodeRule*> rules;
  for (const NodeRule& rule : grammar.rules) rules.emplace(rule.type, &rule);
  const TSLanguage* language = grammar.tree_sitter();
  std::vector<const NodeRule*> table(ts_language_symbol_count(language), nullptr);
  for (std::size_t symbol = 0; symbol < table.size(); ++symbol) {
    const auto id = static_cast<TSSymbol>(symbol);
    if (ts_language_symbol_type(language, id) != TSSymbolTypeRegular) continue;  // "class", ...
    const auto found = rules.find(ts_language_symbol_name(language, id));
    if (found != rules.end()) table[symbol] = found->second;
  }
  return table;
}

}  // namespace

const std::vector<const NodeRule*>& Grammar::by_symbol() const {
  static std::mutex mutex;
  static std::map<const Grammar*, std::vector<const NodeRule*>> tables;
  const std::scoped_lock lock(mutex);
  const auto [found, fresh] = tables.try_emplace(this);
  if (fresh) found->second = make_table(*this);
  return found->second;  // a map's elements stay where they are
}

bool Grammar::is_value(std::string_view type) const {
  return std::find(values.begin(), values.end(), type) != values.end();
}

const Grammar* find_grammar(std::string_view language, std::string_view path) {
  if (language == "typescript" && path.ends_with(".tsx")) language = "tsx";
  for (const Grammar& grammar : kGrammars) {
    if (grammar.language == language) return &grammar;
  }
  return nullptr;
}

}  // namespace spencer
