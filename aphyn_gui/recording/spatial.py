"""Filters in space, frame by frame: median, mean and Gaussian."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning import spatial_mean
from aphyn_gui.recording.precision import Real, as_real
from aphyn_gui.recording.preparation import Preparation

_TRUNCATE = 3.0
"""Standard deviations at which a Gaussian ends: a thousandth of its weight lies beyond."""

_SORTED_AT_ONCE = 2**21
"""Values in the neighbourhoods sorted at once: 17 MB."""


def filter_in_space(frames: npt.NDArray[Real], preparation: Preparation) -> npt.NDArray[Real]:
    """Median, then mean, then Gaussian, each as a preparation asks for it.

    Parameters
    ----------
    frames : ndarray, shape (time, row, column)
        Single precision stays single. A pixel that is NaN stays NaN and counts for nothing in its
        neighbours.
    preparation : Preparation
        Its spatial settings are read.
    """
    values = as_real(frames)
    if preparation.spatial_median > 1:
        values = spatial_median(values, preparation.spatial_median)
    if preparation.spatial_mean > 1:
        values = spatial_mean(values, preparation.spatial_mean)
    if preparation.spatial_sigma > 0:
        values = spatial_gaussian(values, preparation.spatial_sigma)
    return values


def spatial_reach(preparation: Preparation) -> int:
    """How far beside a pixel its filtered value depends on others, pixels."""
    sides = preparation.spatial_median // 2 + preparation.spatial_mean // 2
    return sides + _radius(preparation.spatial_sigma)


def spatial_gaussian(frames: npt.NDArray[Real], sigma: float) -> npt.NDArray[Real]:
    """Blur each frame by a Gaussian that ends at three standard deviations.

    At the edges, and beside NaN, the weights of the pixels that are there are scaled up. A pixel
    that is NaN stays NaN: its neighbours do not stand in for it.

    Parameters
    ----------
    frames : ndarray, shape (time, row, column)
    sigma : float
        Standard deviation, pixels; 0 changes nothing.
    """
    values = as_real(frames)
    if sigma == 0:
        return values.copy()
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.ndimage import gaussian_filter1d

    def blurred(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        for axis in (1, 2):
            image = gaussian_filter1d(
                image, sigma, axis=axis, mode="constant", radius=_radius(sigma)
            )
        return image

    there = np.isfinite(values)
    total = blurred(np.where(there, values, values.dtype.type(0)))
    share = blurred(there.astype(values.dtype))
    nothing = np.full_like(values, np.nan)
    return np.asarray(np.divide(total, share, out=nothing, where=there))


def spatial_median(frames: npt.NDArray[Real], side: int) -> npt.NDArray[Real]:
    """Replace each pixel by the median over a square around it, frame by frame.

    At the edges, and beside NaN, the median is over the pixels that are there. A pixel that is
    NaN stays NaN.

    Parameters
    ----------
    frames : ndarray, shape (time, row, column)
    side : int
        Side of the square, pixels, odd; 1 changes nothing.
    """
    values = as_real(frames)
    if side == 1:
        return values.copy()
    half = side // 2
    result = np.empty_like(values)
    chunk = max(1, _SORTED_AT_ONCE // max(1, values[0].size * side * side))
    for start in range(0, len(values), chunk):
        part = values[start : start + chunk]
        there = np.isfinite(part)
        edged = np.pad(
            np.where(there, part, np.nan), ((0, 0), (half, half), (half, half)),
            constant_values=np.nan,
        )  # fmt: skip
        squares = np.lib.stride_tricks.sliding_window_view(edged, (side, side), axis=(1, 2))
        result[start : start + chunk] = np.where(
            there, _median(squares.reshape(*part.shape, side * side)), np.nan
        )
    return result


def _radius(sigma: float) -> int:
    return ceil(_TRUNCATE * sigma)


def _median(values: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """Median of the numbers along the last axis; NaN where there is none."""
    # What is not a number is sorted to the end.
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(values).sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, count // 2, axis=-1)
    return np.asarray((0.5 * low + 0.5 * high)[..., 0])
