#!/usr/bin/env python3
"""Makes pairs of codes that do the same, for training and testing code-to-code search.

Usage: make_code_pairs.py CORPUS OUT [--wheels FOLDER]

CORPUS is what scripts/make_corpus.py made. Nobody labelled anything: a pair is
- a function and its rewritten twin (other names and layout, no comments),
- a function as it stands in two versions of a package, where the two are no near duplicates,
- an algorithm in two languages: networkx in Python and rustworkx in Rust, toolz in Python and
  cytoolz in Cython, by the function's name.

Writes OUT/train.jsonl.gz (FlagEmbedding's format: query, pos) of the first two kinds, and groups of
codes as POJ-104 has them (index, label, code), in which every code is a query and the pool is all
codes: OUT/valid.jsonl.gz of the first two kinds, OUT/test-rewritten.jsonl.gz,
OUT/test-versions.jsonl.gz and OUT/test-languages.jsonl.gz. The packages held out in CORPUS are held
out here; toolz is in no split of CORPUS. Nothing is like a code of tests/data/cosqa. The output is
the same on every run by the same version of Python.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile

import make_corpus
from corpus import duplicates, functions, other_languages, twins

REQUIREMENTS = make_corpus.ROOT / "scripts" / "requirements"
OTHER_WHEELS = REQUIREMENTS / "code-pairs.txt"
SOURCE_ARCHIVES = REQUIREMENTS / "code-pairs-sources.txt"
BUILD_BACKENDS = REQUIREMENTS / "code-pairs-build.txt"

MOST_OF_A_PACKAGE = 600  # version pairs of a training package
MOST_HELD_OUT = 500      # groups of each kind, in equal parts of a split's packages
BY_LANGUAGE = (("networkx", "rustworkx"), ("toolz", "cytoolz"))


def records(corpus, split):
    with gzip.open(corpus / f"{split}.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def rewritten_pairs(rows):
    """(package, id, code, twin). The new names are those of the other functions."""
    trees = [functions.parse(row["code"]) for row in rows]
    vocabulary = sorted({name for tree in trees if tree
                         for name in twins.own_names(tree.body[0]) or ()})
    for row, tree in zip(rows, trees):
        twin = tree and twins.rewritten(row["code"], vocabulary, row["url"])
        if twin:
            yield row["repo"], row["url"], row["code"], twin


def functions_by_place(wheel):
    """(path, name): function, where it is the only one of that name in its file."""
    found, repeated = {}, set()
    for path, data in make_corpus.source_files(wheel):
        source = functions.read_source(data)
        tree = None if source is None else functions.parse(source)
        for function in functions.functions(source, tree) if tree else ():
            place = path, function.name
            repeated.update({place} & found.keys())
            found[place] = function
    return {place: function for place, function in found.items() if place not in repeated}


def is_substantial(function):
    name = function.name.rsplit(".", 1)[-1]
    return (functions.code_lines(function.code) >= functions.MIN_CODE_LINES
            and not functions.is_special(name) and not functions.TEST_NAME.search(name)
            and bool(function.code_tokens))


def version_pairs(package, before, after):
    """(package, id, old function, new function), those that changed much."""
    older, newer = functions_by_place(before), functions_by_place(after)
    for place in sorted(older.keys() & newer.keys()):
        old, new = older[place], newer[place]
        if old.code == new.code:
            continue
        if is_substantial(old) and is_substantial(new) and not duplicates.is_near(
                duplicates.multiset(old.code_tokens), duplicates.multiset(new.code_tokens),
                duplicates.THRESHOLD):
            yield package, f"{package}/{'#'.join(place)}", old, new


def without_duplicates(pairs, reserved):
    """Those of which neither side is like a reserved code, or like the same side of another."""
    for side in (2, 3):
        lists = [*reserved, *(pair[side].code_tokens for pair in pairs)]
        places = duplicates.first_of_each(lists)
        pairs = [pairs[place - len(reserved)] for place in places if place >= len(reserved)]
    return pairs


def in_proportion(pairs, most_of_a_package):
    taken, counts = [], {}
    for pair in make_corpus.in_random_order(pairs, lambda pair: pair[1]):
        counts[pair[0]] = counts.get(pair[0], 0) + 1
        if counts[pair[0]] <= most_of_a_package:
            taken.append(pair)
    return taken


def archive_sources(archive, ending):
    with tarfile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda member: member.name):
            if member.isfile() and member.name.endswith(ending) and "/src/" in member.name:
                yield files.extractfile(member).read().decode()


def wheel_sources(wheel, ending):
    with zipfile.ZipFile(wheel) as files:
        for name in sorted(files.namelist()):
            if name.endswith(ending):
                yield files.read(name).decode()


def longest_of_each_name(found):
    longest = {}
    for name, code in found:
        if functions.code_lines(code) >= functions.MIN_CODE_LINES:
            longest[name] = max(longest.get(name, ""), code, key=len)
    return longest


def language_pairs(packages):
    """(package, id, Python code, the other language's) of the same name."""
    for package, other in BY_LANGUAGE:
        python = longest_of_each_name(
            (function.name, function.code) for function in
            functions_by_place(packages[package]).values())
        if other == "rustworkx":
            sources = archive_sources(packages[other], ".rs")
            theirs = (function for source in sources
                      for function in other_languages.rust_functions(source))
        else:
            sources = wheel_sources(packages[other], ".pyx")
            theirs = (function for source in sources
                      for function in other_languages.cython_functions(source))
        theirs = longest_of_each_name(theirs)
        for name in sorted(python.keys() & theirs.keys()):
            yield package, f"{package}#{name}", python[name], theirs[name]


def download_archives(folder):
    """pip reads a source archive's metadata with the package's own build backend."""
    with tempfile.TemporaryDirectory() as environment:
        venv.create(environment, with_pip=True)
        programs = pathlib.Path(environment, "bin")
        pip = [programs / "python", "-m", "pip", "--disable-pip-version-check", "-q"]
        subprocess.run([*pip, "install", "--no-deps", "--require-hashes", "-r", BUILD_BACKENDS],
                       check=True)
        subprocess.run([*pip, "download", "--no-deps", "--require-hashes", "--no-binary=:all:",
                        "--no-build-isolation", "-r", SOURCE_ARCHIVES, "-d", folder], check=True,
                       env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"})


def fetched(requirements, folder, pattern, download):
    """The place of each package a file of requirements names."""
    wanted = make_corpus.pinned(requirements)
    files = make_corpus.files_by_hash(folder, pattern)
    if not {entry[3] for entry in wanted} <= files.keys():
        download()
        files = make_corpus.files_by_hash(folder, pattern)
    return {entry[1]: files[entry[3]] for entry in wanted}


def open_packages(folder):
    """Places of the packages as the corpus has them, and of the other versions and packages."""
    folder.mkdir(parents=True, exist_ok=True)
    current = {package.name: package.place for package
               in make_corpus.open_packages(False, folder, pretraining=False)}
    text = OTHER_WHEELS.read_text()
    other = fetched(OTHER_WHEELS, folder, "*.whl", lambda: make_corpus.download(text, folder))
    other |= fetched(SOURCE_ARCHIVES, folder, "*.tar.gz", lambda: download_archives(folder))
    return current, other


def write_pairs(path, pairs):
    """Each in one of its directions: both sides are met as queries and as answers."""
    def line(pair):
        sides = pair[2:]
        if sum(pair[1].encode()) % 2:
            sides = sides[::-1]
        return json.dumps({"query": sides[0], "pos": [sides[1]]})

    make_corpus.write_lines(path, map(line, pairs))


def write_groups(path, pairs):
    make_corpus.write_lines(path, (
        json.dumps({"index": f"{label}@{side}", "label": label, "code": code})
        for _, label, *codes in pairs for side, code in enumerate(codes)))


def as_text(pairs):
    return [(package, f"{label} versions", old.code, new.code) for package, label, old, new in pairs]


def make(corpus, out, folder):
    current, other = open_packages(folder)
    held_out = {name: split for split, names in make_corpus.HELD_OUT.items() for name in names}
    splits = {split: records(corpus, split) for split in make_corpus.SPLITS}
    reserved = [function.code_tokens for function in make_corpus.benchmark_functions()]
    changed = [pair for package in sorted(current.keys() & other.keys())
               for pair in version_pairs(package, other[package], current[package])]
    versions = {split: [pair for pair in changed if held_out.get(pair[0], "train") == split]
                for split in make_corpus.SPLITS}
    for split in make_corpus.SPLITS:  # a later split has nothing that is like an earlier one's
        versions[split] = without_duplicates(versions[split], reserved)
        reserved += [pair[3].code_tokens for pair in versions[split]]
        if split != "train":
            reserved += [row["code_tokens"] for row in splits[split]]
    for split, pairs in versions.items():
        share = MOST_HELD_OUT // len(make_corpus.HELD_OUT.get(split, "1"))
        versions[split] = as_text(
            in_proportion(pairs, MOST_OF_A_PACKAGE if split == "train" else share))
    twin = {split: list(rewritten_pairs(rows)) for split, rows in splits.items()}
    sets = {"train": twin["train"] + versions["train"],
            "valid": twin["valid"][:MOST_HELD_OUT] + versions["valid"],
            "test-rewritten": twin["test"][:MOST_HELD_OUT], "test-versions": versions["test"],
            "test-languages": list(language_pairs(other | current))}
    out.mkdir(parents=True, exist_ok=True)
    for name, pairs in sets.items():
        write = write_pairs if name == "train" else write_groups
        write(out / f"{name}.jsonl.gz", pairs)
        packages = sorted({pair[0] for pair in pairs})
        print(f"{name}: {len(pairs)} pairs of {', '.join(packages)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--wheels", type=pathlib.Path, default=make_corpus.DEPS / "corpus-wheels",
                        help="folder that keeps the packages (default: %(default)s)")
    args = parser.parse_args()
    make(args.corpus, args.out, args.wheels)


if __name__ == "__main__":
    sys.exit(main())
