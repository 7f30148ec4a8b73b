#!/usr/bin/env bash
# Pre-trains a small ModularStarEncoder from scratch on real code, and says what its exits are worth
# on repositories it has not seen: pretrain_experiment.sh CORPUS OUT [OPTION...]
# CORPUS is what scripts/make_corpus.py made; options are those of spencer train pretrain and win
# over configs/mose-small.toml. Run again, it goes on where it was stopped.
set -euo pipefail
if (($# < 2)); then
  echo "Usage: pretrain_experiment.sh CORPUS OUT [OPTION...]" >&2
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
corpus=$1 out=$2
shift 2

: "${SPENCER:=$root/build/release/tools/spencer}"
: "${TOKENIZER:=${SPENCER_DEPS:-$root/.deps}/models/all-MiniLM-L6-v2}"  # BERT's, with [MASK]

mkdir -p "$out/start"
cp "$root/configs/mose-small/config.json" "$out/start"
cp "$TOKENIZER"/{tokenizer,tokenizer_config}.json "$out/start"
"$SPENCER" train pretrain --config "$root/configs/mose-small.toml" --model "$out/start" --resume \
  --train "$corpus/files-train.jsonl.gz" --valid "$corpus/files-valid.jsonl.gz" \
  --valid "$corpus/files-test.jsonl.gz" --output "$out/run" "$@"
echo "== Exits on repositories held out, from $out/run/metrics.jsonl"
python3 - "$out/run/metrics.jsonl" <<'PYTHON'
import json
import sys

lines = [json.loads(line) for line in open(sys.argv[1])]
figures = [line for line in lines if line["event"] == "validation"]
best = max(figures, key=lambda line: line["accuracy"])
print(f"step {best['step']}")
print("exit  mlm_acc  icc_acc  mlm_loss  icc_loss")
for exit in sorted(int(name.split("_")[1]) for name in best if name.endswith("icc_acc")):
    row = [best[f"exit_{exit}_{name}"] for name in ("mlm_acc", "icc_acc", "mlm_loss", "icc_loss")]
    print(f"{exit:4}" + "".join(f"  {value:7.4f}" for value in row))
PYTHON
