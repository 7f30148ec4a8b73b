#!/usr/bin/env bash
# What CI runs.
set -euo pipefail

all=0
case ${1:-} in
  "") ;;
  --all) all=1 ;;
  *)
    cat <<'EOT'
Usage: scripts/test.sh [--all]

Sets up, builds (Release) and runs the tests, and checks format, include order and, with clang-tidy,
the sources that a change touches.

  --all   also the tests labelled slow, clang-tidy on every source, and the tests under lower
          instruction sets, on one core and on a busy machine (scripts/check_machines.sh): hours
EOT
    [[ $1 == -h || $1 == --help ]] && exit 0
    exit 2
    ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

timed() {
  local start=$SECONDS
  "$@"
  echo "== $((SECONDS - start)) s: $*" >&2
}

timed scripts/setup.sh --tests --build-only
timed scripts/setup.sh --tests &  # what only running the tests needs comes while they are built
fetching=$!
trap 'kill "$fetching" 2>/dev/null || true' EXIT
timed scripts/build.sh release -DSPENCER_BUILD_TESTS=ON -DSPENCER_REQUIRE_TEST_TOOLS=ON
wait "$fetching"
trap - EXIT

timed scripts/check_format.sh
timed python3 scripts/check_includes.py
if ((all)); then
  timed ctest --preset release
  timed scripts/check_tidy.sh --all
  timed scripts/check_machines.sh
else
  timed ctest --preset release -LE slow
  timed scripts/check_tidy.sh
fi
