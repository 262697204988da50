"""MiCAM02 and MiCAM05: a text header (.gsh) and a movie of differences (.gsd)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.computed_frames import DifferenceFrames, cropped
from aphyn_gui.recording.formats.flat_files import (
    decide,
    find_beside,
    leading_number,
    map_numbers,
    milliseconds,
    read_text,
    size_of,
)
from aphyn_gui.recording.formats.micam_choices import (
    ALL_FRAMES,
    FIRST_CAMERA,
    IN_TURN,
    NOT_ADDED,
    REPAIRED,
    SECOND_CAMERA,
    decide_sample_time,
    decide_wraps,
)
from aphyn_gui.recording.recording import AnalogChannel, ReadingChoice, Recording

_NUMBER = np.dtype("<i2")
_SIZES_AT, _ANALOG_AT = 256, 328
_BACKGROUND_AT = (972, 970)
"""Sources disagree; more of them say the first."""

_FRAME_KEYS = ("number of frames", "frame size")
_ADDED = "added"


@dataclass(frozen=True, slots=True)
class _Sizes:
    """What the binary header says, with the number of frames from the text header."""

    frames: int
    columns: int
    rows: int
    left: int
    top: int
    image_columns: int
    image_rows: int
    channels: int
    rate: int

    @property
    def plane_bytes(self) -> int:
        return self.columns * self.rows * _NUMBER.itemsize

    @property
    def movie_bytes(self) -> int:
        """Background and frames."""
        return (1 + self.frames) * self.plane_bytes

    @property
    def analog_bytes(self) -> int:
        return self.channels * self.frames * self.rate * _NUMBER.itemsize

    @property
    def crop(self) -> tuple[slice, slice]:
        """Rows and columns of the image."""
        return (
            slice(self.top, self.top + self.image_rows),
            slice(self.left, self.left + self.image_columns),
        )


class Micam02Format:
    """Recordings of SciMedia's MiCAM02 and MiCAM05; either file opens both."""

    name = "MiCAM02 / MiCAM05"
    suffixes = (".gsh", ".gsd")

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file is a header with its movie beside it.

        The movie is bare numbers, useless without the header, and known by its suffix.
        """
        values = _values(first_bytes.decode("latin-1"))
        if not any(key in values for key in _FRAME_KEYS) or not _timed(values):
            return False
        return find_beside(path, path.with_suffix(".gsd").name) not in (None, path)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Map the movie; only its background is read.

        Raises
        ------
        RecordingError
            If one of the two files is missing, damaged or truncated.
        """
        header = _part(path, ".gsh") if path.suffix.lower() == ".gsd" else path
        movie = _part(path, ".gsd")
        values = _values(read_text(header))
        sizes = _read_sizes(movie, _frame_count(header, values))
        offset = _background_offset(movie, sizes, choices)
        start = int(offset.chosen)
        shape = (sizes.rows, sizes.columns)
        what = f"{sizes.frames} frames of {sizes.rows} rows of {sizes.columns} 16-bit numbers"
        stored = map_numbers(
            movie, _NUMBER, (sizes.frames, *shape), start + sizes.plane_bytes, what
        )
        plane = map_numbers(movie, _NUMBER, shape, start, what)[sizes.crop]
        taken = {"background_offset": offset, **_decisions(values, choices)}
        times = {FIRST_CAMERA: slice(0, None, 2), SECOND_CAMERA: slice(1, None, 2)}.get(
            taken["camera"].chosen if "camera" in taken else ALL_FRAMES, slice(None)
        )
        if taken["background"].chosen == NOT_ADDED:
            plane = np.zeros_like(plane)
        interval = _interval(values)
        if interval is not None and "sample_time" in taken:
            interval *= 2 if taken["sample_time"].chosen == IN_TURN else 1
        analog, notes = _analog_channels(movie, sizes, start, times.step or 1)
        return Recording(
            frames=DifferenceFrames(
                cropped(stored, times, *sizes.crop),
                plane,
                repair_wraps=taken["wraps"].chosen == REPAIRED,
            ),
            path=path,
            format_name=self.name,
            frame_interval_ms=interval,
            header=values,
            assumptions=notes,
            choices=tuple(taken.values()),
            analog=analog,
        )


def _part(path: Path, suffix: str) -> Path:
    if path.suffix.lower() == suffix:
        return path
    name = path.with_suffix(suffix).name
    found = find_beside(path, name)
    if found is None:
        raise RecordingError(
            f"{name}, the other half of the recording {path.name}, is missing in the folder "
            f"{path.parent}: put both in one folder"
        )
    return found


def _values(text: str) -> dict[str, str]:
    """Both dialects: ``Number of frames: 1024`` and ``Frame Size = 1024``; keys in lower case."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        cut = min((at for at in (line.find(":"), line.find("=")) if at > 0), default=0)
        key, value = line[:cut].strip(), line[cut + 1 :].strip()
        if key and value:
            values[key.lower()] = value
    return values


def _timed(values: Mapping[str, str]) -> bool:
    return "sampling time" in values or any(key.startswith("frame rate") for key in values)


def _interval(values: Mapping[str, str]) -> float | None:
    if "sampling time" in values:
        return milliseconds(values["sampling time"])
    rate = next((text for key, text in values.items() if key.startswith("frame rate")), "")
    hertz = leading_number(rate)
    return None if hertz is None else 1000.0 / hertz


def _frame_count(header: Path, values: Mapping[str, str]) -> int:
    text = next((values[key] for key in _FRAME_KEYS if key in values), "")
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < 1:
        said = f"says {text[:40]!r}" if text else "says nothing"
        raise RecordingError(
            f"{header.name} {said} where the number of frames belongs ('Number of frames:' or "
            "'Frame Size ='): it is no MiCAM02 header, or damaged"
        )
    return int(text)


def _read_sizes(movie: Path, frames: int) -> _Sizes:
    what = "a MiCAM02 movie with a header of 972 bytes"
    sizes = [int(size) for size in map_numbers(movie, _NUMBER, (6,), _SIZES_AT, what)]
    columns, rows, left, top, image_columns, image_rows = sizes
    channels, rate = (int(n) for n in map_numbers(movie, _NUMBER, (2,), _ANALOG_AT, what))
    fits = left + image_columns <= columns and top + image_rows <= rows
    if min(columns, rows, image_columns, image_rows) < 1 or min(left, top) < 0 or not fits:
        raise RecordingError(
            f"{movie.name} says that an image of {image_columns} x {image_rows} lies at column "
            f"{left}, row {top} of frames of {columns} x {rows}, which cannot be: it is no "
            "MiCAM02 movie, or damaged"
        )
    if min(channels, rate) < 0:
        raise RecordingError(
            f"{movie.name} says that it has {channels} analog channels of {rate} samples a frame: "
            "it is no MiCAM02 movie, or damaged"
        )
    return _Sizes(frames, columns, rows, left, top, image_columns, image_rows, channels, rate)


def _background_offset(movie: Path, sizes: _Sizes, choices: Mapping[str, str]) -> ReadingChoice:
    """Where the background begins: the right size of the file tells, else the smoother image."""
    held = size_of(movie)
    exact = [at for at in _BACKGROUND_AT if at + sizes.movie_bytes + sizes.analog_bytes == held]
    if exact:
        best, reason = exact[0], "With it, the header's sizes give exactly the file's."
    else:
        fitting = [at for at in _BACKGROUND_AT if at + sizes.movie_bytes <= held]
        best = min(fitting or _BACKGROUND_AT, key=lambda at: _roughness(movie, sizes, at))
        reason = "With it, the background is smoother; the size of the file fits neither."
    options = tuple(str(at) for at in _BACKGROUND_AT)
    label = "Byte at which the background begins"
    return decide(choices, "background_offset", label, options, str(best), reason)


def _roughness(movie: Path, sizes: _Sizes, offset: int) -> float:
    """Mean step between neighbours in a row; one pixel off, rows end in the next one's start."""
    shape = (sizes.rows, sizes.columns)
    plane = map_numbers(
        movie,
        _NUMBER,
        shape,
        offset,
        f"a background of {sizes.rows} rows of {sizes.columns} 16-bit numbers",
    ).astype(np.int32)
    return float(np.abs(np.diff(plane, axis=1)).mean()) if sizes.columns > 1 else 0.0


def _decisions(values: Mapping[str, str], choices: Mapping[str, str]) -> dict[str, ReadingChoice]:
    taken: dict[str, ReadingChoice] = {}
    dual = values.get("dual_cam", "0")
    if dual not in ("", "0"):
        taken["camera"] = decide(
            choices,
            "camera",
            "Camera",
            (ALL_FRAMES, FIRST_CAMERA, SECOND_CAMERA),
            ALL_FRAMES,
            f"The header says dual_cam={dual}; each camera is taken to have a file of its own. If "
            "the movie flickers, its frames take turns: choose a camera.",
        )
        if taken["camera"].chosen != ALL_FRAMES:
            taken["sample_time"] = decide_sample_time(choices)
    taken["background"] = decide(
        choices,
        "background",
        "Background",
        (_ADDED, NOT_ADDED),
        _ADDED,
        "The frames are differences from it.",
    )
    taken["wraps"] = decide_wraps(choices)
    return taken


def _analog_channels(
    movie: Path, sizes: _Sizes, start: int, frame_step: int
) -> tuple[tuple[AnalogChannel, ...], tuple[str, ...]]:
    """Channels one after the other behind the movie, mapped."""
    if not sizes.analog_bytes:
        return (), ()
    offset = start + sizes.movie_bytes
    if offset + sizes.analog_bytes > size_of(movie):
        return (), (
            f"The header names {sizes.channels} analog channels, but the file ends before them.",
        )
    shape = (sizes.channels, sizes.frames * sizes.rate)
    stored: npt.NDArray[np.int16] = map_numbers(movie, _NUMBER, shape, offset, "analog channels")
    if sizes.frames % frame_step:
        stored = stored[:, : -sizes.rate]
    return tuple(
        AnalogChannel(f"analog {number}", channel, sizes.rate * frame_step)
        for number, channel in enumerate(stored, start=1)
    ), ()
