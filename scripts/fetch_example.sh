#!/usr/bin/env bash
# Fetches the code base that the quickstart indexes: fetch_example.sh FOLDER
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=${SPENCER_DEPS:-$root/.deps}
folder=$1
[[ -d $folder ]] && exit 0
echo "== Fetching the sources of $(basename "$folder")" >&2
rm -rf "$folder.part" && mkdir -p "$folder.part"
"$deps/tools/bin/python" -m pip --disable-pip-version-check -q download --no-deps --require-hashes \
  --no-binary :all: --no-build-isolation -r "$root/scripts/requirements/example.txt" \
  -d "$folder.part"
tar -xzf "$folder.part"/*.tar.gz -C "$folder.part" --strip-components=1
rm "$folder.part"/*.tar.gz
mv "$folder.part" "$folder"
