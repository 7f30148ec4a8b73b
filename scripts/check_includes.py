#!/usr/bin/env python3
"""Checks that every room includes only the rooms it may, and that public headers stay free of
the libraries they hide. The table is the architecture; docs/design.md explains it."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

ALLOWED = {
    "base": set(),
    "source": {"base"},
    "dataset": {"base"},
    "text": {"base"},
    "metrics": {"base"},
    "nn": {"base"},
    "model": {"base", "text", "nn"},
    "store": {"base", "source"},
    "index": {"base", "text", "source", "model", "store"},
    "search": {"base", "text", "source", "model", "store"},
    "eval": {"base", "text", "dataset", "metrics", "model", "search"},
    "train": {"base", "source", "text", "dataset", "model", "nn"},
    "distill": {"base", "text", "dataset", "model", "nn", "train", "eval"},
}
TORCH_ROOMS = {"nn", "model", "train", "distill"}
HIDDEN = re.compile(r"#include <(nlohmann|CLI|spdlog|faiss|sqlite3|tree_sitter|sentencepiece)")
TORCH = re.compile(r"#include <(torch|ATen|c10)/")
OURS = re.compile(r'#include "(?:spencer/)?(\w+)/')


def room_of(path):
    parts = path.relative_to(ROOT).parts
    return parts[2] if parts[0] == "include" else parts[1]


def problems_in(path):
    room = room_of(path)
    public = "include" in path.relative_to(ROOT).parts[:1]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        where = f"{path.relative_to(ROOT)}:{number}"
        ours = OURS.match(line)
        if ours and ours[1] in ALLOWED and ours[1] != room and ours[1] not in ALLOWED[room]:
            yield f"{where}: room '{room}' may not include room '{ours[1]}'"
        if public and HIDDEN.match(line):
            yield f"{where}: a public header shows a library it should hide"
        if TORCH.match(line) and room not in TORCH_ROOMS:
            yield f"{where}: room '{room}' is free of torch"


def main():
    files = [
        path
        for folder in ("include/spencer", "src")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".h", ".cpp"}
    ]
    unknown = sorted({room_of(path) for path in files} - ALLOWED.keys())
    problems = [f"room '{room}' is not in the table of check_includes.py" for room in unknown]
    for path in files:
        if room_of(path) in ALLOWED:
            problems += problems_in(path)
    print("\n".join(problems) or f"include order holds in {len(files)} files")
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
