#!/usr/bin/env bash
# Usage: check_install.sh BUILD_FOLDER C++_COMPILER TORCH_LIBRARIES DEPS
set -euo pipefail
build=$1 compiler=$2 torch=$3 deps=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

cmake --install "$build" --prefix "$work/first" --strip >/dev/null
mv "$work/first" "$work/moved"
export PATH=$work/empty:/usr/bin:/bin
unset LD_LIBRARY_PATH SPENCER_LIBTORCH

size=$(du -sm "$work/moved" | cut -f1)
((size < 60)) || fail "the installed folder is $size MB, the limit is 60"
for file in "$work"/moved/bin/* "$work"/moved/lib/libspencer*.so; do
  missing=$(ldd "$file" | grep 'not found' | grep -vE 'lib(torch|c10)' || true)
  [[ -z $missing ]] || fail "$file lacks $missing"
  ! ldd "$file" | grep -q "$build" || fail "$file still points into the build tree"
done
"$work/moved/bin/spencer" --version | grep -q '^spencer ' || fail "the moved program does not run"

cmake -G Ninja -S "$here/consumer" -B "$work/consumer" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_PREFIX_PATH="$work/moved" >/dev/null
cmake --build "$work/consumer" >/dev/null
output=$(SPENCER_LIBTORCH=$torch "$work/consumer/consumer" "$deps/models/all-MiniLM-L6-v2" "retry")
[[ $output == "384 "* ]] || fail "the consumer printed '$output'"
echo "installed folder: $size MB; the consumer printed: $output"
