"""Numbered files of a folder, in the order of their numbers: 2 before 10."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from aphyn_gui.recording.errors import RecordingError

IMAGE_SUFFIXES = (".png", ".tif", ".tiff")
"""Endings of images that can be frames."""

_DIGITS = re.compile("[0-9]+")
_FEWEST = 2
_MOST_GROUPS = 16
"""More groups than this are no trials or channels: every number counts, as in a time of day."""

_Numbered = list[tuple[tuple[int, ...], str]]


def numbered_series(folder: Path, suffixes: tuple[str, ...]) -> dict[str, list[str]]:
    """Names that differ only in numbers, sorted by them; the most likely movie comes first.

    Where two numbers differ, as in ``trial1_frame001``, the one that gives the longest series
    counts frames, and the others part the series. All of them together come last.

    Parameters
    ----------
    folder : Path
        Where the files are.
    suffixes : tuple of str
        Endings of the files to look at, lower case.

    Returns
    -------
    dict of str to list of str
        Names by what they share, ``#`` for the numbers that count.

    Raises
    ------
    RecordingError
        If the folder cannot be read.
    """
    parted: dict[str, list[str]] = {}
    together: dict[str, list[str]] = {}
    for skeleton, files in _by_skeleton(folder, suffixes).items():
        if len(files) < _FEWEST:
            continue
        groups = _parted(skeleton, sorted(files))
        if 1 < len(groups) <= _MOST_GROUPS:
            parted |= {key: names for key, names in groups.items() if len(names) >= _FEWEST}
            together[skeleton] = [name for _, name in sorted(files)]
        else:
            parted[skeleton] = [name for _, name in sorted(files)]
    ordered = sorted(parted, key=lambda key: (-len(parted[key]), key))
    return {key: parted[key] for key in ordered} | together


def folder_hint(path: Path) -> str:
    """How to open the movie that a single image is a frame of; ends the sentence."""
    for names in numbered_series(path.parent, IMAGE_SUFFIXES).values():
        if path.name in names:
            return (
                f": it is one of {len(names)} numbered frames in the folder "
                f"{path.resolve().parent.name}; open the folder itself (drop it on the window, or "
                "give its path)"
            )
    return ": open the file that holds all frames"


def last_numbers(names: Sequence[str]) -> list[int]:
    """The last number in each name before its ending."""
    return [_numbers(name)[-1] for name in names]


def _by_skeleton(folder: Path, suffixes: tuple[str, ...]) -> dict[str, _Numbered]:
    found: dict[str, _Numbered] = defaultdict(list)
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                # Systems leave files of their own, such as ._frame1.png.
                if name.startswith(".") or not name.lower().endswith(suffixes):
                    continue
                stem, _, suffix = name.rpartition(".")
                numbers = _numbers(name)
                if numbers:
                    found[f"{_DIGITS.sub('#', stem)}.{suffix}"].append((numbers, name))
    except OSError as error:
        raise RecordingError(f"{folder.name} cannot be read: {error.strerror or error}") from error
    return found


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in _DIGITS.findall(name.rpartition(".")[0]))


def _parted(skeleton: str, files: _Numbered) -> dict[str, list[str]]:
    """Series in which one number counts: the one that makes the longest."""
    best: dict[tuple[int, ...], list[str]] = {}
    counting = 0
    for position in range(len(files[0][0])):
        groups: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for numbers, name in files:
            groups[numbers[:position] + numbers[position + 1 :]].append(name)
        if not best or max(map(len, groups.values())) >= max(map(len, best.values())):
            best, counting = groups, position
    parts = skeleton.split("#")
    named = {}
    for others, names in best.items():
        marks = [*map(str, others[:counting]), "#", *map(str, others[counting:])]
        pairs = zip(parts, [*marks, ""], strict=False)
        named["".join(part + mark for part, mark in pairs)] = names
    return named
