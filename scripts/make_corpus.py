#!/usr/bin/env python3
"""Makes a corpus for training code search on Python, out of real packages.

Usage: make_corpus.py OUT [--small] [--wheels FOLDER]

Writes OUT/{train,valid,test}.jsonl.gz in CodeSearchNet's format (docstring: the description alone;
code: without the docstring), OUT/files-{train,valid,test}.jsonl.gz with the beginnings of source
files and their packages' names for pre-training, OUT/queries.txt.gz with texts like queries for
distillation, one a line, and OUT/README with counts and licences. The packages are those of
scripts/requirements/corpus.txt, checked by hash, and this Python's own library; beginnings of files
come from those of pretrain.txt too, one in eight of which is held out. They are parsed, never run.
A package is in one split alone, and no function has a near duplicate in any, nor in the
benchmark of tests/data/cosqa. The output is the same, byte for byte, on every run by the same
version of Python.

--small takes the standard library and three packages. FOLDER keeps the packages between runs
(default: corpus-wheels in SPENCER_DEPS or .deps). Needs scripts/setup.sh to have run.
"""

import argparse
import dataclasses
import email
import email.policy
import gzip
import hashlib
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

from corpus import duplicates, files, functions, queries

ROOT = pathlib.Path(__file__).resolve().parent.parent
DEPS = pathlib.Path(os.environ.get("SPENCER_DEPS", ROOT / ".deps"))
REQUIREMENTS = ROOT / "scripts" / "requirements" / "corpus.txt"
MORE_FILES = ROOT / "scripts" / "requirements" / "pretrain.txt"
BENCHMARK = ROOT / "tests" / "data" / "cosqa" / "code_idx_map.txt.gz"

SPLITS = ("test", "valid", "train")  # of near duplicates, the earlier split keeps its own
HELD_OUT = {"test": ("celery", "mitmproxy", "networkx", "dulwich"),
            "valid": ("nltk", "scrapy", "fonttools")}
SMALL = ("dulwich", "scrapy", "alembic")
MOST_OF_A_PACKAGE = 600  # pairs of a training package
MOST_HELD_OUT = 1500      # pairs of a split, in equal parts of its packages
MOST_FILES = 400          # of a package
ONE_HELD_OUT_OF = 8       # packages that give nothing but beginnings of files


@dataclasses.dataclass
class Package:
    name: str
    version: str
    split: str
    sha256: str = ""
    files_alone: bool = False  # neither pairs nor queries are taken
    licence: str = ""
    description: str = ""
    place: pathlib.Path = None  # a wheel or a folder
    unread: int = 0             # files; the counts that follow are of functions
    seen: int = 0
    documented: int = 0
    pairs: int = 0
    files: list = dataclasses.field(default_factory=list)  # path and beginning


@dataclasses.dataclass(frozen=True)
class Pair:
    package: Package
    path: str
    function: functions.Function
    docstring: str

    @property
    def url(self):
        function = self.function
        return (f"{self.package.name}-{self.package.version}/{self.path}"
                f"#L{function.first_line}-L{function.last_line}")

    def record(self):
        function = self.function
        return {"repo": self.package.name, "path": self.path, "func_name": function.name,
                "original_string": function.source, "language": "python", "code": function.code,
                "code_tokens": function.code_tokens, "docstring": self.docstring,
                "docstring_tokens": functions.docstring_tokens(self.docstring),
                "sha": self.package.sha256, "url": self.url, "partition": self.package.split}


def pinned(requirements):
    """(line, name, version, SHA-256) of each package a file of requirements names."""
    entry = re.compile(r"^(\S+)==(\S+) \\\n    --hash=sha256:([0-9a-f]{64})$", re.M)
    return [(found[0], *found.groups()) for found in entry.finditer(requirements.read_text())]


def requirements(small, pretraining):
    """The packages to take, by hash of their wheel; and the lines that name them."""
    split = {name: split for split, names in HELD_OUT.items() for name in names}
    entries = [found for found in pinned(REQUIREMENTS) if not small or found[1] in SMALL]
    packages = {found[3]: Package(found[1], found[2], split.get(found[1], "train"), found[3])
                for found in entries}
    more = pinned(MORE_FILES) if pretraining else []
    packages |= {found[3]: Package(found[1], found[2], split_by_name(found[1]), found[3],
                                   files_alone=True) for found in more}
    return packages, "".join(found[0] + "\n" for found in entries + more)


def split_by_name(name):
    number = int.from_bytes(hashlib.sha256(name.encode()).digest())
    return "train" if number % ONE_HELD_OUT_OF else "valid"


def files_by_hash(folder, pattern="*.whl"):
    return {hashlib.sha256(file.read_bytes()).hexdigest(): file
            for file in sorted(folder.glob(pattern))}


def download(lines, folder):
    """Wheels for one Python and platform, whichever this is: only their sources are read."""
    platforms = [f"--platform={tag}_x86_64" for tag in
                 ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5")]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write(lines)
        wanted.flush()
        subprocess.run([DEPS / "tools" / "bin" / "python", "-m", "pip",
                        "--disable-pip-version-check", "-q", "download", "--no-deps",
                        "--require-hashes", "--only-binary=:all:", "--python-version=3.11",
                        "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none",
                        *platforms, "-r", wanted.name, "-d", folder], check=True)


def open_packages(small, folder, pretraining):
    packages, lines = requirements(small, pretraining)
    folder.mkdir(parents=True, exist_ok=True)
    wheels = files_by_hash(folder)
    if not packages.keys() <= wheels.keys():
        download(lines, folder)
        wheels = files_by_hash(folder)
    for sha256, package in packages.items():
        package.place = wheels[sha256]
        read_metadata(package)
    return [standard_library(), *packages.values()]


def read_metadata(package):
    with zipfile.ZipFile(package.place) as wheel:
        path = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(wheel.read(path), policy=email.policy.default)
    package.licence = licence(metadata)
    package.description = metadata.get_content()


def licence(metadata):
    named = metadata.get("License-Expression")
    classified = [name.rsplit(" :: ", 1)[-1] for name in metadata.get_all("Classifier", [])
                  if name.startswith("License :: ")]
    return named or ", ".join(classified) or metadata.get("License", "unknown").split("\n")[0]


def standard_library():
    return Package("python", platform.python_version(), "train", licence="PSF-2.0",
                   place=pathlib.Path(sysconfig.get_path("stdlib")))


def source_files(place):
    """(path, content) of each source file in a wheel or folder."""
    if place.is_dir():
        paths = sorted(file.relative_to(place).as_posix() for file in place.rglob("*.py"))
        for path in filter(functions.is_own_source, paths):
            yield path, (place / path).read_bytes()
    else:
        with zipfile.ZipFile(place) as wheel:
            for path in filter(functions.is_own_source, sorted(wheel.namelist())):
                yield path, wheel.read(path)


def parsed_sources(package):
    """(path, source, tree) of each source file that this Python can read."""
    for path, data in source_files(package.place):
        source = functions.read_source(data)
        tree = None if source is None else functions.parse(source)
        if tree is None:
            package.unread += 1
        else:
            yield path, source, tree


def read_package(package, texts):
    """The package's pairs; what is like a query goes to `texts`, unless it is held out."""
    pairs = []
    for path, source, tree in parsed_sources(package):
        if beginning := files.beginning(source):
            package.files.append((path, beginning))
        if package.files_alone:
            continue
        for function in functions.functions(source, tree):
            package.seen += 1
            package.documented += bool(function.docstring)
            if functions.is_pair(function):
                pairs.append(Pair(package, path, function, functions.summary(function.docstring)))
        if package.split == "train":
            texts.update(dict.fromkeys(queries.of_source(source, tree)))
    if package.split == "train" and not package.files_alone:
        texts.update(dict.fromkeys(queries.of_description(package.description)))
    return pairs


def in_random_order(items, key):
    """The same order on every run, without regard to where the items came from."""
    return sorted(items, key=lambda item: hashlib.sha256(key(item).encode()).digest())


def benchmark_functions():
    """What models are judged by here, and so what no corpus may hold."""
    codes = json.loads(gzip.decompress(BENCHMARK.read_bytes()))
    return [function for code in codes if (tree := functions.parse(code))
            for function in functions.functions(code, tree)]


def without_duplicates(pairs, reserved):
    """One pair of each description, and one function of all that nearly are the same; none that
    is like a reserved one."""
    described = {queries.normalised(functions.summary(function.docstring)): None
                 for function in reserved}
    for pair in pairs:
        described.setdefault(queries.normalised(pair.docstring), pair)
    pairs = [pair for pair in described.values() if pair]
    everything = [*reserved, *(pair.function for pair in pairs)]
    places = duplicates.first_of_each([function.code_tokens for function in everything])
    return [pairs[place - len(reserved)] for place in places if place >= len(reserved)]


def in_proportion(pairs):
    """The pairs of each split, so many of a package at most."""
    most = {split: MOST_HELD_OUT // len(names) for split, names in HELD_OUT.items()}
    taken = {split: [] for split in SPLITS}
    for pair in in_random_order(pairs, lambda pair: pair.url):
        package = pair.package
        if package.pairs < most.get(package.split, MOST_OF_A_PACKAGE):
            package.pairs += 1
            taken[package.split].append(pair)
    return taken


def query_texts(texts, pairs):
    """Each text once, without those that describe a function of a pair."""
    seen = {queries.normalised(text) for pair in pairs
            for text in (pair.docstring, queries.first_sentence(pair.docstring))}
    kept = []
    for text in filter(queries.is_query_like, texts):
        form = queries.normalised(text)
        if form not in seen:
            seen.add(form)
            kept.append(text)
    return in_random_order(kept, str)


def file_records(packages, split):
    for package in packages:
        if package.split == split:
            for path, code in in_random_order(package.files, lambda file: file[0])[:MOST_FILES]:
                yield {"repo": package.name, "path": path, "code": code}


def write_lines(path, lines):
    """Compressed; without the time, which gzip would store."""
    with open(path, "wb") as file, gzip.GzipFile("", "wb", mtime=0, fileobj=file) as out:
        for line in lines:
            out.write(line.encode() + b"\n")


def readme(packages, taken, texts):
    counts = ", ".join(f"{split} {len(taken[split])}" for split in reversed(SPLITS))
    head = f"""Code search corpus, made by scripts/make_corpus.py, run by Python
{platform.python_version()}, from the packages below. Their licences apply to what was taken from
them.

pairs: {counts}
texts like queries, of training packages alone: {texts}

| split | package | files unread | beginnings of files | functions | documented | pairs | licence |
|---|---|---|---|---|---|---|---|
"""
    rows = (f"| {p.split} | {p.name} {p.version} | {p.unread} | {min(len(p.files), MOST_FILES)} "
            f"| {p.seen} | {p.documented} | {p.pairs} | {p.licence} |\n"
            for p in sorted(packages, key=lambda p: (p.split, p.name)))
    return head + "".join(rows)


def make(out, small, wheels):
    packages = sorted(open_packages(small, wheels, pretraining=not small),
                      key=lambda package: (SPLITS.index(package.split), package.name))
    texts = {}
    pairs = [pair for package in packages for pair in read_package(package, texts)]
    pairs = without_duplicates(pairs, benchmark_functions())
    taken = in_proportion(pairs)
    texts = query_texts(texts, pairs)
    out.mkdir(parents=True, exist_ok=True)
    for split, rows in taken.items():
        write_lines(out / f"{split}.jsonl.gz", (json.dumps(pair.record()) for pair in rows))
        write_lines(out / f"files-{split}.jsonl.gz",
                    (json.dumps(record) for record in file_records(packages, split)))
    write_lines(out / "queries.txt.gz", texts)
    (out / "README").write_text(readme(packages, taken, len(texts)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--small", action="store_true",
                        help="the standard library and three packages")
    parser.add_argument("--wheels", type=pathlib.Path, default=DEPS / "corpus-wheels",
                        help="folder that keeps the packages (default: %(default)s)")
    args = parser.parse_args()
    make(args.out, args.small, args.wheels)
    sys.stdout.write((args.out / "README").read_text())


if __name__ == "__main__":
    main()
