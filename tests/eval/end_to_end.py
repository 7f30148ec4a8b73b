# `spencer eval` from files to figures: its runs scored by pytrec_eval, its report in a browser.
"""usage: end_to_end.py SPENCER MODEL HEAD POOL
MODEL: the folder of all-MiniLM-L6-v2; HEAD: a classification head's safetensors file;
POOL: CoSQA's code_idx_map.txt.gz, for real codes."""
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytrec_eval

NAMES = {"mrr": "recip_rank", "map": "map", "ndcg@10": "ndcg_cut_10", "acc@1": "success_1",
         "acc@5": "success_5", "recall@100": "recall_100", "recall@5": "recall_5"}
HANGS = 280  # seconds after which a browser is taken to hang, below ctest's limit
MEASURES = {"recip_rank", "map", "ndcg_cut.10", "success.1,5", "recall.5,100"}


def lines(path, records):
    path.write_text("".join(json.dumps(r) + "\n" for r in records))


def make_benchmark(folder, pool):
    """A BEIR folder with every code twice (so: ties) and several, graded right answers."""
    codes = list(json.load(gzip.open(pool)))[:60]
    corpus = [{"_id": f"d {i}", "text": codes[i % 60]} for i in range(120)]
    lines(folder / "corpus.jsonl", corpus)
    queries = [codes[i].split("(")[0].removeprefix("def ").replace("_", " ") for i in range(30)]
    lines(folder / "queries.jsonl", [{"_id": f"q{i}", "text": q} for i, q in enumerate(queries)])
    (folder / "qrels").mkdir()
    rows = [f"q{i}\td {d}\t{gain}" for i in range(30)
            for d, gain in [(i + 60, 3), (i + 30, 1), ((i * 7) % 30, 2)][: 1 + i % 3]]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows))


def make_reranker(folder, model, head):
    """MiniLM under a random head: two shards of one model."""
    for name in ("tokenizer.json", "vocab.txt", "tokenizer_config.json"):
        if (model / name).exists():
            shutil.copy(model / name, folder)
    (folder / "encoder.safetensors").symlink_to(model / "model.safetensors")
    (folder / "head.safetensors").symlink_to(head)
    index = {"weight_map": {"a": "encoder.safetensors", "b": "head.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    config = json.loads((model / "config.json").read_text())
    config |= {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}
    (folder / "config.json").write_text(json.dumps(config))


def read_run(path):
    run = {}
    for line in path.read_text().splitlines():
        query, _, document, rank, score, _ = line.split()
        entries = run.setdefault(query, {})
        assert document not in entries and int(rank) == len(entries) + 1
        assert not entries or float(score) < min(entries.values()), "scores must fall"
        entries[document] = float(score)
    return run


def compare_runs(work, figures, depth):
    qrels = {}
    for line in (work / "qrels.txt").read_text().splitlines():
        query, _, document, relevance = line.split()
        qrels.setdefault(query, {})[document] = int(relevance)
    runs = {"recall": read_run(work / "run.recall.txt"), "rerank": read_run(work / "run.txt")}
    for stage, run in runs.items():
        theirs = pytrec_eval.RelevanceEvaluator(qrels, MEASURES).evaluate(run)
        for metric, name in NAMES.items():
            expected = sum(t[name] for t in theirs.values()) / len(qrels)
            ours = figures["stages"][stage][metric]
            assert abs(ours - expected) <= 1e-6, (stage, metric, ours, expected)
    for query, recall in runs["recall"].items():
        before, after = list(recall), list(runs["rerank"][query])
        assert set(before[:depth]) == set(after[:depth]) and before[depth:] == after[depth:]
    assert any(list(runs["recall"][q]) != list(runs["rerank"][q]) for q in qrels)
    # Every code stands twice in the pool, 60 places apart: the first must come first.
    for ranking in runs["recall"].values():
        order = list(ranking)
        for i in range(60):
            assert order.index(f"d%20{i}") + 1 == order.index(f"d%20{i + 60}")


def check_report(report):
    text = report.read_text(encoding="utf-8")
    for outside in ("src=", "href=", "@import", "url(", "fetch("):
        page = text.split("<h2>The worst queries</h2>")[0] + text.split("</section>")[-1]
        assert outside not in page, f"the page loads something: {outside}"
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        assert not os.environ.get("SPENCER_REQUIRE_TEST_TOOLS"), "chromium is not installed"
        print("chromium is not installed: the report was not rendered")
        return
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions",
                   f"--user-data-dir={profile}", "--host-resolver-rules=MAP * ~NOTFOUND",
                   "--window-size=1200,3000"]
        page = report.as_uri()
        dom = subprocess.run([*command, "--dump-dom", page], check=True, text=True, timeout=HANGS,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        picture = report.with_suffix(".png")
        subprocess.run([*command, f"--screenshot={picture}", page], check=True, timeout=HANGS,
                       stderr=subprocess.DEVNULL)
    assert 'data-ready="yes"' in dom, "the page's script did not run"
    for part in ('<svg id="accuracy"', '<svg id="histogram"', '<table id="metrics"', "<details"):
        assert part in dom, f"{part} is missing"
    assert dom.count("Returned at rank 1") >= 5 and "Right, at rank" in dom
    assert picture.stat().st_size > 50_000, "the picture is nearly empty"
    print("rendered by", Path(browser).name)


def main():
    program, model, head, pool = sys.argv[1], *map(Path, sys.argv[2:])
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "data").mkdir(), (work / "reranker").mkdir()
        make_benchmark(work / "data", pool)
        make_reranker(work / "reranker", model, head.resolve())
        output = subprocess.run(
            [program, "eval", work / "data", "--model", model, "--reranker", f"{work}/reranker/",
             "--rerank-depth", "7", "--run", work / "run.txt", "--qrels", work / "qrels.txt",
             "--report", work / "report.html", "--no-cache", "--quiet", "--json", "--metrics",
             ",".join(NAMES)],
            check=True, text=True, stdout=subprocess.PIPE).stdout
        figures = json.loads(output)
        assert figures["protocol"] == "qrels" and figures["queries"] == 30
        assert figures["candidates"] == 120
        assert figures["reranker"] == {
            "model": "reranker", "depth": 7, "recall_weight": 0, "rule": "spencer"}
        compare_runs(work, figures, 7)
        check_report(work / "report.html")
    print("figures equal pytrec_eval's to 1e-06, both stages")


if __name__ == "__main__":
    main()
