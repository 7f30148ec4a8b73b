#!/usr/bin/env bash
# Builds and runs every test, after the checks of format and include order.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --tests
scripts/check_format.sh
python3 scripts/check_includes.py
scripts/build.sh ci
ctest --preset ci
