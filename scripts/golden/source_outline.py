#!/usr/bin/env python3
"""Writes tests/data/source/outline.json: the functions of real files as other programs see them,
Python's own parser for Python, TypeScript's for JavaScript and TypeScript, Universal Ctags for the
rest. Needs Debian's universal-ctags and node-typescript, and what scripts/fetch_test_sources.sh
fetches.

An entry is [name, line of the declaration, last line or null, scope or null] and, for Python, the
docstring's first line. Properties of C# are left out: ctags does not tell those with code."""

import ast
import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = Path(os.environ.get("SPENCER_DEPS", ROOT / ".deps")) / "sources"
FILES = """
itsdangerous/serializer.py itsdangerous/signer.py itsdangerous/timed.py itsdangerous/exc.py
jep/src/main/java/jep/NDArray.java jep/src/main/java/jep/ClassList.java
jep/src/main/java/jep/Interpreter.java jep/src/main/java/jep/python/InvocationHandler.java
lru-cache/index.js eventemitter2/lib/eventemitter2.js
lab-git/src/utils.ts lab-git/src/taskhandler.ts lab-git/src/model.ts
lab-git/src/components/CommitBox.tsx lab-git/src/components/GitStash.tsx
errors/errors.go errors/stack.go errors/format_test.go
parsedown/Parsedown.php psr-log/LoggerTrait.php psr-log/AbstractLogger.php
slop/lib/slop/option.rb slop/lib/slop/options.rb slop/lib/slop/parser.rb slop/lib/slop/types.rb
slop/lib/slop.rb
jep/src/main/c/Objects/pyjlist.c jep/src/main/c/Jep/convert_j2p.c jep/src/main/c/Jep/pyembed.c
fasttext/src/dictionary.cc fasttext/src/dictionary.h fasttext/src/loss.cc fasttext/src/loss.h
fasttext/src/utils.h fasttext/src/main.cc
semver/src/lib.rs semver/src/identifier.rs semver/src/parse.rs semver/src/error.rs
pythonnet/src/runtime/finalizer.cs pythonnet/src/runtime/pyscope.cs
pythonnet/src/runtime/classobject.cs pythonnet/src/runtime/exceptions.cs
""".split()
FUNCTION_KINDS = {"function", "func", "method", "singletonMethod", "generator", "constructor",
                  "getter", "setter"}


def python_functions(path):
    def visit(node, scope):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                doc = (ast.get_docstring(child) or "").split("\n")[0]
                yield [child.name, child.lineno, child.end_lineno, scope, doc]
                yield from visit(child, child.name)
            elif isinstance(child, ast.ClassDef):
                yield from visit(child, child.name)
            else:
                yield from visit(child, scope)

    return list(visit(ast.parse(path.read_text(encoding="utf-8")), None))


def last_part(scope):
    for mark in ("::", "\\"):
        scope = scope.replace(mark, ".")
    return scope.split(".")[-1]


def ctags_functions(path):
    output = subprocess.run(
        ["ctags", "--sort=no", "-f", "-", "--output-format=json", "--fields=+neKSZ", str(path)],
        check=True, capture_output=True, text=True, cwd=path.parent).stdout
    result = []
    for line in output.splitlines():
        tag = json.loads(line)
        anonymous = tag["name"].startswith(("AnonymousFunction", "anonymousFunction", "__anon"))
        if tag.get("kind") not in FUNCTION_KINDS or anonymous:
            continue
        scope = tag.get("scope")
        if tag.get("scopeKind") in {"package", "namespace", None}:
            scope = None
        result.append([tag["name"], tag["line"], tag.get("end"), scope and last_part(scope)])
    return sorted(result, key=lambda entry: (entry[1], entry[0]))


def typescript_functions(path):
    script = Path(__file__).with_name("typescript_outline.js")
    output = subprocess.run(["node", str(script), str(path)], check=True, capture_output=True)
    return json.loads(output.stdout)[str(path)]


def functions_of(path):
    if path.suffix == ".py":
        return python_functions(path)
    if path.suffix in {".js", ".ts", ".tsx"}:
        return typescript_functions(path)
    return ctags_functions(path)


def main():
    outline = {name: functions_of(SOURCES / name) for name in FILES}
    lines = [f"{json.dumps(name)}: {json.dumps(entries)}" for name, entries in outline.items()]
    target = ROOT / "tests/data/source/outline.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{sum(map(len, outline.values()))} functions in {len(outline)} files")


main()
