#!/usr/bin/env bash
# Runs a Python test where its modules are: run_python_test.sh PYTHON MODULES REQUIRED SCRIPT ARG...
# MODULES have commas between them. Exits 77 (skipped), or 1 if REQUIRED is ON, where they are not.
set -euo pipefail
python=$1 modules=$2 required=$3
shift 3
if ! "$python" -c "import $modules" 2>/dev/null; then
  echo "$python with $modules is not here. Run scripts/setup.sh --tests, or set" \
    "SPENCER_TEST_PYTHON to a Python that has scripts/requirements/test.txt." >&2
  [[ $required == ON ]] && exit 1
  exit 77
fi
exec "$python" "$@"
