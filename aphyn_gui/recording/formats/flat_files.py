"""What readers of headers and bare numbers share: sizes checked, files found, text read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.recording import ReadingChoice

_LONGEST_TEXT = 2**18
"""A text header of a camera has about 1 kB; what is longer is no header."""

_LONGEST_NAME = 255

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_UNITS_MS = {"": 1.0, "ms": 1.0, "msec": 1.0, "us": 1e-3, "usec": 1e-3, "s": 1e3, "sec": 1e3}


def decide(
    choices: Mapping[str, str],
    key: str,
    label: str,
    options: tuple[str, ...],
    default: str,
    reason: str,
) -> ReadingChoice:
    """What to take where a file leaves something open: what was asked for, else the default.

    Raises
    ------
    RecordingError
        If something was asked for that is no option.
    """
    if key in choices:
        return ReadingChoice(key, label, options, choices[key], "Chosen by hand.")
    return ReadingChoice(key, label, options, default, reason)


def size_of(path: Path) -> int:
    """Bytes in a file; RecordingError if it is not there."""
    try:
        return path.stat().st_size
    except OSError as error:
        raise RecordingError(f"{path.name} cannot be read: {error.strerror or error}") from error


def map_numbers(
    path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...], offset: int, what: str
) -> npt.NDArray[Any]:
    """Numbers in a file as a read-only memory map, if the file is long enough to hold them.

    Parameters
    ----------
    path : Path
        The file.
    dtype : dtype
        Of one number, with its byte order.
    shape : tuple of int
        As a header claims it.
    offset : int
        Where they begin, bytes.
    what : str
        What they are, with the header's sizes, for the message: "1024 frames of 100 x 128".

    Raises
    ------
    RecordingError
        If a size is not positive, or the file is too short or cannot be read.
    """
    if min(shape) < 1:
        raise RecordingError(
            f"the header of {path.name} claims {what}: the file is damaged, or of another kind "
            "than its name says"
        )
    needed = offset + prod(shape) * np.dtype(dtype).itemsize
    held = size_of(path)
    if needed > held:
        raise RecordingError(
            f"{path.name} is truncated, or of another kind than its name says: its header claims "
            f"{what}, which need {needed} bytes, but the file holds {held}; copy it again from its "
            "source"
        )
    try:
        return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name} cannot be read: {error}") from error


def read_text(path: Path) -> str:
    """A text header, whatever its encoding; a Japanese camera may write file names in its own.

    Raises
    ------
    RecordingError
        If the file is too long for a header, or cannot be read.
    """
    if size_of(path) > _LONGEST_TEXT:
        raise RecordingError(
            f"{path.name} has {size_of(path)} bytes, too many for a text header: it is damaged or "
            "of another kind than its name says"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path.name} cannot be read: {error.strerror or error}") from error
    for encoding in ("utf-8", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def find_beside(path: Path, name: str) -> Path | None:
    """The file called ``name`` in the folder of ``path``, in capitals or not; None: missing."""
    # On Windows a path leads from a drive through backslashes to the name.
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    if base in ("", ".", "..") or "\0" in base or len(base.encode()) > _LONGEST_NAME:
        return None
    exact = path.with_name(base)
    if exact.is_file():
        return exact
    wanted = base.casefold()
    for candidate in files_beside(path):
        if candidate.name.casefold() == wanted and candidate.is_file():
            return candidate
    return None


def files_beside(path: Path) -> list[Path]:
    """Everything in the folder of ``path``, sorted; nothing where it cannot be listed."""
    try:
        return sorted(path.parent.iterdir())
    except OSError:
        return []


def leading_number(text: str) -> float | None:
    """The positive number at the start of a header's value, "2.0msec"; None: there is none."""
    return _number_and_rest(text)[0]


def milliseconds(text: str) -> float | None:
    """A duration with its unit, "2.0msec" or "500 usec", in ms; None: not understood."""
    number, unit = _number_and_rest(text)
    factor = _UNITS_MS.get(unit.strip().lower())
    return None if number is None or factor is None else number * factor


def _number_and_rest(text: str) -> tuple[float | None, str]:
    match = _NUMBER.match(text)
    if match is None:
        return None, text
    value = float(match.group())
    return value if isfinite(value) and value > 0 else None, text[match.end() :]
