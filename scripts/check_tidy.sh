#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) on the sources, or on the files given, with the ci preset's flags.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ -f build/ci/compile_commands.json ]] || cmake --preset ci >/dev/null
if (($#)); then files=("$@"); else mapfile -t files < <(git ls-files -- 'src/*.cpp' 'tools/*.cpp'); fi
printf '%s\0' "${files[@]}" | xargs -0 -n 4 -P "$(nproc)" clang-tidy -p build/ci --quiet
