#!/usr/bin/env python3
"""One cold search, process start to answer, beside a program that only loads libtorch.

Usage: bench_cold_start.py --spencer BUILD/tools/spencer --torch TORCH_FOLDER --model MODEL
           --tree INDEXED_TREE [--query TEXT] [--repeats 15]

Compares, in interleaved runs: an empty program linked with libtorch_cpu, `spencer search`, Python
with ONNX Runtime, and Python with sentence-transformers. The Python programs encode the query and
rank as many vectors as the index holds; spencer also opens its index and prints the code it found.
"Cold" is a fresh process: files are in the page cache. Medians of wall clock and of CPU seconds,
which a busy machine distorts less. Makes its own environment (scripts/requirements/bench.txt) on
the first run.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from bench_encoders import enter_environment, export_onnx

WITH_ONNX_RUNTIME = """
import sys
import numpy as np, onnxruntime
from tokenizers import Tokenizer
model, graph, vectors, query = sys.argv[1:]
encoding = Tokenizer.from_file(model + "/tokenizer.json")
encoding.no_padding()
ids = np.array([encoding.encode(query).ids], np.int64)
session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
found = session.run(None, {"ids": ids, "mask": np.ones_like(ids)})[0][0]
scores = np.load(vectors) @ found
print(np.argsort(-scores)[:10])
"""

WITH_SENTENCE_TRANSFORMERS = """
import sys
import numpy as np
from sentence_transformers import SentenceTransformer
model, graph, vectors, query = sys.argv[1:]
found = SentenceTransformer(model, device="cpu").encode(query)
scores = np.load(vectors) @ found
print(np.argsort(-scores)[:10])
"""


def build_empty_program(torch, folder):
    """A main() without a statement, for which the loader still brings libtorch's CPU library in."""
    source, program = folder / "empty.cpp", folder / "empty"
    source.write_text("int main() {}\n")
    libraries = pathlib.Path(torch) / "lib"
    subprocess.run(["c++", "-O2", source, "-o", program, "-Wl,--no-as-needed",
                    "-Wl,--disable-new-dtags", f"-Wl,-rpath,{libraries}", libraries / "libtorch_cpu.so",
                    libraries / "libc10.so", "-Wl,--allow-shlib-undefined"], check=True)
    return program


def timed(command):
    """Wall and CPU seconds of a process, from start to end."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def medians(values):
    return [statistics.median(column) for column in zip(*values)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spencer", required=True)
    parser.add_argument("--torch", required=True, help="the torch package folder, with lib/")
    parser.add_argument("--model", required=True)
    parser.add_argument("--tree", required=True, help="a tree with an index by the same model")
    parser.add_argument("--query", default="retry a request after the connection was lost")
    parser.add_argument("--repeats", type=int, default=15)
    args = parser.parse_args()
    enter_environment()
    import numpy as np

    manifest = next(pathlib.Path(args.tree, ".spencer").glob("gen-*/manifest.json"))
    records = json.loads(manifest.read_text())["records"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        graph, vectors = str(folder / "model.onnx"), str(folder / "vectors.npy")
        export_onnx(args.model, graph)
        np.save(vectors, np.random.default_rng(0).standard_normal((records, 384), np.float32))
        inputs = [args.model, graph, vectors, args.query]
        commands = {
            "empty program with libtorch": [build_empty_program(args.torch, folder)],
            "spencer --version": [args.spencer, "--version"],
            "spencer search": [args.spencer, "search", args.query, args.tree],
            "Python, ONNX Runtime": [sys.executable, "-c", WITH_ONNX_RUNTIME, *inputs],
            "Python, sentence-transformers": [sys.executable, "-c", WITH_SENTENCE_TRANSFORMERS,
                                              *inputs],
        }
        times = {name: [] for name in commands}
        for repeat in range(args.repeats + 1):
            for name, command in commands.items():
                took = timed(command)
                if repeat > 0:  # the first round fills the page cache
                    times[name].append(took)
    base_wall, base_cpu = medians(times["empty program with libtorch"])
    print(f"index of {records} records, medians of {args.repeats} interleaved runs; seconds, and "
          "seconds above the empty program")
    print(f"{'':32}{'wall':>9}{'':>9}{'CPU':>9}")
    for name, values in times.items():
        wall, cpu = medians(values)
        print(f"{name:32}{wall:9.3f}{wall - base_wall:+9.3f}{cpu:9.3f}{cpu - base_cpu:+9.3f}")


if __name__ == "__main__":
    main()
