# Random and adversarial runs: our figures against pytrec_eval's, and our order against the tie rule.
"""usage: trec_parity.py PROBE"""
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytrec_eval

TOLERANCE = 1e-6
NAMES = {"mrr": "recip_rank", "map": "map", "map@10": "map_cut_10", "ndcg": "ndcg",
         "ndcg@1": "ndcg_cut_1", "ndcg@10": "ndcg_cut_10", "acc@1": "success_1",
         "acc@5": "success_5", "acc@10": "success_10", "recall@5": "recall_5",
         "recall@100": "recall_100"}
MEASURES = {"recip_rank", "map", "ndcg", "map_cut.10", "ndcg_cut.1,10", "success.1,5,10",
            "recall.5,100"}


def random_query(rng):
    """(run, judgements): a list of (document, score) in pool order, a dict document -> relevance."""
    size = rng.choice([1, 2, 5, 40, 300])
    scores = {
        "distinct": lambda i: rng.random(),
        "few values": lambda i: rng.randrange(4) / 4,
        "all equal": lambda i: 0.5,
        "nearly equal": lambda i: 0.5 + i * 1e-9,  # equal as float32
        "negative": lambda i: -rng.randrange(50),
        "huge": lambda i: rng.choice([3e38, -3e38, 1e30, 1e-45, -1e-45, 0.0, -0.0]),
    }[rng.choice(["distinct", "few values", "all equal", "nearly equal", "negative", "huge"])]
    documents = [f"d{i}" for i in range(size)]
    rng.shuffle(documents)  # so that the order of the names says nothing
    run = [(d, scores(i)) for i, d in enumerate(documents)]
    pool = documents + [f"missing{i}" for i in range(3)]
    right = rng.sample(pool, min(len(pool), rng.choice([1, 1, 2, 10, 100])))
    judgements = {d: rng.choice([1, 1, 2, 3]) for d in right}
    for d in rng.sample(pool, min(len(pool), 5)):
        judgements.setdefault(d, rng.choice([0, -1]))
    return run, judgements


def write(path, queries, line):
    path.write_text("".join(line(q, *entry) + "\n" for q, entries in queries.items()
                            for entry in entries))


def read_run(path):
    run = {}
    for line in path.read_text().splitlines():
        query, _, document, _, score, _ = line.split()
        run.setdefault(query, []).append((document, float(score)))
    return run


def main():
    probe = sys.argv[1]
    rng = random.Random(20240)
    runs, qrels = {}, {}
    for i in range(400):
        runs[f"q{i}"], qrels[f"q{i}"] = random_query(rng)
    for i in range(400, 410):  # judged, and not in the run at all
        qrels[f"q{i}"] = {"d1": 1}
    with tempfile.TemporaryDirectory() as folder:
        run_file, qrels_file, out_file = (Path(folder) / n for n in ("run", "qrels", "out"))
        write(run_file, runs, lambda q, d, s: f"{q} Q0 {d} 0 {s!r} t")
        write(qrels_file, {q: j.items() for q, j in qrels.items()},
              lambda q, d, r: f"{q} 0 {d} {r}")
        printed = subprocess.run([probe, run_file, qrels_file, out_file], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        rewritten = read_run(out_file)

    ours = {}
    for line in printed.splitlines():
        query, metric, value = line.split()
        ours.setdefault(query, {})[metric] = float(value)
    assert set(ours) == set(qrels)

    # The order: stable by score as float32, equal scores in pool order.
    import struct
    as_float32 = lambda x: struct.unpack("f", struct.pack("f", x))[0]
    for query, entries in runs.items():
        expected = [d for d, s in sorted(entries, key=lambda e: -as_float32(e[1]))]
        assert [d for d, _ in rewritten[query]] == expected, query

    theirs = pytrec_eval.RelevanceEvaluator(qrels, MEASURES).evaluate(
        {q: dict(entries) for q, entries in rewritten.items()})
    compared = 0
    for query, figures in ours.items():
        for metric, name in NAMES.items():
            expected = theirs.get(query, {}).get(name, 0.0)  # absent from the run: nothing found
            assert abs(figures[metric] - expected) <= TOLERANCE, (query, metric, figures, expected)
            compared += 1
        count = sum(r > 0 for r in qrels[query].values())
        if query in rewritten and count:
            evaluator = pytrec_eval.RelevanceEvaluator({query: qrels[query]}, {f"map_cut.{count}"})
            expected = evaluator.evaluate({query: dict(rewritten[query])})[query]
            assert abs(figures["map@r"] - expected[f"map_cut_{count}"]) <= TOLERANCE, query
            compared += 1
    assert compared > 4000
    print(f"{compared} figures of {len(ours)} queries equal pytrec_eval's to {TOLERANCE}")


if __name__ == "__main__":
    main()
