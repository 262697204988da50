"""Frames whose every pixel is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FRAME_COUNT, ROWS, COLUMNS = 20, 6, 8


def known_frames(dtype: npt.DTypeLike = np.uint16) -> npt.NDArray[np.uint16]:
    """Counts that differ in every pixel and frame; shape (20, 6, 8)."""
    counts = np.arange(FRAME_COUNT * ROWS * COLUMNS).reshape(FRAME_COUNT, ROWS, COLUMNS)
    return (counts * 7 % 60000 if np.dtype(dtype).itemsize > 1 else counts % 251).astype(dtype)
