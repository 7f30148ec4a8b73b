#!/usr/bin/env bash
# Builds and runs every test, and checks format, include order and (clang-tidy) habits.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --tests
scripts/check_format.sh
python3 scripts/check_includes.py
scripts/build.sh ci
ctest --preset ci
scripts/check_tidy.sh
