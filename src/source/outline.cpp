// One walk over the syntax tree, with a cursor: depth costs memory, never stack.
#include "source/outline.h"

#include <algorithm>
#include <memory>

#include <pthread.h>
#include <time.h>

#include "spencer/base/text.h"

#include "source/comment.h"
#include "source/naming.h"

namespace spencer {
namespace {

/// A comment or attribute that may belong to what follows it.
struct Leading {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool comment = false;
};

struct Scope {
  std::size_t depth = 0;      ///< of its node in the tree
  std::size_t name_size = 0;  ///< of the qualified name without it
  bool is_function = false;
  bool was_in_type = false;  ///< state to restore
};

constexpr std::size_t kMaxScopes = 64;  // deeper names help nobody and would grow without bound
constexpr std::size_t kMaxSignature = 240;

class Outliner {
 public:
  Outliner(std::string_view text, const Grammar& grammar)
      : text_(text), grammar_(grammar), rules_(grammar.by_symbol()) {}

  std::vector<Entity> run(TSNode root) {
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    bool more = true;
    while (more) {
      const TSNode node = ts_tree_cursor_current_node(&cursor);
      enter(node);
      path_.push_back(node);
      if (ts_tree_cursor_goto_first_child(&cursor)) continue;
      for (;;) {
        leave();
        if (ts_tree_cursor_goto_next_sibling(&cursor)) break;
        if (!ts_tree_cursor_goto_parent(&cursor)) {
          more = false;
          break;
        }
      }
    }
    ts_tree_cursor_delete(&cursor);
    return std::move(entities_);
  }

 private:
  void enter(TSNode node) {
    const NodeRule* rule = rule_of(node);
    if (rule == nullptr) return;
    switch (rule->role) {
      case Role::comment:
      case Role::attribute:
        leading_.push_back(
            {ts_node_start_byte(node), ts_node_end_byte(node), rule->role == Role::comment});
        break;
      case Role::function: enter_function(node, *rule); break;
      case Role::type:
      case Role::scope: enter_scope(node, *rule); break;
      case Role::binding: enter_binding(node, *rule); break;
      case Role::wrapper: break;
    }
  }

  void leave() {
    path_.pop_back();
    while (!scopes_.empty() && scopes_.back().depth == path_.size()) {
      const Scope& scope = scopes_.back();
      qualified_.resize(scope.name_size);
      in_type_ = scope.was_in_type;
      function_depth_ -= scope.is_function ? 1 : 0;
      scopes_.pop_back();
    }
  }

  void push_scope(std::string_view name, bool is_function, bool is_type) {
    scopes_.push_back({path_.size(), qualified_.size(), is_function, in_type_});
    if (!name.empty() && scopes_.size() <= kMaxScopes) {
      if (!qualified_.empty()) qualified_ += '.';
      qualified_ += name;
    }
    in_type_ = is_type;
    function_depth_ += is_function ? 1 : 0;
  }

  const NodeRule* rule_of(TSNode node) const {
    if (!ts_node_is_named(node)) return nullptr;
    const TSSymbol symbol = ts_node_symbol(node);
    return symbol < rules_.size() ? rules_[symbol] : nullptr;
  }

  TSNode parent() const { return path_.empty() ? TSNode{} : path_.back(); }

  void enter_function(TSNode node, const NodeRule& rule) {
    const TSNode body = function_body(node, rule);
    if (*rule.body != '\0' && ts_node_is_null(body)) return;
    if (is_bound_value(node)) return;  // the binding has given it its name
    std::string name = function_name(text_, node, rule);
    if (name.empty()) {
      const NodeRule* above = path_.empty() ? nullptr : rule_of(parent());
      if (above == nullptr || std::string_view(above->type) != "export_statement") return;
      name = "default";
    }
    add_function(node, node, body, name, rule.kind);
  }

  void enter_binding(TSNode node, const NodeRule& rule) {
    TSNode value = only_child(field(node, rule.body));
    if (ts_node_is_null(value)) return;
    const std::string_view type = ts_node_type(value);
    const bool is_function = grammar_.is_value(type);
    if (!is_function && type != "object") return;
    const TSNode target = only_child(field(node, rule.name));
    const std::string name = bound_name(text_, target);
    if (name.empty() && is_function) return;
    if (!is_function) {
      push_scope(name == "exports" ? "" : name, false, false);
      return;
    }
    const bool of_type = node_text(text_, target).find(".prototype.") != std::string_view::npos;
    add_function(node, value, field(value, "body"), name, of_type ? "method" : rule.kind);
  }

  /// True for the value of a binding that has named it.
  bool is_bound_value(TSNode node) const {
    const NodeRule* above = path_.empty() ? nullptr : rule_of(parent());
    return above != nullptr && above->role == Role::binding && !scopes_.empty() &&
           scopes_.back().is_function && scopes_.back().depth + 1 == path_.size() &&
           ts_node_eq(only_child(field(parent(), above->body)), node);
  }

  void add_function(TSNode node, TSNode function, TSNode body, const std::string& name,
                    std::string_view kind) {
    Entity entity;
    entity.kind = !kind.empty() ? kind : in_type_ ? "method" : "function";
    if (entity.kind == "method" || entity.kind == "function") refine_kind(name, entity.kind);
    entity.function_depth = function_depth_;
    locate(node, entity);
    push_scope(name, true, false);
    entity.name = qualified_;
    if (!ts_node_is_null(body)) {
      entity.signature = signature(ts_node_start_byte(node), ts_node_start_byte(body));
      python_docstring(body, entity);
    } else {
      entity.signature = signature(ts_node_start_byte(function), first_line_end(function));
    }
    entities_.push_back(std::move(entity));
  }

  /// Constructors and destructors that only their names tell: by the language's fixed name, or, in
  /// C++, by the name of the type.
  void refine_kind(const std::string& name, std::string& kind) const {
    if (kind == "method" && name == grammar_.constructor) kind = "constructor";
    if (grammar_.language != "c++") return;
    std::string full = qualified_.empty() ? name : qualified_ + "." + name;
    const auto dot = full.rfind('.');
    if (dot == std::string::npos) return;
    const std::string_view last = std::string_view(full).substr(dot + 1);
    std::string_view owner = std::string_view(full).substr(0, dot);
    owner = owner.substr(owner.rfind('.') + 1);
    if (last == owner) kind = "constructor";
    if (last.starts_with('~')) kind = "destructor";
    if (kind == "function" && name.find('.') != std::string::npos) kind = "method";
  }

  void enter_scope(TSNode node, const NodeRule& rule) {
    const TSNode body = *rule.body == '\0' ? TSNode{} : field(node, rule.body);
    if (*rule.body != '\0' && ts_node_is_null(body)) return;
    std::string name = scope_name(text_, node, rule, path_);
    const bool is_type = rule.role == Role::type;
    if (!is_type || name.empty()) {
      push_scope(name, false, *rule.kind != '\0' || is_type);  // an impl holds methods
      return;
    }
    Entity entity;
    entity.is_type = true;
    entity.kind = type_kind(rule, body);
    entity.function_depth = function_depth_;
    locate(node, entity);
    push_scope(name, false, true);
    entity.name = qualified_;
    const bool block = std::string_view(rule.body) == "body" && !ts_node_is_null(body);
    entity.signature = signature(ts_node_start_byte(node),
                                 block ? ts_node_start_byte(body) : first_line_end(node));
    if (block) python_docstring(body, entity);
    entities_.push_back(std::move(entity));
  }

  /// The lines of an entity: out to the wrappers around it, and up over what belongs to it.
  void locate(TSNode node, Entity& entity) {
    entity.begin = ts_node_start_byte(node);
    entity.end = ts_node_end_byte(node);
    for (auto above = path_.rbegin(); above != path_.rend(); ++above) {
      const NodeRule* rule = rule_of(*above);
      const bool carries = rule != nullptr && (rule->role == Role::wrapper ||
                                               (rule->role == Role::binding && entity.is_type));
      if (!carries || !begins_with(*above, entity.begin)) break;
      entity.begin = ts_node_start_byte(*above);
      entity.end = ts_node_end_byte(*above);
    }
    while (entity.end > entity.begin && is_space(text_[entity.end - 1])) --entity.end;
    take_leading(entity);
  }

  /// Whether what begins at `begin` is what the wrapper is about: nothing else of a kind that
  /// could have come before it did.
  bool begins_with(TSNode wrapper, std::uint32_t begin) const {
    const std::uint32_t count = std::min(ts_node_named_child_count(wrapper), 8U);
    for (std::uint32_t i = 0; i < count; ++i) {
      const TSNode child = ts_node_named_child(wrapper, i);
      if (ts_node_end_byte(child) > begin) return true;
      const NodeRule* rule = rule_of(child);
      if (rule != nullptr && rule->role != Role::comment && rule->role != Role::attribute) {
        return false;
      }
    }
    return true;
  }

  void take_leading(Entity& entity) {
    const std::uint32_t code_begin = entity.begin;
    std::uint32_t doc_begin = code_begin;
    std::uint32_t doc_end = code_begin;
    auto next = std::upper_bound(
        leading_.begin(), leading_.end(), entity.begin,
        [](std::uint32_t begin, const Leading& item) { return begin < item.begin; });
    while (next != leading_.begin()) {
      const Leading& item = *--next;
      if (item.end > entity.begin) continue;  // inside the entity
      std::uint32_t end = item.end;
      while (end > item.begin && is_space(text_[end - 1])) --end;
      const std::string_view gap = text_.substr(end, entity.begin - end);
      const bool near = std::all_of(gap.begin(), gap.end(), is_space) &&
                        std::count(gap.begin(), gap.end(), '\n') <= 1;
      if (!near || !starts_line(item.begin)) break;
      if (item.comment) {
        if (doc_begin == code_begin) doc_end = end;
        doc_begin = item.begin;
      }
      entity.begin = item.begin;
    }
    if (doc_begin < code_begin) comment_into(doc_begin, doc_end, entity);
  }

  void comment_into(std::uint32_t begin, std::uint32_t end, Entity& entity) {
    std::string raw;
    for (auto item = std::lower_bound(
             leading_.begin(), leading_.end(), begin,
             [](const Leading&a, std::uint32_t position) { return a.begin < position; });
         item != leading_.end() && item->begin < end; ++item) {
      if (!item->comment) continue;
      raw += text_.substr(item->begin, item->end - item->begin);
      if (!raw.ends_with('\n')) raw += '\n';
    }
    entity.docstring = clean_comment(raw);
  }

  bool starts_line(std::uint32_t position) const {
    while (position > 0 && text_[position - 1] != '\n') {
      if (!is_space(text_[--position])) return false;
    }
    return true;
  }

  void python_docstring(TSNode body, Entity& entity) const {
    if (grammar_.language != "python") return;
    const std::uint32_t count = std::min(ts_node_named_child_count(body), 4U);
    for (std::uint32_t i = 0; i < count; ++i) {
      TSNode child = ts_node_named_child(body, i);
      const NodeRule* rule = rule_of(child);
      if (rule != nullptr && rule->role == Role::comment) continue;
      if (std::string_view(ts_node_type(child)) == "expression_statement") {
        child = ts_node_named_child(child, 0);
      }
      if (ts_node_is_null(child) || std::string_view(ts_node_type(child)) != "string") return;
      entity.docstring = clean_python_docstring(node_text(text_, child));
      return;
    }
  }

  std::uint32_t first_line_end(TSNode node) const {
    const auto line_end = text_.find('\n', ts_node_start_byte(node));
    return static_cast<std::uint32_t>(std::min<std::size_t>(line_end, ts_node_end_byte(node)));
  }

  std::string signature(std::uint32_t begin, std::uint32_t end) const {
    std::string result;
    for (; begin < end && result.size() < kMaxSignature; ++begin) {
      const char c = text_[begin];
      if (!is_space(c)) {
        result += c;
      } else if (!result.empty() && result.back() != ' ') {
        result += ' ';
      }
    }
    while (begin < end && (static_cast<unsigned char>(text_[begin]) & 0xC0U) == 0x80U) {
      result += text_[begin++];  // a character is never cut
    }
    while (!result.empty() && (result.back() == ' ' || result.back() == '{')) result.pop_back();
    return result;
  }

  std::string_view text_;
  const Grammar& grammar_;
  const std::vector<const NodeRule*>& rules_;
  std::vector<TSNode> path_;  ///< from the root to the current node's parent
  std::vector<Scope> scopes_;
  std::vector<Leading> leading_;
  std::vector<Entity> entities_;
  std::string qualified_;
  bool in_type_ = false;
  std::uint32_t function_depth_ = 0;
};

struct Deleter {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
  void operator()(TSTree* tree) const { ts_tree_delete(tree); }
};

const char* read_text(void* payload, std::uint32_t offset, TSPoint, std::uint32_t* size) {
  const auto& text = *static_cast<const std::string_view*>(payload);
  *size = offset < text.size() ? static_cast<std::uint32_t>(text.size() - offset) : 0;
  return *size == 0 ? "" : text.data() + offset;
}

struct Job {
  TSParser* parser = nullptr;
  std::string_view text;
  double max_seconds = 0;  ///< of the thread's own time: other work does not count
  double started = 0;
  TSTree* tree = nullptr;
};

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void* parse(void* payload) {
  Job& job = *static_cast<Job*>(payload);
  job.started = thread_seconds();
  const TSParseOptions options{&job, [](TSParseState* state) {
                                 const Job& running = *static_cast<Job*>(state->payload);
                                 return thread_seconds() - running.started > running.max_seconds;
                               }};
  const TSInput input{&job.text, read_text, TSInputEncodingUTF8, nullptr};
  job.tree = ts_parser_parse_with_options(job.parser, nullptr, input, options);
  ts_parser_reset(job.parser);
  return nullptr;
}

/// The parser frees its stack by recursion, as deep as a text nests: on a text long enough to
/// overflow the usual 8 MB it runs on a stack made for the worst case, of which only the pages
/// that are touched take memory. @return false if there is no such stack to be had
bool parse_on_deep_stack(Job& job) {
  constexpr std::size_t kSmallText = 16'384;
  constexpr std::size_t kLargestText = std::size_t{4} << 20U;
  constexpr std::size_t kBytesPerCharacter = 512;  // five times what was measured
  if (job.text.size() <= kSmallText) return parse(&job) == nullptr;
  if (job.text.size() > kLargestText) return false;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_t thread{};
  const bool started =
      pthread_attr_setstacksize(&attributes, job.text.size() * kBytesPerCharacter) == 0 &&
      pthread_create(&thread, &attributes, parse, &job) == 0;
  pthread_attr_destroy(&attributes);
  return started && pthread_join(thread, nullptr) == 0;
}

}  // namespace

std::optional<std::vector<Entity>> outline(std::string_view text, const Grammar& grammar,
                                           double max_seconds) {
  // A parser is kept per thread: making one costs more than parsing a small file.
  thread_local const std::unique_ptr<TSParser, Deleter> parser(ts_parser_new());
  ts_parser_set_language(parser.get(), grammar.tree_sitter());
  // Ten times what real files take; recovery from errors in deep nesting would take minutes.
  if (max_seconds <= 0) max_seconds = 0.25 + 3e-6 * static_cast<double>(text.size());
  Job job{parser.get(), text, max_seconds};
  if (!parse_on_deep_stack(job) || job.tree == nullptr) return std::nullopt;
  const std::unique_ptr<TSTree, Deleter> tree(job.tree);
  return Outliner(text, grammar).run(ts_tree_root_node(tree.get()));
}

}  // namespace spencer
