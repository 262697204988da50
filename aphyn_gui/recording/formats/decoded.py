"""Frames that are decoded one by one, when asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from aphyn_gui.recording.frames import Array, as_slices


class DecodedFrames(ABC):
    """A frame source over something that gives one whole frame at a time.

    Parameters
    ----------
    shape : tuple of int
        Frames, rows and columns.
    dtype : dtype
        Type of one value.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype[Any]) -> None:
        self._shape = shape
        self._dtype = dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """Frames, rows and columns."""
        return self._shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of one value."""
        return self._dtype

    def __getitem__(self, key: int | slice | tuple[int | slice, ...]) -> Array:
        (times, rows, columns), dropped = as_slices(key, self._shape)
        wanted = range(*times.indices(self._shape[0]))
        height = len(range(*rows.indices(self._shape[1])))
        width = len(range(*columns.indices(self._shape[2])))
        values = np.empty((len(wanted), height, width), dtype=self._dtype)
        for position, index in enumerate(wanted):
            values[position] = self._decode(index)[rows, columns]
        return values.squeeze(axis=dropped) if dropped else values

    @abstractmethod
    def _decode(self, index: int) -> Array:
        """Frame ``index``, shape (rows, columns); RecordingError if it cannot be decoded."""
