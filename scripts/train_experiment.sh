#!/usr/bin/env bash
# Trains a dual encoder and a cross-encoder on real code, and says what both are worth on packages
# that neither has seen: train_experiment.sh CORPUS OUT
# CORPUS is what scripts/make_corpus.py made. Run again, it goes on where it was stopped. Any of the
# settings below may be given in the environment.
set -euo pipefail
if (($# != 2)); then
  echo "Usage: train_experiment.sh CORPUS OUT" >&2
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
corpus=$1 out=$2

: "${SPENCER:=$root/build/release/tools/spencer}"
: "${MODEL:=${SPENCER_DEPS:-$root/.deps}/models/all-MiniLM-L6-v2}"
: "${THREADS:=2}" "${SEED:=1}" "${DEVICE:=auto}" "${PRECISION:=auto}"
: "${QUERY_LENGTH:=64}" "${CODE_LENGTH:=128}" "${CROSS_LENGTH:=160}"
: "${DUAL_STEPS:=200}" "${DUAL_BATCH:=64}" "${DUAL_RATE:=3e-5}" "${DUAL_WARMUP:=0.1}"
: "${CROSS_PAIRS:=16000}" "${CROSS_STEPS:=2000}" "${CROSS_BATCH:=8}" "${CROSS_RATE:=1e-4}"
: "${CROSS_WARMUP:=0.05}" "${NEGATIVES:=3}" "${MINE_TO:=30}"
: "${RERANK_DEPTH:=10}" "${RECALL_WEIGHTS:=0 10 20 30 40}" "${RECALL_WEIGHT:=30}"

train() {
  local kind=$1
  shift
  [[ -e $out/$kind/model ]] && return
  "$SPENCER" train "$kind" --valid "$corpus/valid.jsonl.gz" --output "$out/$kind" --text raw \
    --seed "$SEED" --threads "$THREADS" --device "$DEVICE" \
    --precision "$PRECISION" --resume "$@"
}

# evaluate DATA OPTION...: every query among all codes.
evaluate() {
  "$SPENCER" eval "$@" --protocol full --threads "$THREADS" --device "$DEVICE" \
    --query-length "$QUERY_LENGTH" --code-length "$CODE_LENGTH"
}

mkdir -p "$out"
train dual --model "$MODEL" --train "$corpus/train.jsonl.gz" --valid-every $((DUAL_STEPS / 2)) \
  --max-steps "$DUAL_STEPS" --batch-size "$DUAL_BATCH" --learning-rate "$DUAL_RATE" \
  --warmup "$DUAL_WARMUP" --query-length "$QUERY_LENGTH" --code-length "$CODE_LENGTH"
some=$out/cross-train.jsonl.gz
[[ -e $some ]] ||
  gzip -dc "$corpus/train.jsonl.gz" | shuf -n "$CROSS_PAIRS" --random-source=<(yes) | gzip >"$some"
train cross --model "$out/dual/model" --dual "$out/dual/model" --train "$some" \
  --max-steps "$CROSS_STEPS" --valid-every $((CROSS_STEPS / 4)) --batch-size "$CROSS_BATCH" \
  --learning-rate "$CROSS_RATE" --warmup "$CROSS_WARMUP" --loss listwise \
  --negatives "$NEGATIVES" --mine-to "$MINE_TO" --length "$CROSS_LENGTH"

stages=(--model "$out/dual/model" --reranker "$out/cross/model" --rerank-depth "$RERANK_DEPTH")
echo "== Validation: what recall's score should count beside the cross-encoder's"
for weight in $RECALL_WEIGHTS; do
  printf 'recall weight %s: ' "$weight"
  evaluate "$corpus/valid.jsonl.gz" --text raw "${stages[@]}" --recall-weight "$weight" --quiet \
    --json | python3 -c '
import json, sys
stages = json.load(sys.stdin)["stages"]
print("MRR {rerank[mrr]:.4f}, of recall alone {recall[mrr]:.4f}".format(**stages))'
done

held_out=("$corpus/test.jsonl.gz" --text raw)
echo "== Packages held out: recall before and after training"
evaluate "${held_out[@]}" --model "$MODEL" --model "$out/dual/model" --report "$out/recall.html"
echo "== Packages held out: recall and re-ranking"
evaluate "${held_out[@]}" "${stages[@]}" --recall-weight "$RECALL_WEIGHT" \
  --report "$out/rerank.html"
echo "== CoSQA, which nothing was trained on: recall before and after training, and re-ranking"
evaluate "$root/tests/data/cosqa" --model "$MODEL" --model "$out/dual/model"
evaluate "$root/tests/data/cosqa" "${stages[@]}" --recall-weight "$RECALL_WEIGHT"
