"""TIFF movies: plain, ImageJ, OME and BigTIFF."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
import tifffile

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.decoded import DecodedFrames
from aphyn_gui.recording.formats.pco_sidecar import from_pco_sidecar
from aphyn_gui.recording.formats.tiff_errors import tifffile_errors
from aphyn_gui.recording.formats.tiff_layout import (
    Layout,
    choose_layout,
    choose_series,
    single_images,
)
from aphyn_gui.recording.formats.tiff_metadata import Calibration, read_calibration
from aphyn_gui.recording.frames import Array, FrameSource, transposed
from aphyn_gui.recording.recording import ReadingChoice, Recording

_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
"""Little- and big-endian TIFF and BigTIFF."""

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
        with tifffile_errors(path) as complaints:
            tif = tifffile.TiffFile(path)
            try:
                recording, keeps_file = _open(path, tif, complaints, choices)
            except BaseException:
                tif.close()
                raise
            if not keeps_file:
                tif.close()
        return recording


class PagedFrames(DecodedFrames):
    """Frames of a TIFF file that cannot be memory-mapped, decoded when asked for.

    Parameters
    ----------
    path : Path
        The file, for messages.
    tif : TiffFile
        The open file; closed when these frames are no longer used.
    pages : sequence
        The page of each frame.
    """

    def __init__(self, path: Path, tif: Any, pages: Sequence[Any]) -> None:
        rows, columns = pages[0].shape[:2]
        super().__init__((len(pages), int(rows), int(columns)), np.dtype(pages[0].dtype))
        self._path = path
        self._pages = pages
        # Threads share the file's position.
        self._lock = threading.Lock()
        weakref.finalize(self, tif.close)

    def _decode(self, index: int) -> Array:
        with self._lock, tifffile_errors(self._path, what=f"frame {index} of "):
            return cast(Array, self._pages[index].asarray())


def _open(
    path: Path, tif: Any, complaints: list[str], choices: Mapping[str, str]
) -> tuple[Recording, bool]:
    images = single_images(tif)
    of_series: tuple[ReadingChoice, ...] = ()
    if images:
        series = tif.series[0]
        assumptions: tuple[str, ...] = (
            f"Each of the {len(images)} images in the file was taken as a frame.",
        )
    else:
        series, of_series, assumptions = choose_series(tif, choices)
    _require_whole_file(path, tif, series, complaints)
    _require_credible_frame(path, series)
    frames: FrameSource
    offset = series.dataoffset
    mapped = not images and offset is not None and not series.is_multifile
    of_axes: tuple[ReadingChoice, ...] = ()
    if images:
        frames = PagedFrames(path, tif, images)
    else:
        layout = choose_layout(path, series.axes, series.shape, choices)
        assumptions += layout.assumptions
        of_axes = layout.choices
        if mapped:
            frames = _mapped(path, tif, series, int(offset), layout)
        else:
            frames = _paged(path, tif, series, layout)
        frames = transposed(frames, layout.order)
    calibration = read_calibration(tif)
    if calibration.frame_interval_ms is None:
        calibration = from_pco_sidecar(path, calibration)
    recording = Recording(
        frames=frames,
        path=path,
        format_name=_format_name(tif),
        frame_interval_ms=calibration.frame_interval_ms,
        pixel_pitch_mm=calibration.pixel_pitch_mm,
        header=_header(tif, series, calibration),
        assumptions=(*assumptions, *calibration.assumptions),
        choices=of_series + of_axes,
    )
    if not mapped:
        # What cannot be decoded, or was cut off, shows here and not in the middle of a fit.
        for index in (0, recording.frame_count - 1):
            recording.read_frame(index)
    return recording, not mapped


def _mapped(path: Path, tif: Any, series: Any, offset: int, layout: Layout) -> FrameSource:
    dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
    stack: Array = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=tuple(series.shape))
    one = tuple(layout.taken.get(axis, slice(None)) for axis in range(stack.ndim))
    order = [axis for axis in range(stack.ndim) if axis not in layout.taken]
    axes = (order.index(layout.time), order.index(layout.rows), order.index(layout.columns))
    movie = stack[one]
    if movie.ndim > 3:  # a colour axis of length one
        movie = movie.squeeze(axis=tuple(set(range(movie.ndim)) - set(axes)))
    return transposed(cast(FrameSource, movie), axes)


def _paged(path: Path, tif: Any, series: Any, layout: Layout) -> FrameSource:
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
    chosen = numbers[tuple(layout.taken.get(axis, slice(None)) for axis in leading)]
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
    ends: list[int] = []
    if not series.is_multifile:
        offset = series.dataoffset
        if offset is not None:
            # One block. To count its pages shows whether all are there; to read thousands of them
            # would take as long as all else.
            len(tif.pages)
            ends = [offset + prod(series.shape) * np.dtype(series.dtype).itemsize]
        else:
            pages = (page for page in series.pages if page is not None)
            ends = [
                page.dataoffsets[-1] + page.databytecounts[-1] for page in pages if page.dataoffsets
            ]
    # Complaints come while pages are read.
    damage = [text for text in complaints if "page" in text or "corrupted" in text]
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
