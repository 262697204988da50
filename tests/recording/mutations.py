"""Damaged copies of a recording's files: cut off, bits flipped, absurd sizes, wrong numbers."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

_ABSURD = (0, 1, -1, 2, 127, -128, 2**15 - 1, -(2**15), 2**31 - 1, -(2**31), 0x7FFF0001)
_HEADER = 1200
"""Damage here meets sizes more often than pixels."""


def damage(folder: Path, random: Random) -> None:
    """Damage one file in the folder, in one to three ways."""
    file = random.choice(sorted(folder.iterdir()))
    content = bytearray(file.read_bytes())
    for _ in range(random.randint(1, 3)):
        if content:
            random.choice(_WAYS)(content, random)
    file.write_bytes(content)


def _place(content: bytearray, random: Random) -> int:
    reach = min(len(content), _HEADER) if random.random() < 0.8 else len(content)
    return random.randrange(reach)


def _cut(content: bytearray, random: Random) -> None:
    del content[_place(content, random) :]


def _grow(content: bytearray, random: Random) -> None:
    content += random.randbytes(random.randint(1, 5000))


def _flip(content: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 20)):
        content[_place(content, random)] ^= 1 << random.randrange(8)


def _put_number(content: bytearray, random: Random) -> None:
    size = random.choice("hiqd")
    number = random.choice(_ABSURD)
    packed = struct.pack(f"<{size}", number & 0x7FFF if size == "h" else number)
    place = _place(content, random) & ~1
    content[place : place + len(packed)] = packed


def _change_text(content: bytearray, random: Random) -> None:
    numbers = list(re.finditer(rb"\d+", bytes(content[:_HEADER])))
    if numbers:
        which = random.choice(numbers)
        text = random.choice((b"0", b"-1", b"1e9", b"", b"nan", b"9" * 30, b"99999999", b"3"))
        content[which.start() : which.end()] = text


_WAYS: tuple[Callable[[bytearray, Random], None], ...] = (
    _cut,
    _grow,
    _flip,
    _put_number,
    _change_text,
)
