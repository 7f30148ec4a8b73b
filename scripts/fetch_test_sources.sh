#!/usr/bin/env bash
# Fetches the real source files that the tests of extraction read, into SPENCER_DEPS/sources/NAME:
# pinned, checked by hash. Does nothing if they are there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements=$root/scripts/requirements
target=${SPENCER_DEPS:-$root/.deps}/sources
stamp=$target/.$(cat "${BASH_SOURCE[0]}" "$requirements"/test-sources*.txt | sha256sum | cut -c1-16)
[[ -e $stamp ]] && exit 0
echo "== Fetching the sources that tests read" >&2

# name, Debian package, SHA-256, folder in it, files to take
debian_packages='
errors        golang-github-pkg-errors-dev_0.9.1-2_all 87227544904795f81d8c660b7854045a1ef78d5c690993bb4a0c43e05104ca64 usr/share/gocode/src/github.com/pkg/errors *.go
semver        librust-semver-dev_1.0.14-1_amd64        bf3719b7aac4b7f16f0d68a7037306dbc1532758fe7a5dea01254e85cecaca8c usr/share/cargo/registry/semver-1.0.14 src/*.rs
eventemitter2 node-eventemitter2_6.4.7-1_all           15e098906c0eb70df507ed260a407797921487d0485089c6d3518b06d58f43f7 usr/share/nodejs/eventemitter2 lib/*.js
lru-cache     node-lru-cache_7.14.1-1_all              b47ac351196b7169f55e6d09fc2f7dad7f3f697a13c9d197cf6a87e7b116d391 usr/share/nodejs/lru-cache index.js
parsedown     php-parsedown_1.7.4-1_all                32879070e5148b4ef014ee930afd4ba880882d86a85571e3e8b513b878830533 usr/share/php/Parsedown *.php
psr-log       php-psr-log_1.1.4-2_all                  737d70a65a1bfa16ea8b09892592d35824171729d3f781a7c32250e5b28416d7 usr/share/php/Psr/Log *.php
itsdangerous  python3-itsdangerous_2.1.2-3_all         cc67574162ce16b1e58ef03f0846f578f2eb7f488c6ca2ea39a3260363359f7c usr/lib/python3/dist-packages/itsdangerous *.py
slop          ruby-slop_4.9.1-1_all                    d7d123b3583d44bff7a0d6062a9bd0f3b3a93d5336870ed3e35cf118a9edfcee usr/share/rubygems-integration/all/gems/slop-4.9.1 lib/*'
# name, archive, files to take
source_archives='
fasttext fasttext-0.9.3       src/*
jep      jep-4.3.2            src/main/java/* src/main/c/*
lab-git  jupyterlab_git-0.50.2 src/*
pythonnet pythonnet-2.5.2     src/runtime/*.cs'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"  # apt fetches as a user of its own

fetch_debian() {
  local name package hash folder files
  while read -r name package hash folder files; do
    [[ -n $name ]] || continue
    local version=${package#*_}
    (cd "$work" && apt-get -qq download "${package%%_*}=${version%_*}" 2>/dev/null) || true
    if [[ ! -f $work/$package.deb ]]; then
      echo "fetch_test_sources.sh: Debian has no $package; run 'apt-get update' first" >&2
      exit 2
    fi
    echo "$hash  $work/$package.deb" | sha256sum --check --quiet
    rm -rf "$work/tree" && dpkg-deb -x "$work/$package.deb" "$work/tree"
    mkdir -p "$target/$name"
    (cd "$work/tree/$folder" && cp -r --parents $files "$target/$name")
  done <<<"$debian_packages"
}

fetch_archives() {
  python3 -m venv "$work/venv"
  local pip=("$work/venv/bin/pip" --quiet --disable-pip-version-check)
  "${pip[@]}" install --no-deps --require-hashes -r "$requirements/test-sources-build.txt"
  # jep looks for a JDK's folders before it tells its name; nothing of it is built.
  mkdir -p "$work/jdk/include/linux" "$work/jdk/lib/server"
  touch "$work/jdk/include/jni.h" "$work/jdk/lib/server/libjvm.so"
  JAVA_HOME=$work/jdk PATH=$work/venv/bin:$PATH "${pip[@]}" download --no-deps --require-hashes \
    --no-binary :all: --no-build-isolation -r "$requirements/test-sources.txt" -d "$work/archives"
  local name archive files
  while read -r name archive files; do
    [[ -n $name ]] || continue
    mkdir -p "$target/$name"
    local patterns=() file
    set -f
    for file in $files; do patterns+=("$archive/$file"); done
    set +f
    tar -xzf "$work/archives/$archive.tar.gz" -C "$target/$name" --strip-components=1 \
      --wildcards "${patterns[@]}"
  done <<<"$source_archives"
}

rm -rf "$target" && mkdir -p "$target"
fetch_debian
fetch_archives
touch "$stamp"
