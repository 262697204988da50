"""Andor's .sif files, through the optional package sif_parser."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import IO, Any

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.recording import Recording

_MAGIC = b"Andor Technology Multi-Channel File\n"
_MOST_HEADER_BYTES = 2**22


class SifFormat:
    """Movies of Andor's Solis, memory-mapped."""

    name = "Andor"
    suffixes = (".sif",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file starts as Andor's do."""
        return first_bytes.startswith(_MAGIC)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Map the frames; time is the cycle time, not the exposure.

        Raises
        ------
        RecordingError
            If sif_parser is not installed, or the file is damaged or of an unknown version.
        """
        try:
            from sif_parser import np_open
        except ImportError as error:
            raise RecordingError(
                f"{path.name} is Andor's, and reading its files needs one more package: "
                'pip install "aphyn-gui[sif]"'
            ) from error
        try:
            with path.open("rb") as file:
                frames, described = np_open(_FiniteFile(file, path.stat().st_size), lazy="memmap")
        except Exception as error:
            # sif_parser meets damaged files with many types of exception.
            raise RecordingError(
                f"{path.name} could not be read as Andor's ({error}): it may be truncated, or of "
                "an unknown version; copy it again, or export it as TIFF"
            ) from error
        cycle_s = described.get("CycleTime")
        is_known = isinstance(cycle_s, float) and isfinite(cycle_s) and cycle_s > 0
        return Recording(
            frames=frames,
            path=path,
            format_name="Andor SIF",
            frame_interval_ms=1e3 * cycle_s if is_known else None,
            header=_header(described),
        )


class _FiniteFile:
    """A file whose end is an error: sif_parser would look for the next word for ever."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._header_left = _MOST_HEADER_BYTES

    def read(self, count: int) -> bytes:
        if not 0 <= count <= self._size - self._file.tell():
            raise EOFError(f"{count} bytes are claimed, {self._size - self._file.tell()} are left")
        return self._used(self._file.read(count))

    def readline(self) -> bytes:
        line = self._file.readline(self._header_left + 1)
        if not line:
            raise EOFError("the header has no end")
        return self._used(line)

    def _used(self, content: bytes) -> bytes:
        self._header_left -= len(content)
        if self._header_left < 0:
            raise EOFError(f"the header is longer than {_MOST_HEADER_BYTES} bytes")
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()


def _header(described: Mapping[str, Any]) -> dict[str, str]:
    header = {}
    for name, value in described.items():
        if name == "tile" or name.startswith("timestamp_of_"):
            continue
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        header[name] = text.strip()[:500]
    return header
