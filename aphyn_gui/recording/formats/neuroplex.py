"""NeuroPlex (RedShirtImaging): one .da file, stored pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.computed_frames import DifferenceFrames
from aphyn_gui.recording.formats.flat_files import decide, map_numbers, size_of
from aphyn_gui.recording.frames import FrameSource, transposed
from aphyn_gui.recording.recording import AnalogChannel, ReadingChoice, Recording

_NUMBER = np.dtype("<i2")
_HEADER_WORDS = 2560
_HEADER_BYTES = _HEADER_WORDS * 2
_LAST_WORD = 392
_TRACES = 8
_SHORTEST_PLAIN_INTERVAL = 10
"""From this interval on, by the maker's description, it is to be multiplied."""

_MULTIPLIED, _ALONE = "multiplied by word 391", "word 389 alone"
_SUBTRACTED, _NOT_SUBTRACTED = "subtracted", "not subtracted"


@dataclass(frozen=True, slots=True)
class _Header:
    """Words of the header, by their numbers from 1."""

    frames: int
    columns: int
    rows: int
    interval_us: int
    factor: int
    ratio: int

    @classmethod
    def from_words(cls, words: npt.NDArray[Any]) -> _Header:
        return cls(*(int(words[number - 1]) for number in (5, 385, 386, 389, 391, 392)))

    @property
    def movie_bytes(self) -> int:
        return self.frames * self.columns * self.rows * _NUMBER.itemsize

    @property
    def analog_bytes(self) -> int:
        return _TRACES * self.frames * self.ratio * _NUMBER.itemsize

    @property
    def file_bytes(self) -> int:
        """Header, movie, traces and dark frame."""
        dark = self.columns * self.rows * _NUMBER.itemsize
        return _HEADER_BYTES + self.movie_bytes + self.analog_bytes + dark


class NeuroplexFormat:
    """Recordings of RedShirtImaging's NeuroPlex."""

    name = "NeuroPlex"
    suffixes = (".da",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the sizes in the header give exactly the size of the file."""
        if len(first_bytes) < _LAST_WORD * _NUMBER.itemsize:
            return False
        header = _Header.from_words(np.frombuffer(first_bytes, _NUMBER, _LAST_WORD))
        positive = min(header.frames, header.columns, header.rows) > 0 and header.ratio >= 0
        return positive and header.file_bytes == size_of(path)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Map the movie; only its dark frame is read.

        Raises
        ------
        RecordingError
            If the file is truncated, or its sizes make no sense.
        """
        words = map_numbers(path, _NUMBER, (_HEADER_WORDS,), 0, "a NeuroPlex header of 5120 bytes")
        header = _Header.from_words(words)
        if header.ratio < 0:
            raise RecordingError(
                f"{path.name} claims {header.ratio} samples of the analog inputs a frame: it is no "
                "NeuroPlex recording, or damaged"
            )
        stored = map_numbers(
            path,
            _NUMBER,
            (header.rows, header.columns, header.frames),
            _HEADER_BYTES,
            f"{header.frames} frames of {header.rows} rows of {header.columns} 16-bit numbers",
        )
        taken: list[ReadingChoice] = []
        notes: tuple[str, ...] = ()
        whole = size_of(path) >= header.file_bytes
        analog: tuple[AnalogChannel, ...] = ()
        dark = np.zeros((header.rows, header.columns), dtype=np.int16)
        if whole:
            dark = _dark_frame(path, header, choices, taken)
            analog = _analog_channels(path, header)
        else:
            notes = (
                "The file ends before the analog inputs and the dark frame: the dark frame was "
                "not subtracted.",
            )
        return Recording(
            frames=DifferenceFrames(
                transposed(cast(FrameSource, stored), (2, 0, 1)), -dark.astype(np.int32)
            ),
            path=path,
            format_name=self.name,
            frame_interval_ms=_interval_ms(header, choices, taken),
            header={
                "frames (word 5)": str(header.frames),
                "columns (word 385)": str(header.columns),
                "rows (word 386)": str(header.rows),
                "interval, us (word 389)": str(header.interval_us),
                "factor (word 391)": str(header.factor),
                "analog samples a frame (word 392)": str(header.ratio),
            },
            assumptions=notes,
            choices=tuple(taken),
            analog=analog,
        )


def _dark_frame(
    path: Path, header: _Header, choices: Mapping[str, str], taken: list[ReadingChoice]
) -> npt.NDArray[Any]:
    choice = decide(
        choices,
        "dark_frame",
        "Dark frame",
        (_SUBTRACTED, _NOT_SUBTRACTED),
        _SUBTRACTED,
        "It is what the camera reads without light.",
    )
    taken.append(choice)
    shape = (header.rows, header.columns)
    if choice.chosen == _NOT_SUBTRACTED:
        return np.zeros(shape, dtype=np.int16)
    offset = _HEADER_BYTES + header.movie_bytes + header.analog_bytes
    return map_numbers(path, _NUMBER, shape, offset, "a dark frame")


def _interval_ms(
    header: _Header, choices: Mapping[str, str], taken: list[ReadingChoice]
) -> float | None:
    if header.interval_us < 1:
        return None
    interval = header.interval_us / 1000
    if header.factor <= 1:
        return interval
    long = header.interval_us >= _SHORTEST_PLAIN_INTERVAL
    choice = decide(
        choices,
        "interval",
        "Frame interval",
        (_MULTIPLIED, _ALONE),
        _MULTIPLIED if long else _ALONE,
        f"Word 389 is {header.interval_us} us, word 391 is {header.factor}; by the maker's "
        f"description it multiplies intervals from {_SHORTEST_PLAIN_INTERVAL} us on, but not all "
        "readers do so: check it against the length of the recording.",
    )
    taken.append(choice)
    return interval * header.factor if choice.chosen == _MULTIPLIED else interval


def _analog_channels(path: Path, header: _Header) -> tuple[AnalogChannel, ...]:
    if not header.analog_bytes:
        return ()
    shape = (_TRACES, header.frames * header.ratio)
    stored = map_numbers(path, _NUMBER, shape, _HEADER_BYTES + header.movie_bytes, "analog inputs")
    return tuple(
        AnalogChannel(f"BNC {number}", channel, header.ratio)
        for number, channel in enumerate(stored, start=1)
    )
