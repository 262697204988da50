"""Squares of pixels averaged into one, where and when they are read."""

from __future__ import annotations

from typing import Any

import numpy as np

from aphyn_gui.recording.frames import Array, FrameSource, as_slices

SMALLEST_BINNING = 2
LARGEST_BINNING = 8

_CHUNK_VALUES = 2**22
"""Values of the source averaged at once: 34 MB as real numbers."""


class BinnedFrames:
    """A source whose pixels are means over squares of another's, in float32.

    The mean is over the numbers in a square; one without any is NaN. A square with a saturated
    pixel holds the saturation level, for its mean would hide it.

    Parameters
    ----------
    source : FrameSource
        Frames as stored.
    side : int
        Side of the square, pixels; rows and columns that fill none are left out.
    saturation_level : float or None
        Largest count of the source; None: it has none.
    """

    def __init__(self, source: FrameSource, side: int, saturation_level: float | None) -> None:
        self._source = source
        self.side = side
        self.saturation_level = saturation_level

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""
        frames, rows, columns = self._source.shape
        return frames, rows // self.side, columns // self.side

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value."""
        return np.dtype(np.float32)

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        slices, dropped = as_slices(key, self.shape)
        times, rows, columns = (
            range(length)[part] for part, length in zip(slices, self.shape, strict=True)
        )
        values = np.empty((len(times), len(rows), len(columns)), dtype=np.float32)
        if values.size:
            self._fill(values, times, rows, columns)
        return values.squeeze(axis=dropped) if dropped else values

    def _fill(self, values: Array, times: range, rows: range, columns: range) -> None:
        top, bottom = min(rows), max(rows) + 1
        left, right = min(columns), max(columns) + 1
        side = self.side
        stored = (
            slice(top * side, bottom * side),
            slice(left * side, right * side),
        )
        chunk = max(1, _CHUNK_VALUES // ((bottom - top) * (right - left) * side * side))
        for start in range(0, len(times), chunk):
            asked = times[start : start + chunk]
            # A range may run backwards; a slice that ends at the first frame then has no stop.
            stop = asked.stop if asked.stop >= 0 else None
            part = np.asarray(self._source[(slice(asked.start, stop, asked.step), *stored)])
            squares = part.reshape(len(asked), bottom - top, side, right - left, side)
            means = _means(squares, self.saturation_level)
            values[start : start + chunk] = means[:, _within(rows, top)][
                :, :, _within(columns, left)
            ]


def _within(asked: range, first: int) -> Array:
    return np.array(asked, dtype=np.intp) - first


def _means(squares: Array, saturation_level: float | None) -> Array:
    """Mean over axes 2 and 4."""
    axes = (2, 4)
    numbers = squares.astype(np.float64)
    there = np.isfinite(numbers)
    share = there.sum(axis=axes)
    total = np.where(there, numbers, 0.0).sum(axis=axes)
    means = np.divide(total, share, out=np.full(total.shape, np.nan), where=share > 0)
    if saturation_level is not None:
        means[(squares >= saturation_level).any(axis=axes)] = saturation_level
    return np.asarray(means)
