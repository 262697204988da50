"""Damage to files: cut, flipped, with absurd sizes."""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import encoders

_ABSURD = (0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)
_WIDTHS = (1, 2, 4, 8)


def samples() -> dict[str, Callable[[Path], Path]]:
    """The function that writes a sample, by the name of its encoder."""
    found = {}
    for module in pkgutil.iter_modules(encoders.__path__):
        write = getattr(importlib.import_module(f"encoders.{module.name}"), "sample", None)
        if write is not None:
            found[module.name] = write
    return found


def damaged_copy(source: Path, opened: Path, target: Path, seed: str) -> Path:
    """A copy of the sample's folder with one of its files damaged.

    Parameters
    ----------
    source : Path
        Folder into which the sample was written.
    opened : Path
        What is opened of it.
    target : Path
        Folder for the copy; must not exist.
    seed : str
        The damage is the same for the same seed.

    Returns
    -------
    Path
        What is opened of the copy.
    """
    chance = random.Random(seed)
    shutil.copytree(source, target)
    files = sorted(file for file in target.rglob("*") if file.is_file())
    # What is opened is damaged most; where it has others beside it, those too.
    own = target / opened.relative_to(source)
    victim = own if own.is_file() and chance.random() < 0.6 else chance.choice(files)
    victim.write_bytes(damaged(victim.read_bytes(), chance))
    return own


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content, hurt in one way or in several."""
    hurt = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        chance.choice(_DAMAGES)(hurt, chance)
    return bytes(hurt)


def _place(content: bytearray, chance: random.Random) -> int:
    """More often in the first bytes, where the sizes are."""
    end = chance.choice((128, 1024, len(content), len(content)))
    return chance.randrange(max(1, min(end, len(content))))


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[_place(content, chance) :]


def _flip(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 4, 32))):
        if content:
            content[_place(content, chance)] ^= 1 << chance.randrange(8)


def _scramble(content: bytearray, chance: random.Random) -> None:
    start = _place(content, chance)
    content[start : start + 16] = chance.randbytes(len(content[start : start + 16]))


def _size(content: bytearray, chance: random.Random) -> None:
    width = chance.choice(_WIDTHS)
    start = _place(content, chance) // width * width
    number = chance.choice(_ABSURD) % (1 << 8 * width)
    if start + width <= len(content):
        content[start : start + width] = number.to_bytes(width, chance.choice(("little", "big")))


def _digits(content: bytearray, chance: random.Random) -> None:
    """Another number where one is written as text."""
    numbers = list(re.finditer(rb"[0-9]+", bytes(content[:4096])))
    if numbers:
        found = chance.choice(numbers)
        content[found.start() : found.end()] = chance.choice((b"0", b"-1", b"9" * 12, b"9" * 400))


def _remove(content: bytearray, chance: random.Random) -> None:
    start = _place(content, chance)
    del content[start : start + chance.choice((1, 4, 64, 512))]


def _repeat(content: bytearray, chance: random.Random) -> None:
    start = _place(content, chance)
    content[start:start] = content[start : start + chance.choice((1, 8, 512))]


def _blank(content: bytearray, chance: random.Random) -> None:
    start = _place(content, chance)
    length = len(content[start : start + chance.choice((8, 64, 512))])
    content[start : start + length] = chance.choice((b"\0", b"\xff")) * length


_DAMAGES = (_cut, _flip, _flip, _scramble, _size, _size, _digits, _remove, _repeat, _blank)
