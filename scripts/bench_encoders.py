#!/usr/bin/env python3
"""Encoding speed beside sentence-transformers and ONNX Runtime, in one run.

Usage: bench_encoders.py --program BUILD/tests/model/encode_lines --model MODEL --texts FILE
           [--count 1500] [--length 256] [--threads 2] [--repeats 3]

Makes its own environment (scripts/requirements/bench.txt) on the first run. FILE is CoSQA's
code_idx_map.txt, also gzipped, or a JSON list of texts. Every system starts from the texts, and the
passes are interleaved, so that a change in the machine's speed meets all of them. The times are
medians: wall clock, and CPU seconds of all threads, which a busy machine distorts less.
"""

import argparse
import gzip
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUERY = "how to read a json file in python"
QUERY_REPEATS = 50


def enter_environment():
    """Runs this script again inside its own environment."""
    deps = pathlib.Path(os.environ.get("SPENCER_DEPS", ROOT / ".deps"))
    home = pathlib.Path(os.environ.get("SPENCER_BENCH_VENV", deps / "bench-venv"))
    requirements = ROOT / "scripts" / "requirements" / "bench.txt"
    stamp = home / f"complete-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]}"
    python = home / "bin" / "python"
    if stamp.exists() and pathlib.Path(sys.prefix) == home:
        return
    if not python.exists():
        venv.create(home, with_pip=True)
    if not stamp.exists():
        subprocess.run([python, "-m", "pip", "install", "-q", "--require-hashes", "-r",
                        requirements], check=True)
        stamp.touch()
    os.execv(python, [str(python), *sys.argv])


def read_texts(path, count):
    data = gzip.open(path) if path.endswith(".gz") else open(path, "rb")
    content = json.load(data)
    if isinstance(content, dict):  # CoSQA: code -> index; the pool's order is that of the indices
        content = sorted(content, key=content.get)
    return content[:count]


class SentenceTransformers:
    name = "sentence-transformers float32"

    def __init__(self, args):
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(args.threads)
        self.model = SentenceTransformer(args.model, device="cpu")
        self.model.max_seq_length = args.length

    def encode(self, texts):
        return self.model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


def export_onnx(model, path):
    """The encoder with mean pooling and normalisation, as an ONNX graph."""
    import torch
    from transformers import AutoModel

    class Embedder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

        def forward(self, ids, mask):
            states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask.unsqueeze(-1).float()
            mean = (states * weights).sum(1) / weights.sum(1)
            return torch.nn.functional.normalize(mean, dim=1)

    ids = torch.randint(5, 1000, (2, 9))
    torch.onnx.export(Embedder(), (ids, torch.ones_like(ids)), path, opset_version=17,
                      input_names=["ids", "mask"], output_names=["vectors"], dynamo=False,
                      dynamic_axes={"ids": {0: "batch", 1: "tokens"},
                                    "mask": {0: "batch", 1: "tokens"}, "vectors": {0: "batch"}})


class OnnxRuntime:
    def __init__(self, args, path, batch_size):
        import onnxruntime
        from transformers import AutoTokenizer

        self.name = f"ONNX Runtime float32, batch {batch_size}"
        self.batch_size, self.length = batch_size, args.length
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = args.threads
        self.session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        self.tokenizer = AutoTokenizer.from_pretrained(args.model)

    def encode(self, texts):
        """Sorted by length, each batch padded to its longest."""
        import numpy as np

        sequences = self.tokenizer(texts, truncation=True, max_length=self.length)["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: -len(sequences[i]))
        vectors = [None] * len(texts)
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            ids = np.zeros((len(batch), len(sequences[batch[0]])), np.int64)
            mask = np.zeros_like(ids)
            for row, i in enumerate(batch):
                ids[row, : len(sequences[i])] = sequences[i]
                mask[row, : len(sequences[i])] = 1
            for row, i in zip(self.session.run(None, {"ids": ids, "mask": mask})[0], batch):
                vectors[i] = row
        return np.stack(vectors)


class Spencer:
    def __init__(self, args, precision, texts, folder, exit_layer=0):
        self.name = f"spencer {precision}"
        self.out = folder / f"{precision}-{exit_layer}.bin"
        self.process = subprocess.Popen(
            [args.program, args.model, precision, str(args.threads), str(args.length), texts,
             self.out, str(exit_layer)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def timed(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        wall, cpu = self.process.stdout.readline().split()
        return float(wall), float(cpu)

    def vectors(self, rows):
        import numpy as np

        self.process.stdin.close()
        self.process.wait()
        return np.fromfile(self.out, np.float32).reshape(rows, -1)


def timed(system, texts, command):
    if isinstance(system, Spencer):
        return system.timed(command)
    wall, cpu = time.perf_counter(), time.process_time()
    system.encode(texts)
    return time.perf_counter() - wall, time.process_time() - cpu


def table(args, texts, systems, passes, queries, cosines):
    base = {s.name: statistics.median(cpu for _, cpu in passes[s.name]) for s in systems}
    wall = {s.name: statistics.median(w for w, _ in passes[s.name]) for s in systems}
    reference = systems[0].name
    best_onnx = min((s.name for s in systems if "ONNX" in s.name), key=wall.get)
    print(f"{len(texts)} texts, length {args.length}, {args.threads} threads, "
          f"medians of {args.repeats} interleaved passes")
    print(f"{'':34}{'texts/s':>9}{'per CPU-s':>11}{'x ST':>7}{'x ORT':>7}{'(CPU)':>14}"
          f"{'query ms':>10}{'cosine mean / min':>22}")
    for system in systems:
        name = system.name
        print(f"{name:34}{len(texts) / wall[name]:9.1f}{len(texts) / base[name]:11.1f}"
              f"{wall[reference] / wall[name]:7.2f}{wall[best_onnx] / wall[name]:7.2f}"
              f"{base[reference] / base[name]:7.2f}{base[best_onnx] / base[name]:7.2f}"
              f"{1000 * statistics.median(queries[name]):10.2f}"
              f"{cosines[name].mean():13.7f}{cosines[name].min():10.6f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    enter_environment()

    texts = read_texts(args.texts, args.count)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "texts.json").write_text(json.dumps(texts))
        export_onnx(args.model, str(folder / "model.onnx"))
        systems = [SentenceTransformers(args)]
        systems += [OnnxRuntime(args, str(folder / "model.onnx"), size) for size in (8, 32)]
        systems += [Spencer(args, precision, folder / "texts.json", folder)
                    for precision in ("float32", "auto")]
        for system in systems:  # warm-up: kernels are compiled, weights are read
            timed(system, texts[:16], "all")
        passes = {system.name: [] for system in systems}
        queries = {system.name: [] for system in systems}
        for _ in range(args.repeats):
            for system in systems:
                passes[system.name].append(timed(system, texts, "all"))
        for system in systems:
            queries[system.name] = [timed(system, [QUERY], QUERY)[0]
                                    for _ in range(QUERY_REPEATS)]
        reference = systems[0].encode(texts)
        cosines = {}
        for system in systems:
            vectors = (system.vectors(len(texts)) if isinstance(system, Spencer)
                       else system.encode(texts))
            cosines[system.name] = (vectors.astype("float64") * reference).sum(1)
        table(args, texts, systems, passes, queries, cosines)


if __name__ == "__main__":
    main()
