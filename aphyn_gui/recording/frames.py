"""Frames as a lazy array: what a recording needs from its storage."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

FRAME_AXES = 3
"""Every recording is presented as (time, row, column)."""


class FrameSource(Protocol):
    """Three-dimensional, indexable with integers and slices; reads no more than it is asked for.

    Arrays and memory maps fit as they are.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value as stored."""

    def __getitem__(self, key: Any, /) -> Any:
        """The frames, rows and columns asked for, as an array."""


def as_slices(
    key: int | slice | tuple[int | slice, ...], shape: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[int, ...]]:
    """An index as one slice for each axis, and the axes an integer index removes."""
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > len(shape):
        raise IndexError(f"{len(parts)} indices for {len(shape)} axes")
    parts += (slice(None),) * (len(shape) - len(parts))
    slices: list[slice] = []
    dropped: list[int] = []
    for axis, (part, length) in enumerate(zip(parts, shape, strict=True)):
        if isinstance(part, slice):
            slices.append(part)
            continue
        position = int(part)
        if not -length <= position < length:
            raise IndexError(f"index {position} is outside axis {axis} of length {length}")
        position %= length
        slices.append(slice(position, position + 1))
        dropped.append(axis)
    return tuple(slices), tuple(dropped)


class TransposedFrames:
    """Another order of a source's axes, without reading it.

    Parameters
    ----------
    source : FrameSource
        Frames in the order they are stored.
    axes : tuple of int
        Axis of ``source`` shown as time, as row and as column.
    """

    def __init__(self, source: FrameSource, axes: tuple[int, int, int]) -> None:
        self._source = source
        self._axes = axes

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""
        return tuple(self._source.shape[axis] for axis in self._axes)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value as stored."""
        return self._source.dtype

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        slices, dropped = as_slices(key, self.shape)
        stored: list[slice] = [slice(None)] * FRAME_AXES
        for shown, axis in enumerate(self._axes):
            stored[axis] = slices[shown]
        values = np.transpose(np.asarray(self._source[tuple(stored)]), self._axes)
        return values.squeeze(axis=dropped) if dropped else values


class HeldFrames:
    """A part of a source in memory, at its places in the whole; nothing else can be read.

    Parameters
    ----------
    held : ndarray
        The part, as stored.
    origin : tuple of int
        First frame, row and column of it.
    shape : tuple of int
        Of the whole.
    saturation_level : float or None
        Largest count of the source; None: it has none.
    """

    def __init__(
        self,
        held: Array,
        origin: tuple[int, int, int],
        shape: tuple[int, ...],
        saturation_level: float | None,
    ) -> None:
        self._held = held
        self._origin = origin
        self._shape = shape
        self.saturation_level = saturation_level

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns of the whole."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value as stored."""
        return self._held.dtype

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        slices, dropped = as_slices(key, self._shape)
        within: list[slice] = []
        for part, length, origin, held in zip(
            slices, self._shape, self._origin, self._held.shape, strict=True
        ):
            wanted = range(length)[part]
            if wanted.step < 0 or wanted.start < origin or wanted.stop > origin + held:
                raise IndexError(f"{part} is not among the {held} from {origin} on that are held")
            within.append(slice(wanted.start - origin, wanted.stop - origin, wanted.step))
        values = self._held[tuple(within)]
        return values.squeeze(axis=dropped) if dropped else values


@contextmanager
def scattered_reading(source: FrameSource) -> Iterator[None]:
    """While a small part of every frame is read, keep the system from reading ahead.

    Measured on Linux, for 8 x 8 pixels of a mapped stack of 1 GB: 16 MB read instead of all of it.
    """
    mapping = getattr(source, "_mmap", None)
    if mapping is None or not hasattr(mmap, "MADV_RANDOM"):  # not mapped, or Windows
        yield
        return
    mapping.madvise(mmap.MADV_RANDOM)
    try:
        yield
    finally:
        mapping.madvise(mmap.MADV_NORMAL)


def transposed(source: FrameSource, axes: tuple[int, int, int]) -> FrameSource:
    """The source with its axes in another order; a view for arrays and memory maps."""
    if axes == (0, 1, 2):
        return source
    if isinstance(source, np.ndarray):
        return cast(FrameSource, np.transpose(source, axes))
    return TransposedFrames(source, axes)
