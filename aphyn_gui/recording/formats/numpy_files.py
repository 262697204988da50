"""NumPy arrays (.npy, memory-mapped) and archives of them (.npz); never with pickles."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.lib import format as npy_format

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.array_choice import StoredArray, as_movie, choose_array
from aphyn_gui.recording.frames import FRAME_AXES, Array, FrameSource
from aphyn_gui.recording.recording import Recording

_NPY_MAGIC = b"\x93NUMPY"
_ZIP_MAGIC = b"PK\x03\x04"
_LONGEST_HEADER = 2**16
_DEFLATE_LIMIT = 1032
"""Deflate cannot shrink data further than this; a larger ratio is a damaged or hostile file."""


class NumpyArrayFormat:
    """One array in a file of its own."""

    name = "NumPy"
    suffixes = (".npy",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file starts as NumPy arrays do."""
        return first_bytes.startswith(_NPY_MAGIC)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Memory-map the array; time is its longest axis.

        Raises
        ------
        RecordingError
            If the file is damaged, holds Python objects, or is no movie.
        """
        try:
            with path.open("rb") as file:
                _read_npy_header(file)
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception as error:
            # NumPy meets damaged headers with many types of exception.
            raise _damaged(path, error) from error
        if not isinstance(array, np.ndarray):
            raise RecordingError(f"{path.name} is named .npy but holds an archive: name it .npz")
        return _recording(path, array, {"dtype": str(array.dtype)}, choices)


class NumpyArchiveFormat:
    """Several named arrays in one zip file.

    The movie is the three-dimensional numeric array; ``frame_interval_ms`` and
    ``pixel_pitch_mm``, single numbers, are honoured where present.
    """

    name = "NumPy"
    suffixes = (".npz",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file is a zip file named as NumPy names its archives."""
        return first_bytes.startswith(_ZIP_MAGIC) and path.suffix.lower() in self.suffixes

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Read the largest three-dimensional array; the others are only looked at.

        Raises
        ------
        RecordingError
            If the file is damaged, or holds no movie.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                return self._read(path, archive, choices)
        except RecordingError:
            raise
        except Exception as error:
            # So do zipfile and zlib.
            raise _damaged(path, error) from error

    def _read(self, path: Path, archive: zipfile.ZipFile, choices: Mapping[str, str]) -> Recording:
        arrays: list[StoredArray] = []
        members: dict[str, zipfile.ZipInfo] = {}
        settings: dict[str, float] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(".npy")
            with archive.open(member) as file:
                shape, dtype = _read_npy_header(file)
            arrays.append(StoredArray(name, shape, dtype))
            members[name] = member
            if name in ("frame_interval_ms", "pixel_pitch_mm") and dtype.kind in "uif":
                settings[name] = float(_read_member(path, archive, member).item())
        chosen, of_array, assumptions = choose_array(path, arrays, choices)
        recording = _recording(
            path,
            _read_member(path, archive, members[chosen.name]),
            {array.name: f"{array.dtype}, shape {array.shape}" for array in arrays},
            choices,
            **settings,
        )
        return replace(
            recording,
            choices=of_array + recording.choices,
            assumptions=assumptions + recording.assumptions,
        )


def _recording(
    path: Path,
    array: Array,
    header: dict[str, str],
    choices: Mapping[str, str],
    frame_interval_ms: float | None = None,
    pixel_pitch_mm: float | None = None,
) -> Recording:
    if array.ndim != FRAME_AXES:
        raise RecordingError(
            f"{path.name} holds an array with {array.ndim} axes, shape {array.shape}; a movie has "
            "three: time, row, column"
            + (". This is one image, not a movie" if array.ndim == 2 else "")
        )
    frames, of_time, assumptions = as_movie(cast(FrameSource, array), choices)
    return Recording(
        frames=frames,
        path=path,
        format_name="NumPy",
        frame_interval_ms=frame_interval_ms,
        pixel_pitch_mm=pixel_pitch_mm,
        header=header,
        assumptions=assumptions,
        choices=of_time,
    )


def _read_npy_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    start = file.read(12)
    # Since version 2 the header's length has four bytes, and NumPy reads what they claim.
    if start[6:8] != b"\x01\x00" and int.from_bytes(start[8:12], "little") > _LONGEST_HEADER:
        raise ValueError("the header claims to be longer than headers are")
    file.seek(0)
    version = npy_format.read_magic(file)
    read = (
        npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    )
    shape, _, dtype = read(file)
    return tuple(int(length) for length in shape), dtype


def _read_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    # The sizes in a header are only claims, and NumPy allocates what they claim.
    with archive.open(member) as file:
        shape, dtype = _read_npy_header(file)
    claimed = int(np.prod([int(length) for length in shape], dtype=object)) * dtype.itemsize
    if claimed > member.file_size or claimed > _DEFLATE_LIMIT * (member.compress_size + 64):
        raise RecordingError(
            f"{path.name}: {member.filename} claims {claimed} bytes but holds fewer: the file is "
            "truncated or damaged; copy it again"
        )
    with archive.open(member) as file:
        return npy_format.read_array(file, allow_pickle=False)


def _damaged(path: Path, error: Exception) -> RecordingError:
    if "pickle" in str(error) or "Object arrays" in str(error):
        return RecordingError(
            f"{path.name} holds Python objects, which could run code when loaded and are never "
            "opened: save the movie as a plain numeric array"
        )
    return RecordingError(
        f"{path.name} is not a usable NumPy file ({error}): it may be truncated; copy or save it "
        "again"
    )
