"""A recording: frames, their time and their size in space, and what the file said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.binning import LARGEST_BINNING, SMALLEST_BINNING, BinnedFrames
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.frames import (
    FRAME_AXES,
    FrameSource,
    HeldFrames,
    scattered_reading,
    transposed,
)
from aphyn_gui.recording.precision import exact_type
from aphyn_gui.recording.roi import RectangularRoi

_CHUNK_BYTES = 64 * 2**20
"""Read at once when a region is cut out, so that a long stack never fills the memory."""

_WIDEST_CAMERA_BYTES = 2

_SMALL_SHARE = 0.25
"""Regions smaller than this part of the frame are read without reading ahead."""


@dataclass(frozen=True, eq=False)
class AnalogChannel:
    """A voltage recorded beside the movie, such as the stimulus.

    Parameters
    ----------
    name : str
        As the file or its format calls it.
    source : ndarray or callable without arguments that gives one
        The samples, shape (frames x samples_per_frame,). Some cameras keep them in the movie's
        margin: a callable gathers them when they are asked for, and not when the file is opened.
    samples_per_frame : int
        Samples in one frame interval; the first of each belongs to the frame's start.
    """

    name: str
    source: npt.NDArray[Any] | Callable[[], npt.NDArray[Any]]
    samples_per_frame: int

    @cached_property
    def values(self) -> npt.NDArray[np.float32]:
        """The samples as stored, for the files do not say their unit; read once.

        Raises
        ------
        RecordingError
            If they cannot be read.
        """
        stored = self.source() if callable(self.source) else self.source
        with np.errstate(over="ignore"):  # a damaged number becomes infinite
            return np.asarray(stored, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ReadingChoice:
    """Something the file leaves open, what was taken, and what else could be.

    Parameters
    ----------
    key : str
        What a reader is told by: "camera", "time_axis", ...
    label : str
        The same in words, for the user.
    options : tuple of str
        Everything that can be chosen, at least two.
    chosen : str
        Which of them was.
    reason : str
        Why, one sentence.
    """

    key: str
    label: str
    options: tuple[str, ...]
    chosen: str
    reason: str

    def __post_init__(self) -> None:
        if self.chosen not in self.options:
            raise RecordingError(
                f"{self.label} must be one of {', '.join(self.options)}, got {self.chosen!r}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What was measured.

    Parameters
    ----------
    frames : FrameSource
        Camera counts, shape (time, row, column); lazy, read only where asked.
    path : Path
        The file.
    format_name : str
        Kind of file, in words.
    frame_interval_ms : float or None
        Time between frames, ms; None: the file does not say.
    pixel_pitch_mm : float or None
        Distance between the centres of neighbouring pixels on the tissue, mm; None: unknown.
    header : Mapping of str to str
        What the file says about itself.
    assumptions : tuple of str
        What had to be assumed to read the file, one sentence each.
    choices : tuple of ReadingChoice
        What the file leaves open; opening it again with others overrides them.
    analog : tuple of AnalogChannel
        What was recorded beside the movie.

    Raises
    ------
    RecordingError
        If the frames are not a movie of real numbers, or an interval or pitch is not positive.
    """

    frames: FrameSource
    path: Path
    format_name: str
    frame_interval_ms: float | None = None
    pixel_pitch_mm: float | None = None
    header: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    choices: tuple[ReadingChoice, ...] = ()
    analog: tuple[AnalogChannel, ...] = ()

    def __post_init__(self) -> None:
        name = self.path.name
        shape = tuple(int(length) for length in self.frames.shape)
        if len(shape) != FRAME_AXES:
            raise RecordingError(
                f"{name}: a recording has three axes (time, row, column), this has {len(shape)}"
            )
        if shape[0] < 2:
            raise RecordingError(
                f"{name} holds {shape[0]} frame of {shape[1]} x {shape[2]} pixels; a recording "
                "needs at least 2: open the movie, not a single image of it"
            )
        if min(shape[1:]) < 1:
            raise RecordingError(f"{name}: frames of {shape[1]} x {shape[2]} pixels are empty")
        if self.frames.dtype.kind not in "uif":
            raise RecordingError(
                f"{name} holds values of type {self.frames.dtype}; integers or real numbers are "
                "needed"
            )
        _require_positive(name, "the frame interval", self.frame_interval_ms, "ms")
        _require_positive(name, "the pixel pitch", self.pixel_pitch_mm, "mm")
        object.__setattr__(self, "header", MappingProxyType(dict(self.header)))

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return int(self.frames.shape[0])

    @property
    def row_count(self) -> int:
        """Height of a frame, pixels."""
        return int(self.frames.shape[1])

    @property
    def column_count(self) -> int:
        """Width of a frame, pixels."""
        return int(self.frames.shape[2])

    @property
    def duration_ms(self) -> float | None:
        """Time from the first to the last frame, ms; None where the interval is unknown."""
        if self.frame_interval_ms is None:
            return None
        return (self.frame_count - 1) * self.frame_interval_ms

    @property
    def binning(self) -> int:
        """Side of the squares of stored pixels that each pixel is the mean of; 1: none."""
        return self.frames.side if isinstance(self.frames, BinnedFrames) else 1

    @property
    def saturation_level(self) -> float | None:
        """Largest count the stored type can hold; None where the type has no ceiling a camera met.

        That is so for real numbers, and for integers wider than any camera's: they hold sums, or
        counts computed from differences, whose ceiling differs from pixel to pixel.
        """
        if isinstance(self.frames, BinnedFrames | HeldFrames):
            return self.frames.saturation_level
        dtype = self.frames.dtype
        if dtype.kind not in "ui" or dtype.itemsize > _WIDEST_CAMERA_BYTES:
            return None
        return float(np.iinfo(dtype).max)

    def with_frame_interval(self, frame_interval_ms: float) -> Recording:
        """The same recording with the user's frame interval, ms."""
        return replace(self, frame_interval_ms=float(frame_interval_ms))

    def with_pixel_pitch(self, pixel_pitch_mm: float) -> Recording:
        """The same recording with the user's pixel pitch, mm."""
        return replace(self, pixel_pitch_mm=float(pixel_pitch_mm))

    def with_time_axis(self, axis: int) -> Recording:
        """The same recording with axis ``axis`` of the frames shown here taken as time.

        The two others keep their order as row and column. Nothing is read.
        """
        if not 0 <= axis < FRAME_AXES:
            raise RecordingError(f"the time axis must be 0, 1 or 2, got {axis}")
        row, column = (other for other in range(FRAME_AXES) if other != axis)
        return replace(
            self,
            frames=transposed(self.frames, (axis, row, column)),
            assumptions=(*self.assumptions, f"Axis {axis} was taken as time, as asked."),
        )

    def binned(self, side: int) -> Recording:
        """The same recording with squares of pixels averaged into one; nothing is read.

        The pixel pitch grows with them. Rows and columns that fill no square at the far edges are
        left out, which the assumptions say. A square with a saturated pixel counts as saturated.

        Parameters
        ----------
        side : int
            Side of the square, pixels, 2 to 8.

        Raises
        ------
        RecordingError
            If the side is another, or larger than the frame.
        """
        if not SMALLEST_BINNING <= side <= LARGEST_BINNING:
            raise RecordingError(
                f"the side of the binning must lie between {SMALLEST_BINNING} and "
                f"{LARGEST_BINNING} pixels, got {side}"
            )
        if side > min(self.row_count, self.column_count):
            raise RecordingError(
                f"{self.path.name}: frames of {self.row_count} x {self.column_count} pixels cannot "
                f"be binned {side} x {side}"
            )
        note = f"Pixels were binned {side} x {side}: each is the mean of {side * side}."
        rows, columns = self.row_count % side, self.column_count % side
        if rows or columns:
            note += f" {rows} rows and {columns} columns at the far edges fill no square: left out."
        return replace(
            self,
            frames=BinnedFrames(self.frames, side, self.saturation_level),
            pixel_pitch_mm=None if self.pixel_pitch_mm is None else side * self.pixel_pitch_mm,
            assumptions=(*self.assumptions, note),
        )

    def read_frame(self, index: int) -> npt.NDArray[np.float32]:
        """Frame ``index``, shape (rows, columns), counts.

        Raises
        ------
        RecordingError
            If there is no such frame, or it cannot be read.
        """
        if not 0 <= index < self.frame_count:
            raise RecordingError(
                f"{self.path.name} has frames 0 to {self.frame_count - 1}; {index} was asked for"
            )
        return self._read((index,)).astype(np.float32)

    def read_region(
        self, roi: RectangularRoi, first_frame: int = 0, stop_frame: int | None = None
    ) -> npt.NDArray[np.float64]:
        """Frames of a region, shape (time, height, width), counts.

        Read in chunks of frames: no more than the region is ever held.

        Parameters
        ----------
        roi : RectangularRoi
            Pixels.
        first_frame, stop_frame : int, int or None
            The first frame read, and the one before which reading stops; None: all to the end.

        Raises
        ------
        RecordingError
            If the region does not lie inside the frame, or cannot be read.
        """
        return self._read_as(np.dtype(np.float64), roi, first_frame, stop_frame)

    def read_compact(
        self, roi: RectangularRoi, first_frame: int = 0, stop_frame: int | None = None
    ) -> npt.NDArray[Any]:
        """As `read_region`, in single precision where that holds every stored count exactly."""
        return self._read_as(exact_type(self.frames.dtype), roi, first_frame, stop_frame)

    def holding(
        self, roi: RectangularRoi, first_frame: int = 0, stop_frame: int | None = None
    ) -> Recording:
        """The same recording with a part of it in memory, as stored; only that can be read of it.

        Parameters
        ----------
        roi, first_frame, stop_frame
            As in `read_region`.
        """
        held = self._read_as(self.frames.dtype, roi, first_frame, stop_frame)
        shape = tuple(int(length) for length in self.frames.shape)
        origin = (first_frame, roi.y, roi.x)
        return replace(self, frames=HeldFrames(held, origin, shape, self.saturation_level))

    def _read_as(
        self, dtype: np.dtype[Any], roi: RectangularRoi, first_frame: int, stop_frame: int | None
    ) -> npt.NDArray[Any]:
        self.require_inside(roi)
        first, stop, _ = slice(first_frame, stop_frame).indices(self.frame_count)
        region = np.empty((max(0, stop - first), roi.height, roi.width), dtype=dtype)
        frame_bytes = self.row_count * self.column_count * self.frames.dtype.itemsize
        chunk = max(1, _CHUNK_BYTES // frame_bytes)
        small = roi.pixel_count < _SMALL_SHARE * self.row_count * self.column_count
        with scattered_reading(self.frames) if small else nullcontext():
            for start in range(first, stop, chunk):
                end = min(start + chunk, stop)
                region[start - first : end - first] = self._read(
                    (slice(start, end), roi.rows, roi.columns)
                )
        return region

    def frame_chunks(
        self, first_frame: int = 0, stop_frame: int | None = None
    ) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
        """Whole frames, some at a time: the number of the first of them, and their counts.

        Parameters
        ----------
        first_frame, stop_frame : int, int or None
            As in `read_region`.

        Raises
        ------
        RecordingError
            If they cannot be read.
        """
        # Eight bytes a value once they are real numbers.
        chunk = max(1, _CHUNK_BYTES // (8 * self.row_count * self.column_count))
        first, stop, _ = slice(first_frame, stop_frame).indices(self.frame_count)
        for start in range(first, stop, chunk):
            end = min(start + chunk, stop)
            yield start, self._read((slice(start, end),)).astype(np.float64)

    def require_inside(self, roi: RectangularRoi) -> None:
        """Raise RecordingError if a region does not lie inside the frame."""
        if not roi.lies_inside(self.row_count, self.column_count):
            raise RecordingError(
                f"region {roi} does not lie inside the frame of {self.column_count} columns x "
                f"{self.row_count} rows of {self.path.name}: move or resize it"
            )

    def _read(self, key: tuple[int | slice, ...]) -> npt.NDArray[Any]:
        try:
            return np.asarray(self.frames[key])
        except OSError as error:
            raise RecordingError(
                f"{self.path.name} could not be read ({error}): is its disk still there?"
            ) from error


def _require_positive(name: str, what: str, value: float | None, unit: str) -> None:
    if value is not None and not (isfinite(value) and value > 0):
        raise RecordingError(f"{name}: {what} must be positive, got {value} {unit}")
