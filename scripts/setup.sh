#!/usr/bin/env bash
# Installs what spencer builds on. Does only what is left to do; safe to run again.
set -euo pipefail

usage() {
  cat <<'EOT'
Usage: scripts/setup.sh [--cuda] [--tests] [--build-only]

Installs the Debian packages that are missing, and fills .deps/ (or $SPENCER_DEPS) with
libtorch, the tree-sitter grammars and the all-MiniLM-L6-v2 model: pinned, checked by hash.

  --cuda        libtorch with every CUDA library (about 2.5 GB more)
  --tests       also what the tests compare with: all-mpnet-base-v2, Python reference tools, sources
  --build-only  of all that, only what a build needs: what is left can be fetched while it runs

Environment:
  SPENCER_DEPS        folder to fill instead of .deps/
  SPENCER_TORCH_DIR   a torch package folder (with include/ and lib/) to use in place of ours
EOT
}

cuda=0 tests=0 build_only=0
for argument in "$@"; do
  case $argument in
    --cuda) cuda=1 ;;
    --tests) tests=1 ;;
    --build-only) build_only=1 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "setup.sh: unknown option $argument" >&2; usage >&2; exit 2 ;;
  esac
done

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements=$root/scripts/requirements
deps=${SPENCER_DEPS:-$root/.deps}
mkdir -p "$deps/done"

say() { printf '== %s\n' "$*" >&2; }

# step NAME FILE...: true if NAME is still to be done for the present content of the files.
step() {
  local name=$1; shift
  stamp=$deps/done/$name-$(cat "$@" | sha256sum | cut -c1-16)
  [[ ! -e $stamp ]]
}
finish() { touch "$stamp"; }

debian_packages() {
  local packages=(g++ cmake ninja-build pkg-config git ca-certificates zlib1g-dev libfaiss-dev
    libblas-dev liblapack-dev libsentencepiece-dev libcli11-dev libspdlog-dev nlohmann-json3-dev
    libsqlite3-dev libxxhash-dev)
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  ((tests)) && packages+=(libgtest-dev libgmock-dev)
  ((tests && !build_only)) && packages+=(clang-format clang-tidy chromium)
  local missing=() package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "Installing ${missing[*]}"
  local run=()
  if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null && ! { [[ -t 0 ]] && command -v sudo >/dev/null; }; then
      echo "setup.sh: this needs root. Run this, then scripts/setup.sh again:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 2
    fi
    run=(sudo)
  fi
  "${run[@]}" apt-get update -qq
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# Wheels for another program than this Python: only their C++ libraries and data are used.
wheel_platform=(--only-binary=:all: --python-version 3.11 --implementation cp --abi cp311 --abi none)
for tag in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 \
  manylinux2014 manylinux2010 manylinux_2_12 manylinux1 manylinux_2_5; do
  wheel_platform+=(--platform "${tag}_x86_64")
done

pip() { "$deps/tools/bin/python" -m pip --disable-pip-version-check -q "$@"; }

# fetch FILE FOLDER: downloads a requirement file's wheels, by hash.
fetch() { pip download --no-deps --require-hashes "${wheel_platform[@]}" -r "$1" -d "$2"; }
# fetch_sources FILE FOLDER: the same for source distributions.
fetch_sources() {
  pip download --no-deps --require-hashes --no-binary :all: --no-build-isolation -r "$1" -d "$2"
}

tool_environment() {
  step tools "$requirements/build.txt" || return 0
  say "Making a Python environment for downloads"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "setup.sh: Python 3.11 or newer is needed, this is $(python3 --version)" >&2; exit 2; }
  rm -rf "$deps/tools"
  python3 -m venv "$deps/tools"
  pip install --require-hashes --no-deps -r "$requirements/build.txt"
  finish
}

libtorch() {
  [[ -z ${SPENCER_TORCH_DIR:-} ]] || return 0
  local kind=cpu
  ((cuda)) && kind=cuda
  # The CUDA set holds the CPU one: once it is there, a plain run keeps it.
  ! step torch-cuda "$requirements/torch-cuda.txt" && return 0
  step torch-$kind "$requirements/torch-$kind.txt" || return 0
  if [[ $(uname -m) != x86_64 ]]; then
    echo "setup.sh: libtorch is pinned for x86_64 alone. Set SPENCER_TORCH_DIR to your torch." >&2
    exit 2
  fi
  say "Fetching libtorch 2.11.0 ($kind)"
  rm -rf "$deps/torch.part"
  pip install --no-deps --require-hashes --no-compile "${wheel_platform[@]}" \
    -r "$requirements/torch-$kind.txt" --target "$deps/torch.part"
  rm -rf "$deps/torch"
  mv "$deps/torch.part" "$deps/torch"
  finish
}

# unpack_sources FOLDER PACKAGE MEMBER...: out of FOLDER/archives, without the version's folder.
unpack_sources() {
  mkdir -p "$1/$2"
  tar -xzf "$1"/archives/"$2"-*.tar.gz -C "$1/$2" --strip-components=1 --wildcards "${@:3}"
}

grammars() {
  step tree-sitter "$requirements/tree-sitter.txt" || return 0
  say "Fetching the tree-sitter grammars"
  local part=$deps/tree-sitter.part grammar members=('*/LICENSE')
  rm -rf "$part" && mkdir -p "$part/archives"
  TMPDIR=$part fetch_sources "$requirements/tree-sitter.txt" "$part/archives"
  # Only what is compiled: the language pack unpacks to a gigabyte.
  unpack_sources "$part" tree_sitter '*/core/lib/*' '*/LICENSE'
  unpack_sources "$part" tree_sitter_c_sharp '*/src/*' '*/LICENSE'
  for grammar in c cpp go java javascript php python ruby rust tsx typescript; do
    members+=("*/parsers/$grammar/*.c" "*/parsers/$grammar/*.h")
  done
  unpack_sources "$part" tree_sitter_language_pack "${members[@]}"
  rm -rf "$part/archives" "$deps/tree-sitter"
  mv "$part" "$deps/tree-sitter"
  finish
}

# model REQUIREMENTS NAME: the packages' model folder as .deps/models/NAME.
model() {
  step "model-$2" "$requirements/$1" "$root/scripts/unpack_model.py" || return 0
  say "Fetching $2"
  local wheels=$deps/wheels-$2
  rm -rf "$wheels"
  fetch "$requirements/$1" "$wheels"
  python3 "$root/scripts/unpack_model.py" "$deps/models/$2" "$wheels"/*.whl
  rm -rf "$wheels"
  finish
}

test_tools() {
  step test-venv "$requirements/test.txt" || return 0
  say "Making the Python environment of the tests"
  rm -rf "$deps/test-venv"
  python3 -m venv "$deps/test-venv"
  "$deps/test-venv/bin/python" -m pip --disable-pip-version-check -q install --no-deps \
    --require-hashes -r "$requirements/test.txt"
  finish
}

test_sources() { "$root/scripts/fetch_test_sources.sh"; }

# together COMMAND...: all of them at once. Fails if one does, when all have ended.
together() {
  local command running=() failed=0
  for command in "$@"; do
    $command &
    running+=($!)
  done
  for command in "${running[@]}"; do wait "$command" || failed=1; done
  return $failed
}

debian_packages
tool_environment
needed=(libtorch grammars)
((build_only)) || needed+=("model models.txt all-MiniLM-L6-v2")
if ((tests && !build_only)); then
  needed+=("model models-test.txt all-mpnet-base-v2" test_tools test_sources)
fi
together "${needed[@]}"
say "Dependencies are complete in $deps"
