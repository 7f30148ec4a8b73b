#!/usr/bin/env bash
# From a clone to an answer: sets up, builds, indexes a real code base and searches it.
set -euo pipefail

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  cat <<'EOT'
Usage: scripts/quickstart.sh [--cuda]

Installs what is missing (scripts/setup.sh), builds spencer (Release), fetches the sources of
Tornado, indexes them and asks three questions. Run again, it does only what is left to do.

  --cuda    libtorch with CUDA (about 2.5 GB more)
EOT
  exit 0
fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
deps=${SPENCER_DEPS:-$root/.deps}
example=$deps/example/tornado
spencer=$root/build/release/tools/spencer

scripts/setup.sh --build-only "$@"
{ scripts/setup.sh "$@" && scripts/fetch_example.sh "$example"; } &  # while it is built
fetching=$!
trap 'kill "$fetching" 2>/dev/null || true' EXIT
echo "== Building spencer (Release)" >&2
scripts/build.sh release -DSPENCER_BUILD_TESTS=OFF spencer_program spencer_torch
wait "$fetching"
trap - EXIT

echo "== Indexing $(basename "$example")" >&2
"$spencer" index "$example"
for question in \
  "keep a websocket connection alive by pinging the client" \
  "parse an uploaded file out of a multipart form" \
  "where do we check a signed cookie for tampering"; do
  printf '\n$ spencer search "%s"\n' "$question"
  "$spencer" search "$question" "$example" -k 3
done

cat <<EOT

spencer is ready:
  $spencer index PATH
  $spencer search "what the code does" PATH
EOT
