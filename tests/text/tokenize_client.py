"""Asks the tokenize_lines program, and reads its answers."""

import json
import struct
import subprocess


def _text(data):
    data = data if isinstance(data, bytes) else data.encode("utf-8")
    return struct.pack("<I", len(data)) + data


def _number(value):
    return struct.pack("<I", value)


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def list(self):
        (count,) = struct.unpack_from("<I", self.data, self.at)
        values = struct.unpack_from(f"<{count}i", self.data, self.at + 4)
        self.at += 4 + 4 * count
        return list(values)

    def text(self):
        (count,) = struct.unpack_from("<I", self.data, self.at)
        value = self.data[self.at + 4 : self.at + 4 + count]
        self.at += 4 + count
        return value.decode("utf-8")


class Client:
    """Each method takes a batch and returns a list of answers. Texts are str, or bytes."""

    def __init__(self, program, folder):
        self.program, self.folder = str(program), str(folder)

    def _run(self, mode, questions):
        done = subprocess.run(
            [self.program, self.folder, mode], input=b"".join(questions), capture_output=True
        )
        if done.returncode != 0:
            raise SystemExit(done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def ids(self, texts):
        reader = _Reader(self._run("ids", map(_text, texts)))
        return [reader.list() for _ in texts]

    def encode(self, texts, length):
        reader = _Reader(self._run("encode", (_number(length) + _text(t) for t in texts)))
        return [(reader.list(), reader.list()) for _ in texts]

    def pair(self, pairs, length):
        questions = (_number(length) + _text(a) + _text(b) for a, b in pairs)
        reader = _Reader(self._run("pair", questions))
        return [(reader.list(), reader.list()) for _ in pairs]

    def decode(self, lists):
        questions = (struct.pack(f"<I{len(ids)}i", len(ids), *ids) for ids in lists)
        reader = _Reader(self._run("decode", questions))
        return [reader.text() for _ in lists]

    def time(self, texts):
        return json.loads(self._run("time", map(_text, texts)))
