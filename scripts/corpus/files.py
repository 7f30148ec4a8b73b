"""Beginnings of source files, which say what a file is for and what of its package it imports."""

import re

LEAST_CHARACTERS, MOST_CHARACTERS = 400, 4000

COMMENTS_AT_THE_TOP = re.compile(r"\A(?:[ \t]*(?:#.*)?\n)+")


def beginning(source):
    """None of a short file. Notices at the top are left out: a licence is learnt by heart."""
    code = COMMENTS_AT_THE_TOP.sub("", source)
    return code[:MOST_CHARACTERS] if len(code) >= LEAST_CHARACTERS else None
