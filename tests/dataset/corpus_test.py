"""Tests of what scripts/make_corpus.py takes from sources: corpus_test.py SCRIPTS"""

import pathlib
import random
import sys
import unittest

sys.path.insert(0, sys.argv.pop(1))
from corpus import duplicates, files, functions, other_languages, queries, twins  # noqa: E402

SOURCE = '''
class Reader:
    @cached
    def parseHeader(self, line):
        """Parse a header line.

        Longer text.
        """
        # strip the line
        def inner():
            """An inner function."""
        return line, inner

    def one_line(self): "Shares its line."; return 1

if WINDOWS:
    async def wait(n):
        text = """
left of the function"""
        return text * n
'''


def of(source):
    return list(functions.functions(source, functions.parse(source)))


VOCABULARY = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]

TWINNED = '''
def summed(items, *, start=0, **options):
    # adds up what can be read
    total, bad = start, []
    def read(item, base=10):
        """An inner function."""
        nonlocal total
        total += int(item, base)
    for item in items:
        try:
            read(item, base=options.get("base", 10))
        except ValueError as error:
            bad.append(f"{item}: {type(error).__name__}")
    return total, bad, [x for x in sorted(bad, key=lambda text: -len(text))]
'''


class TwinsTest(unittest.TestCase):
    def run_function(self, code, *args, **options):
        names = {}
        exec(code, names)
        return next(f for n, f in names.items() if n != "__builtins__")(*args, **options)

    def test_a_twin_does_the_same_under_other_names(self):
        twin = twins.rewritten(TWINNED, VOCABULARY * 4 + ["iota", "kappa", "lambda_"], "seed")
        for name in ("summed", "items", "total", "bad", "error", "#", "An inner"):
            self.assertNotIn(name, twin)
        self.assertIn("base=", twin)  # a keyword of a call stays
        for items, options in ((["1", "x", "f0"], {}), (["f", "yy", "z"], {"base": 16})):
            self.assertEqual(self.run_function(TWINNED, items, **options),
                             self.run_function(twin, items, **options))
        self.assertEqual(twin, twins.rewritten(
            TWINNED, VOCABULARY * 4 + ["iota", "kappa", "lambda_"], "seed"))

    def test_what_reads_names_at_run_time_has_no_twin(self):
        for body in ("return locals()", "global x; x = a", "exec(a)", "class B: c = a"):
            self.assertIsNone(twins.rewritten(f"def f(a, b):\n    {body}\n", VOCABULARY, "seed"))


class OtherLanguagesTest(unittest.TestCase):
    def test_rust_functions_end_with_their_braces(self):
        source = """
/// Doubles.
pub fn double<'a>(x: &'a str) -> String {
    // it may hold a "}"
    let brace = '}'; let text = "{";
    format!("{x}{x}")
}
trait Shape { fn area(&self) -> f64; }
    pub(crate) fn inner() { loop { break } }
"""
        found = dict(other_languages.rust_functions(source))
        self.assertEqual(list(found), ["double", "inner"])
        self.assertEqual(found["double"], """pub fn double<'a>(x: &'a str) -> String {
    let brace = '}'; let text = "{";
    format!("{x}{x}")
}
""")

    def test_cython_functions_end_where_the_indentation_does(self):
        source = '''
cdef class Reader:
    pass

cpdef object first(object items,
                   int count=1
):
    """
    The first of them.
    """
    return next(iter(items))

cdef object c_last(object items):
    return items[-1]
'''
        found = dict(other_languages.cython_functions(source))
        self.assertEqual(list(found), ["first", "last"])
        self.assertEqual(found["first"], "cpdef object first(object items,\n"
                         "                   int count=1\n):\n    return next(iter(items))\n")


class FunctionsTest(unittest.TestCase):
    def test_takes_functions_and_methods_but_no_inner_ones(self):
        parse, wait = of(SOURCE)
        self.assertEqual(parse.name, "Reader.parseHeader")
        self.assertEqual((parse.first_line, parse.last_line), (4, 12))
        self.assertEqual(parse.docstring, "Parse a header line.\n\nLonger text.")
        self.assertTrue(parse.source.startswith('def parseHeader(self, line):\n    """Parse a'))
        self.assertEqual(parse.code, "def parseHeader(self, line):\n    # strip the line\n"
                         '    def inner():\n        """An inner function."""\n'
                         "    return line, inner\n")
        self.assertEqual(parse.code_tokens[:8],
                         ["def", "parseHeader", "(", "self", ",", "line", ")", ":"])
        self.assertNotIn("# strip the line", parse.code_tokens)
        self.assertEqual((wait.name, wait.docstring), ("wait", ""))
        self.assertEqual(wait.code, 'async def wait(n):\n    text = """\n'
                         'left of the function"""\n    return text * n\n')

    def test_leaves_out_what_does_nothing(self):
        for body in ('"""Sorts."""', "pass", "...", "raise NotImplementedError('later')",
                     '"""Sorts."""\n  raise NotImplementedError'):
            self.assertEqual(of("def f():\n  " + body), [], body)
        self.assertEqual(len(of("def f():\n  raise\ndef g():\n  raise ValueError(1)")), 2)

    def test_reads_declared_encodings_and_refuses_what_it_cannot_read(self):
        latin = "# -*- coding: latin-1 -*-\nname = 'é'\r\n"
        self.assertEqual(functions.read_source(latin.encode("latin-1")),
                         latin.replace("\r\n", "\n"))
        self.assertIsNone(functions.read_source(b"name = '\xff'\n"))
        self.assertIsNone(functions.parse("print 'old'"))

    def test_leaves_out_tests_and_copies(self):
        self.assertTrue(functions.is_own_source("json/decoder.py"))
        for path in ("json/tests/x.py", "pip/_vendor/rich/box.py", "test_json.py", "a_pb2.py",
                     "json/data.txt"):
            self.assertFalse(functions.is_own_source(path), path)


class SummaryTest(unittest.TestCase):
    def test_ends_at_paragraphs_fields_and_sections(self):
        for end in ("\n\nMore.", "\n:param x: it", "\nArgs:\n  x", "\n>>> f()", "\n-----"):
            self.assertEqual(functions.summary("Sort\nthe list." + end), "Sort the list.")

    def test_loses_markup(self):
        self.assertEqual(functions.summary("Get a :class:`~a.b.Model` of ``x`` from `here <u>`_:"),
                         "Get a Model of x from here")

    def test_what_describes(self):
        self.assertTrue(functions.is_description("Sort the list."))
        for text in ("Sort it", "See the other one there.", "f(a, b, c) -> value",
                     "Read from https://a.b or so", "Größe der Datei lesen",
                     "a = b + c - d * [e]"):
            self.assertFalse(functions.is_description(text), text)

    def test_what_makes_a_pair(self):
        body = '    """Sort the whole list."""\n    x = sorted(y)\n    return x\n'
        self.assertTrue(functions.is_pair(*of("def latest(y):\n" + body)))
        for name in ("__len__", "test_it", "check_test", "testIt"):
            self.assertFalse(functions.is_pair(*of(f"def {name}(y):\n" + body)), name)
        self.assertFalse(functions.is_pair(*of(
            'def f(y):\n    """Sort the whole list."""\n    # note\n    return sorted(y)\n')))


class DuplicatesTest(unittest.TestCase):
    def test_counts_repeated_tokens(self):
        self.assertEqual(duplicates.multiset(["a", "(", "a", "b"]),
                         {("a", 0), ("a", 1), ("b", 0)})

    def test_threshold(self):
        words = list("abcdefghij")
        one_other, two_others = words[:9] + ["x"], words[:8] + ["x", "y"]  # 9/11 and 8/12 of each
        self.assertEqual(duplicates.first_of_each([words, one_other, two_others]), [0, 2])

    def test_finds_what_comparing_all_with_all_finds(self):
        choose = random.Random(3)
        lists = [[choose.choice("abcdef") for _ in range(choose.randint(1, 9))]
                 for _ in range(300)]
        sets, kept = [duplicates.multiset(tokens) for tokens in lists], []
        for i, a in enumerate(sets):
            if not any(len(a & sets[k]) >= 0.8 * len(a | sets[k]) for k in kept):
                kept.append(i)
        self.assertEqual(duplicates.first_of_each(lists), kept)
        self.assertLess(len(kept), 250)


class QueriesTest(unittest.TestCase):
    def test_names_in_words(self):
        self.assertEqual(queries.name_in_words((), "parseHTTPHeader"), "parse http header")
        self.assertEqual(queries.name_in_words(("HttpClient",), "close"), "close http client")
        self.assertEqual(queries.name_in_words(("C",), "_read_json_file2"), "read json file 2")

    def test_sentences_of_docstrings_comments_and_names(self):
        texts = list(queries.of_source(SOURCE + "# First part\n# of a note. Second.\n",
                                       functions.parse(SOURCE)))
        for text in ("Parse a header line", "strip the line", "First part of a note",
                     "parse header reader"):
            self.assertIn(text, texts)

    def test_what_is_like_a_query(self):
        self.assertTrue(queries.is_query_like("parse a header line"))
        for text in ("read it", "return foo(x) if y", "Copyright of the authors", "x = y or z",
                     "word " * 31):
            self.assertFalse(queries.is_query_like(text), text)


class FilesTest(unittest.TestCase):
    def test_begin_after_the_notices(self):
        code = "import os\n\n# a note\n" + "x = 1\n" * 100
        self.assertEqual(files.beginning("#!/bin/python\n# Copyright\n\n  # of all\n" + code), code)
        self.assertEqual(files.beginning(code), code)

    def test_are_cut_and_short_ones_left_out(self):
        self.assertIsNone(files.beginning("# a long notice\n" * 100 + "x = 1\n"))
        self.assertEqual(files.beginning("x = 42\n\n" * 1000), "x = 42\n\n" * 500)


if __name__ == "__main__":
    unittest.main()
