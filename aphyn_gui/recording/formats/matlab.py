"""MATLAB files (.mat): versions 5 to 7, and 7.3, which is HDF5; also those of Rhythm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite
from pathlib import Path
from typing import Any, cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats import hdf5, mat5
from aphyn_gui.recording.formats.array_choice import StoredArray, as_movie, choose_array
from aphyn_gui.recording.frames import FrameSource, transposed
from aphyn_gui.recording.recording import Recording

_VERSION_5 = (b"\x00\x01IM", b"\x01\x00MI")
_RHYTHM_MOVIE = "cmosData"


class MatlabFormat:
    """Movies in MATLAB files, mapped or read lazily; axes are numbered as MATLAB shows them."""

    name = "MATLAB"
    suffixes = (".mat",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file starts as MATLAB's files do."""
        return _is_version_5(first_bytes) or (
            hdf5.has_signature(first_bytes)
            and (path.suffix.lower() == ".mat" or first_bytes.startswith(b"MATLAB 7.3"))
        )

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """The array asked for, else Rhythm's, else the largest of three axes.

        Raises
        ------
        RecordingError
            If the file is damaged, of another version, or holds no movie.
        """
        with path.open("rb") as file:
            first_bytes = file.read(4096)
        if _is_version_5(first_bytes):
            return _open_version_5(path, choices)
        if not hdf5.has_signature(first_bytes):
            raise RecordingError(
                f"{path.name} is no MATLAB file of version 5 or later: load it in MATLAB and save "
                "it with save(..., '-v7.3')"
            )
        with hdf5.hdf5_errors(path):
            file_73 = hdf5.open_file(path)
            try:
                return _open_version_73(path, file_73, choices)
            except BaseException:
                file_73.close()
                raise


def _is_version_5(first_bytes: bytes) -> bool:
    return first_bytes.startswith(b"MATLAB 5") and first_bytes[124:128] in _VERSION_5


def _open_version_5(path: Path, choices: Mapping[str, str]) -> Recording:
    arrays = {array.stored.name: array for array in mat5.walk(path)}
    numbers = {name: array.value for name, array in arrays.items() if array.value is not None}
    return _recording(
        path,
        "MATLAB 5",
        [array.stored for array in arrays.values()],
        numbers,
        choices,
        lambda name: cast(FrameSource, mat5.read(path, arrays[name])),
    )


def _open_version_73(path: Path, file: Any, choices: Mapping[str, str]) -> Recording:
    arrays = [
        # MATLAB counts axes from the other end.
        StoredArray(array.name, array.shape[::-1], array.dtype)
        for array in hdf5.find_datasets(path, file)
    ]
    numbers = {
        array.name: float(np.ravel(file[array.name][()])[0])
        for array in arrays
        if array.shape == (1, 1)
    }
    return _recording(
        path,
        "MATLAB 7.3",
        arrays,
        numbers,
        choices,
        lambda name: transposed(hdf5.frames_of(path, file, name), (2, 1, 0)),
    )


def _recording(
    path: Path,
    format_name: str,
    arrays: Sequence[StoredArray],
    numbers: Mapping[str, float],
    choices: Mapping[str, str],
    read: Callable[[str], FrameSource],
) -> Recording:
    camera = next(
        (a.name for a in arrays if a.name in (_RHYTHM_MOVIE, f"{_RHYTHM_MOVIE}{{1}}")), None
    )
    chosen, of_array, assumptions = choose_array(path, arrays, choices, preferred=camera)
    header = {array.name: f"{array.dtype}, shape {array.shape}" for array in arrays[:100]}
    header |= {name: f"{number:g}" for name, number in list(numbers.items())[:100]}
    timing = _timing(numbers)
    frames, of_time, guessed = as_movie(read(chosen.name), choices)
    if chosen.name.startswith(_RHYTHM_MOVIE):
        assumptions += (
            "Rhythm saves cmosData negated already: action potentials point up, whatever the dye.",
        )
    recording = Recording(
        frames=frames,
        path=path,
        format_name=format_name,
        frame_interval_ms=timing.frame_interval_ms,
        pixel_pitch_mm=_positive(numbers, "pixel_pitch_mm"),
        header=header,
        assumptions=assumptions + guessed + timing.assumptions,
        choices=of_array + of_time,
    )
    hdf5.require_readable(recording)
    return recording


@dataclass(frozen=True, slots=True)
class _Timing:
    frame_interval_ms: float | None = None
    assumptions: tuple[str, ...] = ()


def _timing(numbers: Mapping[str, float]) -> _Timing:
    """The frame interval: ours by name, or Rhythm's, whose ``acqFreq`` is in ms a frame."""
    own = _positive(numbers, "frame_interval_ms")
    if own is not None:
        return _Timing(own)
    interval = _positive(numbers, "acqFreq")
    rate = _positive(numbers, "frequency")
    if interval is None:
        if rate is None:
            return _Timing()
        return _Timing(1e3 / rate, (f"The frame interval comes from frequency = {rate:g} Hz.",))
    said = f"acqFreq = {interval:g} was taken as ms a frame, as Rhythm means it"
    if rate is not None and not isclose(1e3 / rate, interval, rel_tol=0.01):
        said += f"; frequency = {rate:g} Hz contradicts it: check the frame interval"
    return _Timing(interval, (f"{said}.",))


def _positive(numbers: Mapping[str, float], name: str) -> float | None:
    value = numbers.get(name)
    return value if value is not None and isfinite(value) and value > 0 else None
