#!/usr/bin/env python3
"""Scores `spencer search` on whole repositories: nDCG@10 over annotated queries.

Usage: bench_repo_search.py SPENCER DATA TREES [--out FILE] [-- search options...]

DATA holds repos.json and one NAME.json per repository (a list of {"query", "relevant",
"secondary", "category"}); TREES holds the unpacked source trees, NAME-VERSION or likewise.
Two figures, as the published benchmark has them: `chunk` takes the first 10 results as they come,
`file` the distinct files among the first 50.
"""

import argparse
import json
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def same_path(a, b):
    return a == b or a.endswith("/" + b) or b.endswith("/" + a)


def matches(result, target):
    if not same_path(result["path"], target["path"]):
        return False
    if "start_line" not in target:
        return True
    return result["start_line"] <= target["end_line"] and target["start_line"] <= result["end_line"]


def ndcg(results, targets):
    """Targets first matched by one and the same result count once."""
    ranks = {
        next((i for i, r in enumerate(results[:10], 1) if matches(r, t)), None) for t in targets
    }
    gain = sum(1 / math.log2(rank + 1) for rank in ranks if rank)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(targets)) + 1))
    return gain / ideal if ideal else 0.0


def distinct_files(results):
    seen = {}
    for result in results[:50]:
        seen.setdefault(result["path"], {"path": result["path"], "start_line": 0, "end_line": 1 << 30})
    return list(seen.values())


def targets_of(annotation):
    both = annotation.get("relevant", []) + annotation.get("secondary", [])
    return [{"path": t} if isinstance(t, str) else t for t in both]


def search(program, root, query, options):
    done = subprocess.run(
        [program, "search", "--json", "-k", "50", *options, "--", query, str(root)],
        capture_output=True, text=True, check=False,
    )
    if done.returncode not in (0, 1):
        sys.exit(f"{root}: {query}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def find_tree(trees, name):
    found = sorted(p for p in trees.iterdir() if p.is_dir() and p.name.startswith((name, "lib" + name)))
    return found[0] if found else sys.exit(f"no source tree of {name} in {trees}")


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spencer")
    parser.add_argument("data", type=Path)
    parser.add_argument("trees", type=Path)
    parser.add_argument("--out", type=Path, help="write every query's figures as JSON")
    parser.add_argument("options", nargs="*", help="after --: options for spencer search")
    arguments = parser.parse_args()

    rows, everything = [], []
    for repository in json.loads((arguments.data / "repos.json").read_text())["repos"]:
        name, prefix = repository["name"], repository["benchmark_root"].strip("/")
        root = find_tree(arguments.trees, name) / prefix
        subprocess.run([arguments.spencer, "index", "--quiet", str(root)], check=True)
        annotations = json.loads((arguments.data / f"{name}.json").read_text())
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(
                lambda a, r=root: search(arguments.spencer, r, a["query"], arguments.options),
                annotations))
        for annotation, answer in zip(annotations, answers):
            for result in answer:
                result["path"] = f"{prefix}/{result['path']}"
            targets = targets_of(annotation)
            everything.append({
                "repository": name, "query": annotation["query"], "category": annotation["category"],
                "chunk": ndcg(answer, targets), "file": ndcg(distinct_files(answer), targets),
                "top": [f"{r['path']}:{r['start_line']} {r['name']}" for r in answer[:10]],
                "targets": [t["path"] for t in targets],
            })
        mine = [e for e in everything if e["repository"] == name]
        rows.append((name, mean(e["chunk"] for e in mine), mean(e["file"] for e in mine), len(mine)))

    print(f"{'repository':14}{'chunk':>8}{'file':>8}{'queries':>9}")
    for name, chunk, file, count in rows:
        print(f"{name:14}{chunk:8.4f}{file:8.4f}{count:9}")
    print(f"{'mean':14}{mean(r[1] for r in rows):8.4f}{mean(r[2] for r in rows):8.4f}"
          f"{len(everything):9}")
    for category in sorted({e["category"] for e in everything}):
        mine = [e for e in everything if e["category"] == category]
        print(f"  {category:12}{mean(e['chunk'] for e in mine):8.4f}"
              f"{mean(e['file'] for e in mine):8.4f}{len(mine):9}")
    if arguments.out:
        arguments.out.write_text(json.dumps(everything, indent=1))


if __name__ == "__main__":
    main()
