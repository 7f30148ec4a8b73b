"""Texts like the queries of a code search, out of sources: sentences of docstrings and comments,
and names of functions in words. They have no code of their own; distillation needs none."""

import ast
import itertools
import re

from corpus.functions import WORD, definitions, is_special, plain_text, summary

MIN_WORDS, MAX_WORDS, MAX_CHARACTERS = 3, 30, 200

CODE_OR_MARKUP = re.compile(r"[=\[\]{}<>;|\\@$#*~^]|\w\(|--|::|\.\.|https?:")
NOTICE = re.compile(r"copyright|licen[sc]e|warrant|noqa|pylint|pragma|mypy|isort|fixme|todo|xxx|"
                    r"type: ignore|coding:", re.I)
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SENTENCE_END = re.compile(r"(?<=[a-z)])[.!?](?=\s+[A-Z]|$)")


def is_query_like(text):
    return (text.isascii() and len(text) <= MAX_CHARACTERS
            and MIN_WORDS <= len(WORD.findall(text)) <= MAX_WORDS
            and not CODE_OR_MARKUP.search(text) and not NOTICE.search(text)
            and sum(c.isalpha() or c.isspace() for c in text) >= 0.85 * len(text))


def first_sentence(text):
    return SENTENCE_END.split(text, maxsplit=1)[0].strip()


def name_in_words(scope, name):
    """parseHTTPHeader: parse http header; a short name of a method takes its class along."""
    words = NAME_PART.findall(name)
    if len(words) < MIN_WORDS and scope:
        words += NAME_PART.findall(scope[-1])
    return " ".join(words).lower()


def comments(source):
    """The whole-line comments, those on lines that follow each other as one."""
    lines = map(str.strip, source.split("\n"))
    for is_comment, block in itertools.groupby(lines, lambda line: line.startswith("#")):
        if is_comment:
            yield " ".join(line.lstrip("#!: ") for line in block)


def of_source(source, tree):
    """Query-like texts of a file, some of them more than once."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield first_sentence(summary(docstring))
    for comment in comments(source):
        yield first_sentence(plain_text(comment))
    for scope, node in definitions(tree):
        if not is_special(node.name):
            yield name_in_words(scope, node.name)


def of_description(text):
    """Titles and sentences of a package's own description."""
    for paragraph in re.split(r"\n\s*\n", text):
        for sentence in SENTENCE_END.split(plain_text(paragraph.lstrip("#= "))):
            yield sentence.strip()


def normalised(text):
    return " ".join(WORD.findall(text.lower()))
