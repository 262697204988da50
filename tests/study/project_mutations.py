"""Damaged and forged project files: bytes, containers, documents and arrays."""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path
from typing import Any

from aphyn_gui.study.project_archive import ArchiveWriter

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**40, 0.0, -1.5, 1e308, 5e-324, "", "x", "NaN",
    "Infinity", "-Infinity", "../../etc/passwd", "__import__('os').system('true')", "\ud800",
    [], {}, [[]], [None], {"array": 0}, {"array": -1}, {"array": 10**9}, "x" * 10_000,
    {"__class__": "os.system"}, "/dev/zero", "a\0b", "<b onload=x>", list(range(1000)),
)  # fmt: skip
_HEADERS = (
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
    "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 3), }",
    "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }",
    "(" * 90,
)


def members(path: Path) -> dict[str, bytes]:
    """Content of every member, by name."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mutated(whole: bytes, contents: dict[str, bytes], chance: random.Random) -> bytes:
    """One damaged or forged file made from a good one.

    Parameters
    ----------
    whole : bytes
        The good file.
    contents : dict of str to bytes
        Its members.
    chance : random.Random
        Decides what happens.
    """
    kind = chance.choice(("bytes", "cut", "swap", "json", "json", "json", "array", "pack", "names"))
    if kind == "bytes":
        content = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8, 64))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        return bytes(content)
    if kind == "cut":
        start, stop = sorted(chance.randrange(len(whole)) for _ in range(2))
        return chance.choice((whole[:start], whole[start:], whole[:start] + whole[stop:]))
    if kind == "swap":
        # The directory and the end: places, sizes and counts that are not true.
        content = bytearray(whole)
        start = whole.index(b"PK\x01\x02")
        for _ in range(chance.choice((1, 3))):
            place = chance.randrange(start, len(content) - 4)
            content[place : place + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\0\0\0\x40"))
        return bytes(content)
    contents = dict(contents)
    if kind == "json":
        name = chance.choice([name for name in contents if name.endswith(".json")])
        document = json.loads(contents[name])
        for _ in range(chance.choice((1, 1, 3))):
            document = _changed(document, chance)
        contents[name] = json.dumps(document).encode()
    elif kind == "array":
        name = chance.choice([name for name in contents if name.endswith(".npy")])
        content = bytearray(contents[name])
        if chance.random() < 0.5:
            header = chance.choice(_HEADERS).encode().ljust(117) + b"\n"
            content[10:128] = header[:118]
        else:
            # Numbers that are none, infinite, or huge.
            place = chance.randrange(128, len(content), 4)
            content[place : place + 8] = chance.choice((b"\xff" * 8, b"\0" * 6 + b"\xf0\x7f"))
        contents[name] = bytes(content)
    elif kind == "names":
        name = chance.choice(list(contents))
        content = contents.pop(name)
        if chance.random() < 0.7:
            contents[chance.choice((f"../{name}", "x" * 99, "fits/9/0.npy", "a.pkl"))] = content
    else:
        return _deflated(contents, chance)
    return _packed(contents)


def _changed(document: Any, chance: random.Random) -> Any:
    """A document with something else at a random place."""
    if chance.random() < 0.15 or not document or not isinstance(document, dict | list):
        return chance.choice(_STRANGE)
    if isinstance(document, list):
        place = chance.randrange(len(document))
        if chance.random() < 0.2:
            return document[:place] + document[place + 1 :]
        return [*document[:place], _changed(document[place], chance), *document[place + 1 :]]
    key = chance.choice(list(document))
    changed = dict(document)
    how = chance.random()
    if how < 0.1:
        del changed[key]
    elif how < 0.2:
        changed[chance.choice(("extra", "", "\ud800", "x" * 5000))] = changed[key]
    else:
        changed[key] = _changed(changed[key], chance)
    return changed


def _packed(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with ArchiveWriter(buffer) as archive:
        for name, content in contents.items():
            archive.write(name, content)
    return buffer.getvalue()


def _deflated(contents: dict[str, bytes], chance: random.Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.writestr("fits/0/99.npy", b"\0" * chance.choice((10, 2**20, 2**24)))
    return buffer.getvalue()
