#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) on the sources, or on the files given, with the ci preset's flags.
# A file that passed is not checked again until it, a header of ours or .clang-tidy changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ -f build/ci/compile_commands.json ]] || cmake --preset ci >/dev/null
if (($#)); then files=("$@"); else mapfile -t files < <(git ls-files -- 'src/*.cpp' 'tools/*.cpp'); fi

export passed=build/ci/tidy
mkdir -p "$passed"
headers=$(git ls-files -z -- '*.h' '*.inc' .clang-tidy | xargs -0 cat | sha256sum)
export headers

check() {
  local stamp
  stamp=$passed/$( (echo "$1 $headers"; cat "$1") | sha256sum | cut -c1-32)
  [[ -e $stamp ]] && return 0
  # GCC flags that clang does not know are no finding; the warnings of others' headers neither.
  clang-tidy -p build/ci --quiet --extra-arg=-Wno-unknown-warning-option "$1" 2>/dev/null &&
    touch "$stamp"
}
export -f check
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$0"' ||
  { echo "check_tidy.sh: clang-tidy found problems" >&2; exit 1; }
