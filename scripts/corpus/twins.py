"""A Python function written again: other names, other layout, no comments, the same behaviour."""

import ast
import builtins
import hashlib

KEPT_NAMES = {"self", "cls", *dir(builtins)}
# With these, a name is more than a name.
REFUSED_NODES = (ast.ClassDef, ast.Match, ast.Global)
REFUSED_CALLS = {"locals", "vars", "eval", "exec"}
FEWEST_RENAMED = 2


def own_names(function):
    """The names a function binds itself, in the order they come; None if it cannot be renamed."""
    bound, kept = {}, set(KEPT_NAMES)
    for node in ast.walk(function):
        if isinstance(node, REFUSED_NODES):
            return None
        if isinstance(node, ast.Name):
            if node.id in REFUSED_CALLS:
                return None
            if isinstance(node.ctx, (ast.Store, ast.Del)):
                bound[node.id] = None
        elif isinstance(node, ast.arg):
            bound[node.arg] = None
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound[node.name] = None
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            bound[node.name] = None
        elif isinstance(node, ast.alias):
            kept.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.keyword) and node.arg:
            kept.add(node.arg)  # it may name an inner function's parameter
    return [name for name in bound if name not in kept]


class Renaming(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def renamed(self, name):
        return self.names.get(name, name)

    def visit_Name(self, node):
        node.id = self.renamed(node.id)
        return node

    def visit_arg(self, node):
        node.arg = self.renamed(node.arg)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node):
        node.name = self.renamed(node.name)
        return self.generic_visit(node)

    def visit_Nonlocal(self, node):
        node.names = [self.renamed(name) for name in node.names]
        return node

    def visit_FunctionDef(self, node):
        node.name = self.renamed(node.name)
        if ast.get_docstring(node) is not None and len(node.body) > 1:
            node.body = node.body[1:]
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef


def new_names(names, taken, vocabulary, seed):
    """Another name for each out of `vocabulary`, the same for the same seed."""
    chosen = {}
    for place, name in enumerate(names):
        for attempt in range(100):
            digest = hashlib.sha256(f"{seed} {place} {attempt}".encode()).digest()
            new = vocabulary[int.from_bytes(digest[:8], "big") % len(vocabulary)]
            if new not in taken:
                taken.add(new)
                chosen[name] = new
                break
    return chosen


def rewritten(code, vocabulary, seed):
    """The function's twin, or None if there is none that behaves the same for certain."""
    tree = ast.parse(code)
    names = own_names(tree.body[0])
    if names is None:
        return None
    used = {value for node in ast.walk(tree)
            for value in (getattr(node, "id", None), getattr(node, "arg", None),
                          getattr(node, "name", None)) if isinstance(value, str)}
    names = new_names(names, used | KEPT_NAMES, vocabulary, seed)
    if len(names) < FEWEST_RENAMED:
        return None
    return ast.unparse(Renaming(names).visit(tree)) + "\n"
