"""HDF5 files (.h5, .hdf5, NWB): the three-dimensional dataset is the movie, read where asked."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.array_choice import StoredArray, as_movie, choose_array
from aphyn_gui.recording.frames import Array, FrameSource, as_slices
from aphyn_gui.recording.recording import Recording

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_SIGNATURE_STARTS = (0, 512, 1024, 2048)
"""A block of the user's own may stand before it; MATLAB's has 512 bytes."""
_LARGEST_RATIO = 1032
"""Deflate cannot shrink data further than this; a larger ratio is a damaged or hostile file."""
_LARGEST_CHUNK_BYTES = 512 * 2**20
_CHUNK_CACHE_BYTES = 32 * 2**20
_MOST_OBJECTS = 20_000


class Hdf5Format:
    """Movies in HDF5 files.

    ``frame_interval_ms`` and ``pixel_pitch_mm`` are honoured where the dataset or the file has them
    as attributes, and the rate in Hz beside the data of NWB's series.
    """

    name = "HDF5"
    suffixes = (".h5", ".hdf5", ".hdf", ".nwb")

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file starts as HDF5 files do."""
        return has_signature(first_bytes)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """The dataset asked for, or the largest of three axes, unread.

        Raises
        ------
        RecordingError
            If the file is damaged, or holds no movie.
        """
        with hdf5_errors(path):
            file = open_file(path)
            try:
                return _open(path, file, choices)
            except BaseException:
                file.close()
                raise


def has_signature(first_bytes: bytes) -> bool:
    """Whether a file that begins so is HDF5."""
    return any(first_bytes.startswith(SIGNATURE, start) for start in _SIGNATURE_STARTS)


@contextmanager
def hdf5_errors(path: Path) -> Iterator[None]:
    """Turn whatever h5py raises into a RecordingError."""
    try:
        yield
    except RecordingError:
        raise
    except Exception as error:
        # h5py meets damaged files with many types of exception.
        raise RecordingError(
            f"{path.name} could not be read as HDF5 ({error}): it may be truncated, or use a "
            "filter that is not installed; copy it again, or save it without compression"
        ) from error


def open_file(path: Path) -> Any:
    """The file, for reading beside others that have it open."""
    import h5py

    return h5py.File(path, "r", locking="best-effort", rdcc_nbytes=_CHUNK_CACHE_BYTES)


def find_datasets(path: Path, file: Any) -> list[StoredArray]:
    """All numeric datasets of the file, by their path in it."""
    import h5py

    found: list[StoredArray] = []
    visited = 0

    def visit(name: str, item: Any) -> None:
        nonlocal visited
        visited += 1
        if visited > _MOST_OBJECTS:
            raise RecordingError(
                f"{path.name} holds more than {_MOST_OBJECTS} datasets and groups: save the movie "
                "alone in a file"
            )
        if not isinstance(item, h5py.Dataset) or item.shape is None:
            return
        with suppress(TypeError):  # of types that NumPy does not know
            if item.dtype.kind in "uif":
                found.append(StoredArray(name, tuple(int(n) for n in item.shape), item.dtype))

    file.visititems(visit)
    return found


def frames_of(path: Path, file: Any, name: str) -> FrameSource:
    """A dataset as a frame source; the file is closed when it is no longer used.

    Raises
    ------
    RecordingError
        If the values cannot all be in the file.
    """
    dataset = file[name]
    if dataset.external or dataset.is_virtual:
        raise RecordingError(
            f"{path.name}: {name} lies in other files: save the recording as one file"
        )
    stored = min(int(dataset.id.get_storage_size()), path.stat().st_size)
    claimed = prod(dataset.shape) * dataset.dtype.itemsize
    offset = dataset.id.get_offset()
    if dataset.chunks is None and offset is not None:
        if offset + claimed > path.stat().st_size or stored < claimed:
            raise _too_small(path, name, claimed, stored)
        frames: Array = np.memmap(
            path, dtype=dataset.dtype, mode="r", offset=int(offset), shape=dataset.shape
        )
        file.close()
        return cast(FrameSource, frames)
    chunk = prod(dataset.chunks or dataset.shape) * dataset.dtype.itemsize
    if max(claimed, chunk) > _LARGEST_RATIO * stored:
        raise _too_small(path, name, claimed, stored)
    if chunk > _LARGEST_CHUNK_BYTES:
        raise RecordingError(
            f"{path.name}: {name} is stored in pieces of {chunk / 1e6:.0f} MB, each of which must "
            "be read as a whole: save it with one frame a piece, or without compression"
        )
    return DatasetFrames(path, file, dataset)


class DatasetFrames:
    """A chunked dataset of three axes.

    Parameters
    ----------
    path : Path
        The file, for messages.
    file : h5py.File
        The open file; closed when these frames are no longer used.
    dataset : h5py.Dataset
        In the file.
    """

    def __init__(self, path: Path, file: Any, dataset: Any) -> None:
        self._path = path
        self._dataset = dataset
        self._shape = tuple(int(length) for length in dataset.shape)
        self._dtype: np.dtype[Any] = dataset.dtype
        # Closing waits for a thread that reads.
        self._lock = threading.Lock()
        weakref.finalize(self, file.close)

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the three axes."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value as stored."""
        return self._dtype

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        slices, dropped = as_slices(key, self._shape)
        forward: list[slice] = []
        turned: list[slice] = []
        for part, length in zip(slices, self._shape, strict=True):
            # HDF5 reads forward only.
            wanted = range(*part.indices(length))
            backward = wanted.step < 0
            ordered = wanted[::-1] if backward else wanted
            forward.append(
                slice(ordered.start, ordered.stop, ordered.step) if ordered else slice(0)
            )
            turned.append(slice(None, None, -1) if backward else slice(None))
        with self._lock, hdf5_errors(self._path):
            values = np.asarray(self._dataset[tuple(forward)])[tuple(turned)]
        return values.squeeze(axis=dropped) if dropped else values


def _open(path: Path, file: Any, choices: Mapping[str, str]) -> Recording:
    arrays = find_datasets(path, file)
    chosen, of_array, assumptions = choose_array(path, arrays, choices)
    header = {array.name: f"{array.dtype}, shape {array.shape}" for array in arrays[:100]}
    interval, pitch, said = _calibration(file, chosen.name)
    source = frames_of(path, file, chosen.name)
    frames, of_time, guessed = as_movie(source, choices)
    recording = Recording(
        frames=frames,
        path=path,
        format_name="HDF5",
        frame_interval_ms=interval,
        pixel_pitch_mm=pitch,
        header=header,
        assumptions=assumptions + guessed + said,
        choices=of_array + of_time,
    )
    require_readable(recording)
    return recording


def require_readable(recording: Recording) -> None:
    """Read the first and last frame: what is damaged shows when the file is opened."""
    for index in (0, recording.frame_count - 1):
        recording.read_frame(index)


def _calibration(file: Any, name: str) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Frame interval, ms, and pixel pitch, mm, and what was assumed."""
    dataset = file[name]
    beside = dataset.parent.get("starting_time")
    rate = _attribute(beside, "rate") if beside is not None else None
    interval = pitch = None
    for item in (file, dataset):
        interval = _attribute(item, "frame_interval_ms") or interval
        pitch = _attribute(item, "pixel_pitch_mm") or pitch
    if interval is None and rate is not None:
        return 1e3 / rate, pitch, (f"The frame interval is NWB's rate, {rate:g} Hz.",)
    return interval, pitch, ()


def _attribute(item: Any, name: str) -> float | None:
    """A single positive number attached to a group or dataset."""
    if name not in item.attrs:
        return None
    described = item.attrs.get_id(name)
    if described.dtype.kind not in "uif" or prod(described.shape) != 1:
        return None
    number = float(np.ravel(item.attrs[name])[0])
    return number if np.isfinite(number) and number > 0 else None


def _too_small(path: Path, name: str, claimed: int, stored: int) -> RecordingError:
    return RecordingError(
        f"{path.name} is truncated or damaged: {name} claims {claimed} bytes, but the file stores "
        f"only {stored} for it: copy it again from its source"
    )
