"""MultiRecorder .dat files, versions d, e and f."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.flat_files import decide, map_numbers, size_of
from aphyn_gui.recording.frames import FrameSource
from aphyn_gui.recording.recording import Recording

_HEADER_BYTES = 1024
_MARKER = 0x1A2B3C4D
_DATE_LENGTHS = (17, 24)
"""Of version d, which has one of them."""

_STAMP_BYTES = 8
_RATE_FACTOR = 100_000
_BITS = (16, 8)


@dataclass(frozen=True, slots=True)
class _Header:
    """What the file says; ``order`` is the byte order as struct and NumPy write it."""

    version: str
    order: str
    frames: int
    rows: int
    columns: int
    rate_hz: float | None
    stamp_bytes: int
    date: str
    comment: str

    def file_bytes(self, bits: int) -> int:
        frame = self.rows * self.columns * bits // 8 + self.stamp_bytes
        return _HEADER_BYTES + self.frames * frame

    @property
    def positive(self) -> bool:
        return min(self.frames, self.rows, self.columns) > 0

    @property
    def text(self) -> str:
        return f"{self.frames} frames of {self.rows} rows of {self.columns} pixels"


class MultiRecorderFormat:
    """Recordings of MultiRecorder (Max Planck Institute, Göttingen)."""

    name = "MultiRecorder"
    suffixes = (".dat",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the sizes in the header, in either depth, give exactly the size of the file."""
        return any(
            header.positive and size_of(path) in map(header.file_bytes, _BITS)
            for header in _headers(first_bytes)
        )

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Map the movie; nothing of it is read.

        Raises
        ------
        RecordingError
            If the file is none of these, is truncated, or its sizes make no sense.
        """
        with path.open("rb") as file:
            headers = _headers(file.read(_HEADER_BYTES))
        if not headers:
            raise RecordingError(
                f"{path.name} does not begin as MultiRecorder files do (version d, e or f, and "
                "1024 bytes of header): it is another kind of .dat file"
            )
        held = size_of(path)
        header, bits = max(
            ((header, bits) for header in headers for bits in _BITS),
            key=lambda pair: (
                pair[0].positive and pair[0].file_bytes(pair[1]) == held,
                pair[0].positive and pair[0].file_bytes(pair[1]) <= held,
            ),
        )
        exact = header.file_bytes(bits) == held
        depth = decide(
            choices,
            "bits",
            "Bits of a pixel",
            tuple(str(option) for option in _BITS),
            str(bits),
            f"With {bits}, the header's sizes give {'exactly' if exact else 'no more than'} the "
            "file's.",
        )
        _require_whole(path, header, int(depth.chosen))
        stored = map_numbers(
            path,
            _frame_type(header, int(depth.chosen)),
            (header.frames,),
            _HEADER_BYTES,
            header.text,
        )
        return Recording(
            frames=cast(FrameSource, stored["pixels"]),
            path=path,
            format_name=self.name,
            frame_interval_ms=None if header.rate_hz is None else 1000 / header.rate_hz,
            header=_words(header),
            choices=(depth,),
        )


def _frame_type(header: _Header, bits: int) -> np.dtype[Any]:
    """A frame, and the time that versions e and f put behind it."""
    pixels = np.dtype((f"{header.order}u{bits // 8}", (header.rows, header.columns)))
    if not header.stamp_bytes:
        return np.dtype([("pixels", pixels)])
    return np.dtype([("pixels", pixels), ("time", np.dtype(f"{header.order}u8"))])


def _require_whole(path: Path, header: _Header, bits: int) -> None:
    if not header.positive:
        raise RecordingError(
            f"the header of {path.name} claims {header.text}: it is damaged, or another kind of "
            ".dat file"
        )
    held = size_of(path)
    if header.file_bytes(bits) > held:
        raise RecordingError(
            f"{path.name} is truncated, or another kind of .dat file: its header claims "
            f"{header.text} of {bits} bits, which need {header.file_bytes(bits)} bytes, but the "
            f"file holds {held}; copy it again from its source"
        )


def _headers(content: bytes) -> list[_Header]:
    """Every way to read the beginning of a file: version d has two, e and f one."""
    if len(content) < _HEADER_BYTES:
        return []
    version = chr(content[0])
    if version == "d":
        return [_version_d(content, length) for length in _DATE_LENGTHS]
    if version not in ("e", "f"):
        return []
    for order in "<>":
        marker, frames, rows, columns, rate = struct.unpack_from(f"{order}4i8xi", content, 1)
        if marker == _MARKER:
            return [
                _Header(
                    version,
                    order,
                    frames,
                    rows,
                    columns,
                    rate_hz=rate / _RATE_FACTOR if rate > 0 else None,
                    stamp_bytes=_STAMP_BYTES,
                    date=_text(content[29:53]),
                    comment=_text(content[53:_HEADER_BYTES]),
                )
            ]
    return []


def _version_d(content: bytes, date_length: int) -> _Header:
    frames, rows, columns = struct.unpack_from("<3i", content, 1 + date_length)
    return _Header(
        "d",
        "<",
        frames,
        rows,
        columns,
        rate_hz=None,
        stamp_bytes=0,
        date=_text(content[1 : 1 + date_length]),
        comment="",
    )


def _text(content: bytes) -> str:
    return content.partition(b"\0")[0].decode("latin-1").strip()


def _words(header: _Header) -> dict[str, str]:
    words = {
        "version": header.version,
        "byte order": "big" if header.order == ">" else "little",
        "frames": str(header.frames),
        "rows": str(header.rows),
        "columns": str(header.columns),
        "frame rate, Hz": "" if header.rate_hz is None else f"{header.rate_hz:g}",
        "date": header.date,
        "comment": header.comment,
    }
    return {key: value for key, value in words.items() if value}
