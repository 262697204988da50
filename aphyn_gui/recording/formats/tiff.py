"""TIFF movies: plain, ImageJ, OME and BigTIFF."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
import tifffile

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.tiff_metadata import Calibration, read_calibration
from aphyn_gui.recording.frames import Array, FrameSource, as_slices, transposed
from aphyn_gui.recording.recording import Recording

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
"""Little- and big-endian TIFF and BigTIFF."""

_TIME_AXES = "TZIQ"
"""Axes that may hold time, in order of preference: T first, then what programs misuse for it."""

_AXIS_WORDS = {
    "Z": "depth (Z)",
    "I": "an unnamed sequence (I)",
    "Q": "an unnamed axis (Q)",
    "C": "channel",
}

_LARGEST_RATIO = 5000
_SMALLEST_SUSPECT_BYTES = 64 * 2**20
"""A frame larger than this, from so much less data in the file, is damage and not compression."""


class TiffFormat:
    """Movies in TIFF files, memory-mapped where stored in one piece, else read page by page."""

    name = "TIFF"
    suffixes = (".tif", ".tiff", ".btf", ".tf8", ".pcoraw")

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file starts as TIFF files do."""
        return first_bytes.startswith(_MAGIC)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """The largest series of the file as a movie; no frame but the first and last is read.

        Raises
        ------
        RecordingError
            If the file is no TIFF, is truncated, or holds no movie of one channel.
        """
        with path.open("rb") as file:
            if not file.read(4).startswith(_MAGIC):
                raise RecordingError(
                    f"{path.name} is named like a TIFF file but is none (its first bytes are not a "
                    "TIFF's): open the original, or give it the ending of what it is"
                )
        with _tifffile_errors(path) as complaints:
            tif = tifffile.TiffFile(path)
            try:
                recording, keeps_file = _open(path, tif, complaints)
            except BaseException:
                tif.close()
                raise
            if not keeps_file:
                tif.close()
        return recording


class PagedFrames:
    """Frames of a TIFF file that cannot be memory-mapped, decoded when asked for.

    Parameters
    ----------
    tif : TiffFile
        The open file; closed when these frames are no longer used.
    pages : sequence
        The page of each frame.
    """

    def __init__(self, path: Path, tif: Any, pages: Sequence[Any]) -> None:
        self._path = path
        self._pages = pages
        self._shape = (len(pages), *(int(length) for length in pages[0].shape))
        self._dtype: np.dtype[Any] = np.dtype(pages[0].dtype)
        # Threads share the file's position.
        self._lock = threading.Lock()
        weakref.finalize(self, tif.close)

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value as stored."""
        return self._dtype

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        (times, rows, columns), dropped = as_slices(key, self._shape)
        wanted = range(*times.indices(len(self._pages)))
        height = len(range(*rows.indices(self._shape[1])))
        width = len(range(*columns.indices(self._shape[2])))
        values = np.empty((len(wanted), height, width), dtype=self._dtype)
        for position, index in enumerate(wanted):
            values[position] = self._decode(index)[rows, columns]
        return values.squeeze(axis=dropped) if dropped else values

    def _decode(self, index: int) -> Array:
        with self._lock, _tifffile_errors(self._path, what=f"frame {index} of "):
            return cast(Array, self._pages[index].asarray())


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which axis of a series is what, and what had to be assumed."""

    time: int
    rows: int
    columns: int
    first_of: tuple[int, ...]
    assumptions: tuple[str, ...]


def _open(path: Path, tif: Any, complaints: list[str]) -> tuple[Recording, bool]:
    series, assumptions = _largest_series(tif)
    _require_whole_file(path, tif, series, complaints)
    _require_credible_frame(path, series)
    frames: FrameSource
    offset = series.dataoffset
    images = _single_images(tif)
    mapped = not images and offset is not None and not series.is_multifile
    if images:
        frames = PagedFrames(path, tif, images)
        assumptions = (f"Each of the {len(images)} images in the file was taken as a frame.",)
    else:
        layout = _layout(path, series.axes, series.shape)
        assumptions += layout.assumptions
        if mapped:
            frames = _mapped(path, tif, series, int(offset), layout)
        else:
            frames = _paged(path, tif, series, layout)
    calibration = read_calibration(tif)
    recording = Recording(
        frames=frames,
        path=path,
        format_name=_format_name(tif),
        frame_interval_ms=calibration.frame_interval_ms,
        pixel_pitch_mm=calibration.pixel_pitch_mm,
        header=_header(tif, series, calibration),
        assumptions=(*assumptions, *calibration.assumptions),
    )
    if not mapped:
        # What cannot be decoded, or was cut off, shows here and not in the middle of a fit.
        for index in (0, recording.frame_count - 1):
            recording.read_frame(index)
    return recording, not mapped


def _largest_series(tif: Any) -> tuple[Any, tuple[str, ...]]:
    everything = list(tif.series)
    if not everything:
        raise RecordingError(f"{Path(tif.filename).name} holds no image")
    largest = max(everything, key=lambda series: prod(series.shape))
    if len(everything) == 1:
        return largest, ()
    return largest, (
        f"The file holds {len(everything)} series of images; the largest, of shape "
        f"{largest.shape}, was taken.",
    )


def _single_images(tif: Any) -> list[Any]:
    """Pages of a file whose frames were written one by one, each as if it were alone."""
    alike = {(series.axes, series.shape, series.dtype) for series in tif.series}
    if len(tif.series) < 2 or len(alike) > 1 or tif.series[0].axes != "YX":
        return []
    return [series.pages[0] for series in tif.series]


def _layout(path: Path, axes: str, shape: Sequence[int]) -> _Layout:
    if "S" in axes and shape[axes.index("S")] > 1:
        raise RecordingError(
            f"{path.name} is a colour movie ({shape[axes.index('S')]} values a pixel): convert it "
            "to one channel (in ImageJ: Image > Type > 16-bit) and open that"
        )
    leading = [axis for axis in range(len(axes)) if axes[axis] not in "YXS"]
    candidates = [axis for axis in leading if axes[axis] in _TIME_AXES]
    if not candidates:
        # Letters of other programs: anything but the channel may be time.
        candidates = [axis for axis in leading if axes[axis] != "C"]
    if not candidates:
        size = f"{shape[axes.index('X')]} x {shape[axes.index('Y')]} pixels"
        channels = f" in {shape[axes.index('C')]} channels" if "C" in axes else ""
        raise RecordingError(
            f"{path.name} holds one image of {size}{channels}, not a movie: open the file that "
            "holds all frames"
        )
    # Of two equally long, T before what programs misuse for it.
    time = max(candidates, key=lambda axis: (shape[axis], -_TIME_AXES.find(axes[axis])))
    assumptions = []
    if axes[time] != "T":
        assumptions.append(
            f"The file has no time axis of that length; {_words(axes[time])}, {shape[time]} long, "
            "was taken as time."
        )
    first_of = tuple(axis for axis in leading if axis != time)
    assumptions += [
        f"Only the first of {shape[axis]} positions along {_words(axes[axis])} was read."
        for axis in first_of
        if shape[axis] > 1
    ]
    return _Layout(time, axes.index("Y"), axes.index("X"), first_of, tuple(assumptions))


def _words(axis: str) -> str:
    return _AXIS_WORDS.get(axis, f"axis {axis}")


def _mapped(path: Path, tif: Any, series: Any, offset: int, layout: _Layout) -> FrameSource:
    dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
    stack: Array = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=tuple(series.shape))
    first = tuple(0 if axis in layout.first_of else slice(None) for axis in range(stack.ndim))
    order = [axis for axis in range(stack.ndim) if axis not in layout.first_of]
    axes = (order.index(layout.time), order.index(layout.rows), order.index(layout.columns))
    movie = stack[first]
    if movie.ndim > 3:  # a colour axis of length one
        movie = movie.squeeze(axis=tuple(set(range(movie.ndim)) - set(axes)))
    return transposed(cast(FrameSource, movie), axes)


def _paged(path: Path, tif: Any, series: Any, layout: _Layout) -> FrameSource:
    leading = [axis for axis in range(len(series.axes)) if series.axes[axis] not in "YXS"]
    counts = [int(series.shape[axis]) for axis in leading]
    if tuple(series.keyframe.shape[:2]) != (
        series.shape[layout.rows],
        series.shape[layout.columns],
    ) or prod(counts) != len(series.pages):
        raise RecordingError(
            f"{path.name}: frames are stored in an order that cannot be read page by page "
            f"(axes {series.axes}): save it again as an uncompressed TIFF"
        )
    numbers = np.arange(prod(counts)).reshape(counts)
    chosen = numbers[tuple(slice(None) if axis == layout.time else 0 for axis in leading)]
    pages = [series.pages[number] for number in chosen]
    missing = sum(page is None for page in pages)
    if missing:
        raise RecordingError(
            f"{path.name}: {missing} of {len(pages)} frames are not in the file or lie in other "
            "files that are missing: put all parts of the recording in one folder"
        )
    return PagedFrames(path, tif, pages)


def _require_whole_file(path: Path, tif: Any, series: Any, complaints: list[str]) -> None:
    size = path.stat().st_size
    damage = [text for text in complaints if "page" in text or "corrupted" in text]
    pages = [page for page in series.pages if page is not None]
    if not series.is_multifile:
        ends = [
            page.dataoffsets[-1] + page.databytecounts[-1] for page in pages if page.dataoffsets
        ]
        offset = series.dataoffset
        if offset is not None:
            ends.append(offset + prod(series.shape) * np.dtype(series.dtype).itemsize)
        if ends and max(ends) > size:
            damage.append(f"its frames would need {max(ends)} bytes, the file has {size}")
    if damage:
        raise RecordingError(
            f"{path.name} is truncated or damaged ({damage[0]}): copy it again from its source"
        )


def _require_credible_frame(path: Path, series: Any) -> None:
    page = series.keyframe
    claimed = prod(page.shape) * np.dtype(page.dtype).itemsize
    stored = sum(page.databytecounts)
    suspect = claimed > _SMALLEST_SUSPECT_BYTES and claimed > _LARGEST_RATIO * stored
    if suspect or (page.compression == 1 and claimed > stored and series.dataoffset is None):
        raise RecordingError(
            f"{path.name} is damaged: a frame of {page.shape} claims {claimed} bytes, but only "
            f"{stored} are stored: copy it again from its source"
        )


def _format_name(tif: Any) -> str:
    if tif.is_ome:
        return "OME TIFF"
    return "ImageJ TIFF" if tif.is_imagej else "TIFF"


def _header(tif: Any, series: Any, calibration: Calibration) -> Mapping[str, str]:
    header = {
        "axes": str(series.axes),
        "shape": str(tuple(series.shape)),
        "dtype": str(np.dtype(series.dtype)),
        "compression": str(series.keyframe.compression.name).lower(),
        "BigTIFF": "yes" if tif.is_bigtiff else "no",
    }
    for tag in ("Software", "DateTime", "Make", "Model"):
        if tag in tif.pages[0].tags:
            header[tag] = str(tif.pages[0].tags[tag].value)
    header.update(calibration.header)
    return header


@contextmanager
def _tifffile_errors(path: Path, what: str = "") -> Iterator[list[str]]:
    """Turn whatever tifffile raises into a RecordingError; collect what it only logs as errors."""
    complaints: list[str] = []
    reading_thread = threading.get_ident()

    def keep_to_ourselves(record: logging.LogRecord) -> bool:
        if record.thread != reading_thread:
            return True
        if record.levelno >= logging.ERROR:
            complaints.append(record.getMessage())
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(keep_to_ourselves)
    try:
        yield complaints
    except RecordingError:
        raise
    except MemoryError as error:
        raise RecordingError(f"{what}{path.name} does not fit into memory") from error
    except Exception as error:
        # tifffile meets damaged files with many types of exception.
        raise RecordingError(
            f"{what}{path.name} could not be read as TIFF ({error}): it may be truncated or use an "
            "unusual compression; copy it again, or save it uncompressed"
        ) from error
    finally:
        logger.removeFilter(keep_to_ourselves)
