#!/usr/bin/env python3
"""Compares spencer's tokenizers with Hugging Face `tokenizers`: no id may differ.

    compare_tokenizers.py CASE --program tokenize_lines --models FOLDER [--thorough]

CASE is a name of reference_tokenizers.CASES. The texts are CoSQA's development queries and codes,
thousands of nasty strings, and code points in four surroundings; single texts and pairs are also
cut to lengths, and ids turned back to text. --thorough takes all codes and every code point; else
it is one in SHARE of them.
"""

import argparse
import gzip
import json
import random
import sys
import tempfile
from pathlib import Path

from nasty_strings import code_points, nasty_strings
from reference_tokenizers import CASES
from tokenize_client import Client

COSQA = Path(__file__).resolve().parent.parent / "data" / "cosqa"
LENGTHS = [5, 8, 9, 31, 128, 256]
SHARE = 16


def cosqa_texts():
    with gzip.open(COSQA / "code_idx_map.txt.gz", "rt", encoding="utf-8") as file:
        codes = list(json.load(file))
    queries = json.loads((COSQA / "cosqa-retrieval-dev-500.json").read_text(encoding="utf-8"))
    texts = [entry["doc"] for entry in queries]
    assert len(codes) == 6267 and len(texts) == 500
    return codes, texts


def as_text(text):
    return text if isinstance(text, str) else text.decode("utf-8", errors="replace")


class Comparison:
    def __init__(self, client, reference):
        self.client, self.reference = client, reference
        self.compared = self.different = 0
        reference.no_padding()
        reference.no_truncation()

    def check(self, what, texts, ours, expected):
        assert len(texts) == len(ours) == len(expected)
        self.compared += len(texts)
        for text, got, wanted in zip(texts, ours, expected):
            if got == wanted:
                continue
            self.different += 1
            if self.different <= 10:
                at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), "the end")
                print(f"{what}: differs at {at}\n  text {text!r:.600}\n  got  {got!r:.600}")
                print(f"  not  {wanted!r:.600}")

    def ids(self, what, texts):
        expected = self.reference.encode_batch_fast(
            [as_text(text) for text in texts], add_special_tokens=False
        )
        self.check(what, texts, self.client.ids(texts), [found.ids for found in expected])

    def cut(self, texts, pairs):
        for length in LENGTHS:
            self.reference.enable_truncation(length)
            expected = self.reference.encode_batch_fast([as_text(text) for text in texts])
            ours = self.client.encode(texts, length)
            self.check(f"cut to {length}", texts, ours, [(e.ids, e.type_ids) for e in expected])
            # The reference also makes every pair of the pieces that it cuts off: no need for many.
            short = [tuple(text[: 10 * length] for text in pair) for pair in pairs]
            expected = self.reference.encode_batch_fast([tuple(map(as_text, pair)) for pair in short])
            ours = self.client.pair(short, length)
            self.check(f"pair cut to {length}", short, ours, [(e.ids, e.type_ids) for e in expected])
        self.reference.no_truncation()

    def decode(self, lists):
        expected = self.reference.decode_batch(lists, skip_special_tokens=True)
        self.check("decode", lists, self.client.decode(lists), expected)


def run(case, program, models, one_in):
    with tempfile.TemporaryDirectory() as scratch:
        folder, reference = CASES[case](models, Path(scratch))
        comparison = Comparison(Client(program, folder), reference)
        codes, queries = cosqa_texts()
        nasty = nasty_strings(codes)
        codes = codes[::one_in]
        random_ = random.Random(7)
        comparison.ids("CoSQA", queries + codes)
        comparison.ids("nasty", nasty)
        mixed = random_.sample(codes, 100) + random_.sample(queries, 50) + random_.sample(nasty, 150)
        pairs = [(random_.choice(mixed), random_.choice(mixed)) for _ in range(300)]
        comparison.cut(mixed, pairs)
        some = reference.encode_batch_fast([as_text(text) for text in mixed])
        size = reference.get_vocab_size()
        at_random = [[random_.randrange(size) for _ in range(30)] for _ in range(200)]
        comparison.decode([found.ids for found in some] + at_random)
        comparison.ids("code points", list(code_points(one_in)))
    print(f"{case}: {comparison.compared} compared, {comparison.different} different")
    return 1 if comparison.different else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=sorted(CASES))
    parser.add_argument("--program", required=True, help="the tokenize_lines program of the build")
    parser.add_argument("--models", required=True, type=Path, help="folder of model folders")
    parser.add_argument("--thorough", action="store_true", help="every code and every code point")
    arguments = parser.parse_args()
    return run(arguments.case, arguments.program, arguments.models, 1 if arguments.thorough else SHARE)


if __name__ == "__main__":
    sys.exit(main())
