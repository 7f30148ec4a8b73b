#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) with the ci preset's flags: check_tidy.sh [--all | FILE...]
# By default on what is compiled without torch, whose headers take most of a minute per file; --all
# takes every source. A file that passed is not checked again until it, a header of ours or
# .clang-tidy changes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ -f build/ci/compile_commands.json ]] || cmake --preset ci >/dev/null

# sources WITH_TORCH: ours out of the compilation database
sources() {
  python3 - "$1" <<'EOT'
import json, os, sys
for entry in json.load(open("build/ci/compile_commands.json")):
    file = os.path.relpath(entry["file"])
    torch = "torch/include" in entry["command"]
    if file.startswith(("src/", "tools/")) and (not torch or sys.argv[1] == "1"):
        print(file)
EOT
}
case ${1:-} in
  "") mapfile -t files < <(sources 0) ;;
  --all) mapfile -t files < <(sources 1) ;;
  *) files=("$@") ;;
esac

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
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" bash -c 'check "$0"' ||
  { echo "check_tidy.sh: clang-tidy found problems" >&2; exit 1; }
