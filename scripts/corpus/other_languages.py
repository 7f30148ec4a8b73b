"""Functions out of Rust and Cython sources, by name: as much of these languages as their own
conventions of layout tell. Comments before a function are no part of it."""

import re

RUST_FUNCTION = re.compile(r"^[ \t]*(?:pub(?:\([^)]*\))?\s+)?(?:async\s+)?fn\s+(\w+)", re.M)
RUST_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.|[^\'\\])\'|[{};]', re.S)
RUST_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n", re.M)
CYTHON_FUNCTION = re.compile(r"^(?:cpdef|cdef|def)\s+(?:inline\s+)?(?:[\w.]+\s+)?(\w+)\(", re.M)
CYTHON_DOCSTRING = re.compile(r'^[ \t]+"""(?:\\.|[^\\])*?"""[ \t]*\n', re.M | re.S)


def end_of_braces(source, start):
    """Where the block ends that begins after `start`; None for a declaration without one."""
    depth = 0
    for token in RUST_TOKEN.finditer(source, start):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                return token.end()
        elif token[0] == ";" and depth == 0:
            return None
    return None


def dedented(lines):
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] if not line[:margin].strip() else line for line in lines) + "\n"


def rust_functions(source):
    for found in RUST_FUNCTION.finditer(source):
        end = end_of_braces(source, found.end())
        if end is not None:
            code = dedented(source[found.start():end].split("\n"))
            yield found[1], RUST_COMMENT.sub("", code)


def cython_functions(source):
    """Those of the outermost level, without their docstring. What a function for Python hands on
    to its form for C, c_NAME, counts as NAME too."""
    for found in CYTHON_FUNCTION.finditer(source):
        rest = source.find("\n", found.end())
        end = re.compile(r"^(?![ \t\n)])", re.M).search(source, rest + 1)
        code = source[found.start():end.start() if end else len(source)]
        yield found[1].removeprefix("c_"), CYTHON_DOCSTRING.sub("", code, count=1).rstrip() + "\n"
