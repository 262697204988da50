"""Frames that are cut out of, gathered from or added to what a file stores, when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.frames import Array, FrameSource, as_slices

_WRAP = 2**16
_WRAP_JUMP = _WRAP * 3 // 4
"""A pixel that is this far from its usual level went once round the 16-bit numbers."""

_LEVEL_FRAMES = 5
_OPEN_MAPS = 64
"""Each map holds a file open, and systems allow about a thousand."""


def cropped(source: FrameSource, times: slice, rows: slice, columns: slice) -> FrameSource:
    """A part of the source, without reading it; a view for arrays and memory maps."""
    if isinstance(source, np.ndarray):
        return cast(FrameSource, source[times, rows, columns])
    return CroppedFrames(source, (times, rows, columns))


class CroppedFrames:
    """A part of a source that is no array.

    Parameters
    ----------
    source : FrameSource
        The whole.
    part : tuple of slice
        Which frames, rows and columns of it.
    """

    def __init__(self, source: FrameSource, part: tuple[slice, slice, slice]) -> None:
        self._source = source
        self._ranges = tuple(
            range(length)[wanted] for wanted, length in zip(part, source.shape, strict=True)
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""
        return tuple(len(positions) for positions in self._ranges)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value."""
        return self._source.dtype

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        wanted, dropped = as_slices(key, self.shape)
        stored = tuple(
            _as_slice(positions[part]) for positions, part in zip(self._ranges, wanted, strict=True)
        )
        values = np.asarray(self._source[stored])
        return values.squeeze(axis=dropped) if dropped else values


def _as_slice(positions: range) -> slice:
    if not positions:
        return slice(0, 0)
    # Below zero a slice would count from the end again.
    stop = positions.stop if positions.stop >= 0 else None
    return slice(positions.start, stop, positions.step)


class BlockFrames:
    """A movie stored in several files, one after the other in time.

    Parameters
    ----------
    frame_counts : sequence of int
        Frames in each file.
    open_block : callable
        Gives the frames of a file, shape (frames, rows, columns), as a memory map.
    """

    def __init__(self, frame_counts: Sequence[int], open_block: Callable[[int], Array]) -> None:
        self._ends = np.cumsum(frame_counts)
        self._starts = self._ends - np.asarray(frame_counts)
        self._block = lru_cache(maxsize=_OPEN_MAPS)(open_block)
        first = self._block(0)
        self._shape = (int(self._ends[-1]), *first.shape[1:])
        self._dtype: np.dtype[Any] = first.dtype

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
        wanted = np.asarray(range(*times.indices(self._shape[0])), dtype=np.intp)
        height = len(range(*rows.indices(self._shape[1])))
        width = len(range(*columns.indices(self._shape[2])))
        values = np.empty((wanted.size, height, width), dtype=self._dtype)
        owners = np.searchsorted(self._ends, wanted, side="right")
        for block in np.unique(owners):
            here = owners == block
            inside = wanted[here] - self._starts[block]
            first, last = int(inside.min()), int(inside.max())
            step = abs(times.step or 1)
            part = self._block(int(block))[first : last + 1 : step, rows, columns]
            values[here] = part if inside[0] == first else part[::-1]
        return values.squeeze(axis=dropped) if dropped else values


class DifferenceFrames:
    """Absolute counts of a movie stored as differences from an image.

    Parameters
    ----------
    source : FrameSource
        The differences, 16-bit.
    plane : ndarray of int, shape (rows, columns)
        What is added to each frame.
    first_is_absolute : bool
        The first frame is no difference: nothing is added to it.
    repair_wraps : bool
        Values further than 3/4 of 2^16 from the pixel's usual level (the median of five frames
        spread over the movie) are moved by 2^16. The differences alone cannot show it: they stay
        within half of 2^16.
    """

    def __init__(
        self,
        source: FrameSource,
        plane: npt.NDArray[Any],
        *,
        first_is_absolute: bool = False,
        repair_wraps: bool = False,
    ) -> None:
        self._source = source
        self._plane = plane.astype(np.int32)
        self._first_is_absolute = first_is_absolute
        self._repair_wraps = repair_wraps
        # Reading a small region of a mapped file asks for its map (`scattered_reading`).
        self._mmap = getattr(source, "_mmap", None)

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""
        return tuple(self._source.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """32-bit integers: the sum of two 16-bit numbers always fits."""
        return np.dtype(np.int32)

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        slices, dropped = as_slices(key, self.shape)
        times, rows, columns = slices
        values = np.asarray(self._source[slices]).astype(np.int32)
        indices = range(*times.indices(self.shape[0]))
        differences = np.ones(len(indices), dtype=np.bool_)
        if self._first_is_absolute and 0 in indices:
            differences[indices.index(0)] = False
        if self._repair_wraps and values.size:
            self._repair(values, differences, self._level[rows, columns])
        values[differences] += self._plane[rows, columns]
        return values.squeeze(axis=dropped) if dropped else values

    @staticmethod
    def _repair(values: Array, differences: Array, level: Array) -> None:
        farthest = max(values.max() - level.min(), level.max() - values.min())
        if farthest <= _WRAP_JUMP:  # as in most recordings
            return
        away = values - level
        away[~differences] = 0
        values[away > _WRAP_JUMP] -= _WRAP
        values[away < -_WRAP_JUMP] += _WRAP

    @cached_property
    def _level(self) -> npt.NDArray[np.int32]:
        first = 1 if self._first_is_absolute else 0
        spread = np.linspace(first, self.shape[0] - 1, _LEVEL_FRAMES).astype(int)
        frames = [np.asarray(self._source[int(index)]) for index in spread]
        return np.asarray(np.median(frames, axis=0), dtype=np.int32)
