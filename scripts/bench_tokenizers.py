#!/usr/bin/env python3
"""Times spencer's tokenizer beside Hugging Face `tokenizers`, one thread each, in turns.

    python scripts/bench_tokenizers.py build/release/tests/text/tokenize_lines MODEL_FOLDER...

The texts are the 6,267 functions of tests/data/cosqa. Hugging Face runs `encode_batch_fast`, its
quickest call (no offsets). The figures are medians over the rounds; the ids must be equal in number.
"""

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import argparse
import gzip
import json
import statistics
import sys
import time
from pathlib import Path

from tokenizers import Tokenizer

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS / "text"))
from tokenize_client import Client  # noqa: E402


def cosqa_codes():
    with gzip.open(TESTS / "data" / "cosqa" / "code_idx_map.txt.gz", "rt", encoding="utf-8") as file:
        return list(json.load(file))


def time_reference(tokenizer, texts):
    start = time.perf_counter()
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "ids": sum(len(encoding) for encoding in encodings)}


def compare(program, folder, texts, rounds):
    client = Client(program, folder)
    start = time.perf_counter()
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    reference_load = time.perf_counter() - start
    tokenizer.no_padding()
    tokenizer.no_truncation()
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(time_reference(tokenizer, texts))
        ours.append(client.time(texts))
    assert ours[0]["ids"] == theirs[0]["ids"], (ours[0], theirs[0])
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    our_time, their_time = (
        statistics.median(run["seconds"] for run in runs) for runs in (ours, theirs)
    )
    return {
        "model": str(folder),
        "spencer_mb_per_s": round(megabytes / our_time, 1),
        "tokenizers_mb_per_s": round(megabytes / their_time, 1),
        "ratio": round(their_time / our_time, 1),
        "spencer_load_ms": round(1e3 * statistics.median(run["load"] for run in ours), 2),
        "tokenizers_load_ms": round(1e3 * reference_load, 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", help="the tokenize_lines program of the build")
    parser.add_argument("folder", nargs="+", help="model folder with a tokenizer.json")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    texts = cosqa_codes()
    for folder in arguments.folder:
        print(json.dumps(compare(arguments.program, folder, texts, arguments.rounds)))


if __name__ == "__main__":
    main()
