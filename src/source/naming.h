// How each language spells the name of a function or a type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "source/grammar.h"

namespace spencer {

std::string_view node_text(std::string_view text, TSNode node);
TSNode field(TSNode node, std::string_view name);  ///< null for an absent field
TSNode only_child(TSNode node);  ///< of a Go expression list of one; any other node is itself

/// The body of a function, or null for a mere declaration.
TSNode function_body(TSNode node, const NodeRule& rule);

/// Empty for a function without a name. Parts are joined by '.'.
std::string function_name(std::string_view text, TSNode node, const NodeRule& rule);

/// The name that an assignment gives: `exports.f` is "f", `A.prototype.f` is "A.f".
std::string bound_name(std::string_view text, TSNode target);

/// Of a type, namespace, module or impl. @param path the node's ancestors
std::string scope_name(std::string_view text, TSNode node, const NodeRule& rule,
                       const std::vector<TSNode>& path);

/// "struct" or "interface" for Go's type declarations, else the rule's own.
std::string type_kind(const NodeRule& rule, TSNode body);

}  // namespace spencer
