#!/usr/bin/env bash
# Checks every C++ file against .clang-format; with --fix, formats them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run -Werror)
[[ ${1:-} == --fix ]] && mode=(-i)
git ls-files -z --cached --others --exclude-standard --deduplicate -- '*.h' '*.cpp' |
  xargs -0 -r -n 40 -P 2 clang-format "${mode[@]}"
