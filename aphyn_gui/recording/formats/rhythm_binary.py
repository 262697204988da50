"""Rhythm's .bin files: 24 bytes of header, then frames."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.flat_files import map_numbers, size_of
from aphyn_gui.recording.frames import FrameSource
from aphyn_gui.recording.recording import Recording

_NUMBER = np.dtype("<u2")
_HEADER = struct.Struct("<i4xi4xd")
_LARGEST_SIDE = 2**16
_FASTEST_HZ = 1e6
"""Beyond any camera's rate: with the file's size, it tells these headers from chance."""


class RhythmBinaryFormat:
    """Movies that Rhythm (optocardiography) reads as .bin."""

    name = "Rhythm"
    suffixes = (".bin",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the sizes and rate are possible and whole frames fill the file."""
        if len(first_bytes) < _HEADER.size:
            return False
        width, height, rate = _HEADER.unpack_from(first_bytes)
        if not (0 < width < _LARGEST_SIDE and 0 < height < _LARGEST_SIDE and _possible(rate)):
            return False
        frames, rest = divmod(size_of(path) - _HEADER.size, width * height * _NUMBER.itemsize)
        return bool(frames > 1 and rest == 0)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Map the movie; nothing of it is read.

        Raises
        ------
        RecordingError
            If the file is none of these, or is truncated.
        """
        with path.open("rb") as file:
            content = file.read(_HEADER.size)
        if len(content) < _HEADER.size:
            raise RecordingError(f"{path.name} has {len(content)} bytes, too few for a movie")
        width, height, rate = _HEADER.unpack(content)
        if min(width, height) < 1:
            raise RecordingError(
                f"{path.name} claims frames of {width} x {height} pixels: it is damaged, or "
                "another kind of .bin file"
            )
        held = size_of(path)
        frames, rest = divmod(held - _HEADER.size, width * height * _NUMBER.itemsize)
        if rest or frames < 1:
            raise RecordingError(
                f"{path.name} is truncated, or another kind of .bin file: its header claims frames "
                f"of {width} x {height} pixels of 16 bits, and the file, {held} bytes long, ends "
                f"within frame {frames}; copy it again from its source"
            )
        what = f"frames of {width} x {height} pixels"
        stored = map_numbers(path, _NUMBER, (frames, height, width), _HEADER.size, what)
        return Recording(
            frames=cast(FrameSource, stored),
            path=path,
            format_name=self.name,
            frame_interval_ms=1000 / rate if _possible(rate) else None,
            header={"width": str(width), "height": str(height), "frame rate, Hz": f"{rate:g}"},
        )


def _possible(rate_hz: float) -> bool:
    return isfinite(rate_hz) and 1 / _FASTEST_HZ < rate_hz < _FASTEST_HZ
