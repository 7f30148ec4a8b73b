#!/usr/bin/env python3
"""What an encoder's exits cost: the time to encode texts at each, beside the share of layers.

Usage: bench_exits.py --program BUILD/tests/model/encode_lines --model MODEL --texts FILE
           --exits 2,4,6 [--count 500] [--length 256] [--threads 2] [--repeats 5]
           [--precision float32|auto]

FILE is CoSQA's code_idx_map.txt, also gzipped, or a JSON list of texts. The passes of all exits are
interleaved; the times are medians.
"""

import argparse
import json
import pathlib
import statistics
import tempfile

from bench_encoders import QUERY, QUERY_REPEATS, Spencer, read_texts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--exits", required=True, type=lambda s: [int(n) for n in s.split(",")])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--precision", choices=["float32", "auto"], default="float32")
    args = parser.parse_args()

    texts = read_texts(args.texts, args.count)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "texts.json").write_text(json.dumps(texts))
        systems = {exit_layer: Spencer(args, args.precision, folder / "texts.json", folder,
                                       exit_layer) for exit_layer in args.exits}
        for system in systems.values():  # warm-up: kernels are compiled, weights are read
            system.timed("all")
            system.timed(QUERY)
        passes = {exit_layer: [] for exit_layer in systems}
        queries = {exit_layer: [] for exit_layer in systems}
        for _ in range(args.repeats):
            for exit_layer, system in systems.items():
                passes[exit_layer].append(system.timed("all"))
        for _ in range(QUERY_REPEATS):
            for exit_layer, system in systems.items():
                queries[exit_layer].append(system.timed(QUERY))
        for system in systems.values():
            system.process.communicate()

    def medians(times):
        return [statistics.median(column) for column in zip(*times)]

    deepest = max(args.exits)
    whole = medians(passes[deepest])
    print(f"{len(texts)} texts, length {args.length}, {args.threads} threads, {args.precision}, "
          f"medians of {args.repeats} interleaved passes")
    print(f"{'exit':>4}{'of layers':>11}{'seconds':>9}{'of deepest':>12}{'CPU-s':>8}"
          f"{'of deepest':>12}{'query ms':>10}")
    for exit_layer in args.exits:
        wall, cpu = medians(passes[exit_layer])
        query = 1000 * medians(queries[exit_layer])[0]
        print(f"{exit_layer:4}{exit_layer / deepest:11.2f}{wall:9.2f}{wall / whole[0]:12.2f}"
              f"{cpu:8.2f}{cpu / whole[1]:12.2f}{query:10.2f}")


if __name__ == "__main__":
    main()
