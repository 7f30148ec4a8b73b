#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy).
set -euo pipefail

usage() {
  cat <<'EOT'
Usage: scripts/check_tidy.sh [--all | --since REVISION | FILE...]

By default on the sources that the change at hand touches: what is not committed, and the commits
that the upstream branch has not; where there are none of those, the last commit. A changed header
is read through the source of its name. --all takes every source: the better part of an hour, since
torch's headers take most of a minute each time.

A file that passed is not checked again until it, a header of ours or .clang-tidy changes.
EOT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --preset tidy >/dev/null
export build=build/tidy

known() {
  python3 -c 'import json, os, sys
for entry in json.load(open(sys.argv[1])):
    file = os.path.relpath(entry["file"])
    if file.startswith(("src/", "tools/")): print(file)' "$build/compile_commands.json" | sort -u
}

base() {
  local upstream
  upstream=$(git merge-base HEAD '@{upstream}' 2>/dev/null || git rev-parse HEAD)
  [[ $upstream != $(git rev-parse HEAD) ]] && echo "$upstream" || git rev-parse --verify HEAD~1
}

# touched REVISION: the sources that have changed since, or whose header has
touched() {
  { git diff --name-only --diff-filter=d "$1"; git ls-files --others --exclude-standard; } |
    sed -n 's,^include/spencer/\(.*\)\.h$,src/\1.cpp,p; s,\.h$,.cpp,; /\.cpp$/p' | sort -u |
    comm -12 - <(known)
}

case ${1:-} in
  "") mapfile -t files < <(touched "$(base)") ;;
  -h | --help) usage; exit 0 ;;
  --all) mapfile -t files < <(known) ;;
  --since) mapfile -t files < <(touched "$2") ;;
  *) files=("$@") ;;
esac
((${#files[@]})) || exit 0

export passed=$build/passed
mkdir -p "$passed"
headers=$(git ls-files -z -- '*.h' '*.inc' .clang-tidy | xargs -0 cat | sha256sum)
export headers

check() {
  local stamp
  stamp=$passed/$( (echo "$1 $headers"; cat "$1") | sha256sum | cut -c1-32)
  [[ -e $stamp ]] && return 0
  # GCC flags that clang does not know are no finding; the warnings of others' headers neither.
  clang-tidy -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option "$1" 2>/dev/null &&
    touch "$stamp"
}
export -f check
echo "clang-tidy on ${#files[@]} sources" >&2
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" bash -c 'check "$0"' ||
  { echo "check_tidy.sh: clang-tidy found problems" >&2; exit 1; }
