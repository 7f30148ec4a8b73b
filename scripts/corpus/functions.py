"""Documented functions out of Python sources, by CodeSearchNet's rules (Husain et al. 2019,
arXiv:1909.09436, section 2.1) and CodeXGLUE's further filters (Lu et al. 2021, arXiv:2102.04664).
Sources are parsed, never run.
"""

import ast
import dataclasses
import functools
import inspect
import io
import re
import sys
import tokenize
import warnings

MIN_CODE_LINES = 3
MIN_WORDS, MAX_TOKENS = 3, 256

SPACING = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
           tokenize.ENDMARKER}
TEST_NAME = re.compile(r"(^|_)tests?(_|\d|$)|^[tT]est(?=[A-Z])")
SKIPPED_FOLDERS = {"test", "tests", "vendor", "vendored", "_vendor", "_vendored", "extern",
                   "externals", "third_party", "thirdparty", "migrations", "site-packages",
                   "dist-packages"}
SKIPPED_FILE = re.compile(r"^(test_.*|.*_tests?|conftest|.*_pb2(_grpc)?)\.py$")

# Where a docstring's description ends: a field, a section, an example, a directive, a rule.
END_OF_SUMMARY = re.compile(
    r"^\s*([:@]\w+|>>>|\.\. |[-=~*]{3,}|```|"
    r"(args?|arguments|parameters?|params|returns?|raises|yields|examples?|notes?|usage):)", re.I)
ROLE = re.compile(r":[\w:+-]+:`~?\.?([^`<]*?)(?:\s*<[^`]*>)?`")
LINK = re.compile(r"`([^`<]+?)\s*<[^`]*>`_*")
REFUSED_SUMMARY = re.compile(
    r"https?:|www\.|<\w+[^>]*>|^(see|todo|fixme|xxx|deprecated|inherited|overrid\w+)\b|"
    r"^[\w.]+\(.*\)(\s*->.*)?$", re.I)
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
DOCSTRING_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclasses.dataclass(frozen=True)
class Function:
    name: str            # Class.method
    first_line: int      # from 1; decorators are no part of a function here
    last_line: int
    source: str          # as it stands in the file, without the outer indentation
    code: str            # the source without its docstring
    docstring: str       # the whole of it, without indentation; "" if there is none

    @functools.cached_property
    def code_tokens(self):
        """Without comments and layout; none if there is something that is no Python."""
        try:
            return [sys.intern(token.string)
                    for token in tokenize.generate_tokens(io.StringIO(self.code).readline)
                    if token.type not in SPACING]
        except (tokenize.TokenError, SyntaxError):
            return []


def is_own_source(path):
    """Python that is no test, and did not come from elsewhere or out of a generator."""
    *folders, file = path.split("/")
    return (file.endswith(".py") and not SKIPPED_FOLDERS & set(folders)
            and not SKIPPED_FILE.match(file))


def read_source(data):
    """The text of a Python file, with \\n as the only line end. None if it cannot be read."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding).read()
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return None


def parse(source):
    """The syntax tree, or None for another Python's syntax."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            return None


def definitions(node, scope=()):
    """(names of the classes around it, definition) of each function that is in no other one."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield scope, child
        elif isinstance(child, ast.ClassDef):
            yield from definitions(child, (*scope, child.name))
        elif not isinstance(child, ast.expr):
            yield from definitions(child, scope)


def is_stub(node):
    """Whether nothing is done: `pass`, `...`, a docstring, `raise NotImplementedError`."""
    return all(isinstance(statement, ast.Pass)
               or isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
               or isinstance(statement, ast.Raise)
               and "NotImplemented" in ast.unparse(statement.exc or statement)
               for statement in node.body)


def functions(source, tree):
    """The functions of a file that do something and can be cut out whole."""
    lines = source.split("\n")
    for scope, node in definitions(tree):
        if is_stub(node):
            continue
        docstring = ast.get_docstring(node, clean=False)
        body = lines[node.lineno - 1:node.end_lineno]
        code = body if docstring is None else without_docstring(node, body)
        if code:
            yield Function(".".join((*scope, node.name)), node.lineno, node.end_lineno,
                           dedent(body, node.col_offset), dedent(code, node.col_offset),
                           inspect.cleandoc(docstring or ""))


def without_docstring(node, lines):
    """None where the docstring shares a line with something else."""
    statement = node.body[0]
    first, last = statement.lineno - node.lineno, statement.end_lineno - node.lineno
    before = lines[first].encode()[:statement.col_offset]
    after = lines[last].encode()[statement.end_col_offset:].strip()
    if before.strip() or (after and not after.startswith(b"#")):
        return None
    return lines[:first] + lines[last + 1:]


def dedent(lines, columns):
    """Only where all that is cut is blank: the lines of a string may begin further left."""
    return "\n".join(line[columns:] if not line[:columns].strip() else line
                     for line in lines).rstrip() + "\n"


def code_lines(code):
    """Lines that hold more than a comment."""
    return sum(1 for line in code.split("\n") if line.strip() and not line.strip().startswith("#"))


def plain_text(text):
    """reStructuredText without its marks, on one line."""
    text = ROLE.sub(lambda role: role[1].rsplit(".", 1)[-1] if " " not in role[1] else role[1],
                    text)
    text = LINK.sub(r"\1", text).replace("`", "")
    return " ".join(text.split())


def summary(docstring):
    """The first paragraph, up to fields and sections, as plain text."""
    kept = []
    for line in docstring.split("\n"):
        if END_OF_SUMMARY.match(line) or (kept and not line.strip()):
            break
        kept.append(line)
    return plain_text("\n".join(kept)).rstrip(":")


def is_description(text):
    """English prose of a sensible length, as far as its characters tell."""
    return (text.isascii() and not REFUSED_SUMMARY.search(text)
            and len(WORD.findall(text)) >= MIN_WORDS
            and len(docstring_tokens(text)) <= MAX_TOKENS
            and sum(c.isalpha() or c.isspace() for c in text) >= 0.75 * len(text))


def docstring_tokens(text):
    return DOCSTRING_TOKEN.findall(text)


def is_special(name):
    return name.startswith("__") and name.endswith("__")


def is_pair(function):
    """Whether CodeSearchNet would take it: documented, not tiny, no test, no special method."""
    name = function.name.rsplit(".", 1)[-1]
    return (code_lines(function.code) >= MIN_CODE_LINES and not TEST_NAME.search(name)
            and not is_special(name)
            and is_description(summary(function.docstring)) and bool(function.code_tokens))
