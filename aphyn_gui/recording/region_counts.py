"""What is read of a recording for one region, cut, repaired and masked."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.frame_interval import doubt_of_interval
from aphyn_gui.recording.frame_repair import Repaired, repair_counts
from aphyn_gui.recording.preparation import Preparation
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.roi import RectangularRoi
from aphyn_gui.recording.spatial import filter_in_space, spatial_reach

Counts = npt.NDArray[Any]
Pixels = npt.NDArray[np.bool_]

_MEASURING_BORDER = 1
"""Pixels around a region that its 3 x 3 mean reaches."""

_FEWEST_FRAMES = 9
_TURNED_BYTES = 128
"""Of each trace, written at once."""

_NEARLY = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class RegionCounts:
    """What was read of a recording for one region, with a border where the frame has one.

    Parameters
    ----------
    counts : ndarray of float, shape (time, rows, columns)
        The region and its border, cut and repaired; NaN where the mask leaves pixels out.
    recorded : ndarray of float, shape (time, rows, columns)
        The same before repair and mask.
    inside : tuple of slice
        Rows and columns of the region within ``counts``.
    masked : ndarray of bool, shape (pixels,)
        Pixels of the region that the mask leaves out, row by row.
    roi : RectangularRoi
        The region in the whole frame.
    first_frame : int
        Number in the recording of the first frame in ``counts``.
    frame_interval_ms : float
        ms.
    saturation_level : float or None
        Count from which on a sample is saturated.
    lost : tuple of (int, int)
        First and last frame of runs that could not be repaired, counted from ``first_frame``.
    repair_notes : tuple of str
        What was found and repaired.
    """

    counts: Counts
    recorded: Counts
    inside: tuple[slice, slice]
    masked: Pixels
    roi: RectangularRoi
    first_frame: int
    frame_interval_ms: float
    saturation_level: float | None
    lost: tuple[tuple[int, int], ...] = ()
    repair_notes: tuple[str, ...] = ()

    def traces(self, frames: Counts) -> Counts:
        """Traces of the region's pixels, row by row, shape (pixels, time), of ``frames``."""
        inner = frames[(slice(None), *self.inside)]
        traces = np.empty((*inner.shape[1:], len(inner)), dtype=frames.dtype)
        # A few frames at a time: what is read and what is written then stay in the cache.
        turned = _TURNED_BYTES // frames.dtype.itemsize
        for start in range(0, len(inner), turned):
            part = slice(start, start + turned)
            traces[:, :, part] = np.moveaxis(inner[part], 0, -1)
        return traces.reshape(-1, len(inner))

    def filtered_in_space(self, preparation: Preparation) -> Counts:
        """``counts`` after the filters in space that a preparation asks for."""
        return filter_in_space(self.counts, preparation)


def read_counts(
    recording: Recording, roi: RectangularRoi, preparation: Preparation, is_compact: bool = False
) -> RegionCounts:
    """Read a region, and the border that filters in space reach, once.

    Parameters
    ----------
    recording : Recording
        With a known frame interval.
    roi : RectangularRoi
        Pixels.
    preparation : Preparation
        What is cut, repaired and masked, and how far its filters in space reach.
    is_compact : bool
        Counts in single precision where that holds every stored one exactly.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, the region lies outside the frame, the cut leaves fewer
        than 9 frames, or the mask belongs to frames of another size.
    """
    interval = _frame_interval_ms(recording)
    recording.require_inside(roi)
    read = with_border(recording, roi, preparation)
    inside = (
        slice(roi.y - read.y, roi.y - read.y + roi.height),
        slice(roi.x - read.x, roi.x - read.x + roi.width),
    )
    first, stop = frames_kept(recording, preparation)
    masked = _masked(recording, read, preparation)
    reading = recording.read_compact if is_compact else recording.read_region
    recorded = reading(read, first, stop)
    saturation_level = recording.saturation_level
    repaired = Repaired(recorded, (), ())
    if preparation.frame_repair is not None:
        saturation_level = preparation.frame_repair.saturation_count or saturation_level
        repaired = repair_counts(recorded, preparation.frame_repair, saturation_level, first)
    counts = repaired.counts.astype(recorded.dtype, copy=False)
    if masked.any():
        counts = np.where(masked, np.nan, counts)
    return RegionCounts(
        counts=counts,
        recorded=recorded,
        inside=inside,
        masked=np.ascontiguousarray(masked[inside]).ravel(),
        roi=roi,
        first_frame=first,
        frame_interval_ms=interval,
        saturation_level=saturation_level,
        lost=repaired.lost,
        repair_notes=repaired.notes,
    )


def with_border(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> RectangularRoi:
    """A region with the pixels around it that its filters in space reach, where they are there."""
    border = max(_MEASURING_BORDER, spatial_reach(preparation))
    left, top = max(0, roi.x - border), max(0, roi.y - border)
    right = min(recording.column_count, roi.x + roi.width + border)
    bottom = min(recording.row_count, roi.y + roi.height + border)
    return RectangularRoi(left, top, right - left, bottom - top)


def frames_kept(recording: Recording, preparation: Preparation) -> tuple[int, int]:
    """First frame that a preparation's cut keeps, and the one after the last.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, or fewer than 9 frames are kept.
    """
    interval = _frame_interval_ms(recording)
    first, last = 0, recording.frame_count - 1
    if preparation.cut_start_ms is not None:
        first = ceil(preparation.cut_start_ms / interval - _NEARLY)
    if preparation.cut_end_ms is not None:
        last = min(last, floor(preparation.cut_end_ms / interval + _NEARLY))
    is_cut = first > 0 or last < recording.frame_count - 1
    if is_cut and last - first + 1 < _FEWEST_FRAMES:
        raise RecordingError(
            f"the cut leaves {max(0, last - first + 1)} of the {recording.frame_count} frames of "
            f"{recording.path.name}, at least {_FEWEST_FRAMES} are needed: start earlier or end "
            "later"
        )
    return first, last + 1


def _frame_interval_ms(recording: Recording) -> float:
    if recording.frame_interval_ms is None:
        raise RecordingError(
            f"the file does not say its frame interval: enter the time between the frames of "
            f"{recording.path.name}, in ms"
        )
    doubt = doubt_of_interval(recording.frame_interval_ms)
    if doubt:
        raise RecordingError(doubt)
    return recording.frame_interval_ms


def _masked(recording: Recording, read: RectangularRoi, preparation: Preparation) -> Pixels:
    if preparation.mask is None:
        return np.zeros((read.height, read.width), dtype=np.bool_)
    usable = preparation.mask.usable
    if usable.shape != (recording.row_count, recording.column_count):
        raise RecordingError(
            f"the mask belongs to frames of {usable.shape[0]} rows x {usable.shape[1]} columns, "
            f"{recording.path.name} has {recording.row_count} x {recording.column_count}: make it "
            "anew"
        )
    return np.asarray(~usable[read.rows, read.columns])
