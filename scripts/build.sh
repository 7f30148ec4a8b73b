#!/usr/bin/env bash
# Configures and builds one preset:
# scripts/build.sh [release|dev|asan] [-DNAME=VALUE...] [target...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:-release}
shift || true
settings=()
while [[ ${1:-} == -D* ]]; do
  settings+=("$1")
  shift
done
cmake --preset "$preset" "${settings[@]}" >/dev/null
cmake --build --preset "$preset" ${1:+--target "$@"}
