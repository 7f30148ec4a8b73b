#!/usr/bin/env python3
"""Training throughput beside sentence-transformers' trainer, in one run.

Usage: bench_train.py --spencer BUILD/tools/spencer --model MODEL --pairs TRAIN.jsonl[.gz]
           [--batch-size 32] [--length 128] [--steps 12] [--rounds 3] [--threads 2]

Both train one tower on the same pairs by in-batch negatives (MultipleNegativesRankingLoss), each
pair once per round, in float32 and in bfloat16; the rounds are interleaved, so that a change in the
machine's speed meets all. Counted from the end of the first step to the end of the last, tokenising
included. Utilisation is 6 FLOPs per token and weight outside the embedding tables, over the speed
of a 2048^3 matrix product in the same precision on the same threads. At the start, the losses of
one and the same batch without dropout are compared. More threads than free cores slow libtorch's
OpenMP down several times over: see the load average that is printed. Makes its own environment
(scripts/requirements/bench.txt) on the first run.
"""

import argparse
import gzip
import itertools
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from bench_encoders import enter_environment

PRECISIONS = ("float32", "bfloat16")
LEARNING_RATE = 2e-5
SEED = 1


def read_pairs(path, count):
    """The first pairs of which no text occurs before, as (docstring, code)."""
    lines = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    seen, pairs = set(), []
    for record in map(json.loads, lines):
        pair = (record["docstring"], record["code"])
        if seen.isdisjoint(pair):
            seen.update(pair)
            pairs.append(pair)
        if len(pairs) == count:
            return pairs
    raise SystemExit(f"bench_train.py: {path} has {len(pairs)} pairs, {count} are needed")


def write_pairs(pairs, path):
    path.write_text("".join(json.dumps({"docstring": query, "code": code, "url": str(i)}) + "\n"
                            for i, (query, code) in enumerate(pairs)))


def without_dropout(model, folder):
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {name: 0.0 for name in config if name.endswith("dropout_prob")}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


class SentenceTransformers:
    name = "sentence-transformers"

    def __init__(self, args, precision):
        self.args, self.precision = args, precision

    def train(self, model_folder, pairs, steps):
        """(loss, seconds since the start) at the end of each step."""
        import datasets
        import torch
        import transformers
        from sentence_transformers import (SentenceTransformer, SentenceTransformerTrainer,
                                           SentenceTransformerTrainingArguments)
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        datasets.disable_progress_bars()
        transformers.logging.disable_progress_bar()
        transformers.logging.set_verbosity_error()
        torch.set_num_threads(self.args.threads)
        losses, ends = [], []

        class RecordedLoss(MultipleNegativesRankingLoss):
            def forward(self, *inputs):
                loss = super().forward(*inputs)
                losses.append(loss.item())
                return loss

        class Clock(transformers.TrainerCallback):
            def on_step_end(self, *_, **__):
                ends.append(time.perf_counter())

        model = SentenceTransformer(str(model_folder), device="cpu")
        model.max_seq_length = self.args.length
        queries, codes = zip(*pairs)
        with tempfile.TemporaryDirectory() as folder:
            options = SentenceTransformerTrainingArguments(
                folder, per_device_train_batch_size=self.args.batch_size, max_steps=steps,
                learning_rate=LEARNING_RATE, weight_decay=0.01, bf16=self.precision == "bfloat16",
                use_cpu=True, seed=SEED, save_strategy="no", logging_strategy="no",
                report_to="none", disable_tqdm=True)
            trainer = SentenceTransformerTrainer(
                model, options, datasets.Dataset.from_dict({"query": queries, "code": codes}),
                loss=RecordedLoss(model), callbacks=[Clock()])
            trainer.remove_callback(transformers.PrinterCallback)
            trainer.train()
        return list(zip(losses, ends))


class Spencer:
    name = "spencer"

    def __init__(self, args, precision):
        self.args, self.precision = args, precision

    def train(self, model_folder, pairs, steps):
        args = self.args
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_pairs(pairs, folder / "pairs.jsonl")
            subprocess.run(
                [args.spencer, "train", "dual", "--quiet", "--model", model_folder,
                 "--train", folder / "pairs.jsonl", "--output", folder / "run",
                 "--max-steps", str(steps), "--batch-size", str(args.batch_size),
                 "--query-length", str(args.length), "--code-length", str(args.length),
                 "--precision", self.precision, "--learning-rate", str(LEARNING_RATE),
                 "--threads", str(args.threads), "--seed", str(SEED), "--log-every", "1",
                 "--device", "cpu"], check=True, stdout=subprocess.DEVNULL)
            lines = map(json.loads, (folder / "run" / "metrics.jsonl").read_text().splitlines())
            return [(line["loss"], line["seconds"]) for line in lines if line["event"] == "step"]


def compare_losses(args):
    """One batch holds all the pairs, so that their order is of no account."""
    with tempfile.TemporaryDirectory() as folder:
        model = without_dropout(args.model, pathlib.Path(folder) / "model")
        pairs = read_pairs(args.pairs, args.batch_size)
        losses = {kind.name: kind(args, "float32").train(model, pairs, 1)[0][0]
                  for kind in (SentenceTransformers, Spencer)}
    print("loss of one batch, float32: " + ", ".join(
        f"{name} {loss:.6f}" for name, loss in losses.items()))


def tokens_per_pair(args, pairs):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(args.model)
    ids = tokenizer([text for pair in pairs for text in pair], truncation=True,
                    max_length=args.length)["input_ids"]
    return sum(map(len, ids)) / len(pairs)


def flops_per_token(model):
    """Of a step forward and back, without the products of attention."""
    from transformers import AutoModel

    encoder = AutoModel.from_pretrained(model, add_pooling_layer=False)
    weights = sum(p.numel() for n, p in encoder.named_parameters() if "embeddings." not in n)
    return 6 * weights


def peak_flops(precision, threads, size=2048, repeats=5):
    import torch

    torch.set_num_threads(threads)
    a, b = (torch.randn(size, size).to(getattr(torch, precision)) for _ in range(2))
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2 * size**3 / statistics.median(times[1:])


def measure(args, pairs):
    """Pairs per second of each round, and the speed of a matrix product before each."""
    systems = [kind(args, precision) for precision in PRECISIONS
               for kind in (SentenceTransformers, Spencer)]
    speeds = {(system.name, system.precision): [] for system in systems}
    peaks = {precision: [] for precision in PRECISIONS}
    for _, system in itertools.product(range(args.rounds), systems):
        peaks[system.precision].append(peak_flops(system.precision, args.threads))
        ends = [end for _, end in system.train(args.model, pairs, args.steps)]
        speeds[system.name, system.precision].append(
            (args.steps - 1) * args.batch_size / (ends[-1] - ends[0]))
    return speeds, {precision: statistics.median(values) for precision, values in peaks.items()}


def table(args, pairs, speeds, peaks):
    tokens, flops = tokens_per_pair(args, pairs), flops_per_token(args.model)
    print(f"batch {args.batch_size}, length {args.length}, {tokens:.1f} tokens a pair, "
          f"{args.threads} threads, medians of {args.rounds} interleaved rounds of {args.steps} "
          "steps")
    print("matrix product: " + ", ".join(f"{precision} {peak / 1e9:.0f} GFLOP/s"
                                         for precision, peak in peaks.items()))
    print(f"{'':34}{'pairs/s':>9}{'tokens/s':>10}{'of peak':>9}{'ratio [rounds]':>24}")
    for (name, precision), rounds in speeds.items():
        speed = statistics.median(rounds)
        ratios = [a / b for a, b in zip(rounds, speeds[SentenceTransformers.name, precision])]
        print(f"{name + ' ' + precision:34}{speed:9.2f}{speed * tokens:10.0f}"
              f"{speed * tokens * flops / peaks[precision]:9.1%}"
              f"{statistics.median(ratios):11.2f} [{min(ratios):.2f}, {max(ratios):.2f}]")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spencer", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--pairs", required=True, help="CodeSearchNet's format; make_corpus.py's")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    enter_environment()

    print(f"load average of the last minute, on {os.cpu_count()} cores: {os.getloadavg()[0]:.1f}")
    compare_losses(args)
    pairs = read_pairs(args.pairs, args.steps * args.batch_size)
    table(args, pairs, *measure(args, pairs))


if __name__ == "__main__":
    main()
