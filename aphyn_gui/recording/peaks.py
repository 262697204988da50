"""Maxima that stand out, in numpy: `scipy.signal` takes a second to import."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def prominent_peaks(trace: Floats, prominence: float, distance: float) -> Indices:
    """Maxima of a trace that stand out, and of those too close together the highest.

    What stands out is decided first: the noise on the flank of a beat must not keep away a smaller
    beat beside it.

    Parameters
    ----------
    trace : ndarray, shape (frames,)
        Finite.
    prominence : float
        What must at least be descended from a maximum, on both sides, before a higher one.
    distance : float
        Frames between two maxima, at least 1.
    """
    return _apart(trace, _standing_out(trace, prominence), ceil(distance))


def _standing_out(trace: Floats, prominence: float) -> Indices:
    """Each maximum between a rise and a descent of at least the prominence, in one walk."""
    found: list[int] = []
    values = trace.tolist()
    top, low = 0, values[0] if values else 0.0
    rising = False
    for index, value in enumerate(values):
        if rising:
            if value > values[top]:
                top = index
            elif values[top] - value >= prominence:
                found.append(_middle_of_run(values, top))
                low, rising = value, False
        elif value - low >= prominence:
            top, rising = index, True
        else:
            low = min(low, value)
    return np.array(found, dtype=np.int64)


def _middle_of_run(values: list[float], first: int) -> int:
    last = first
    while last + 1 < len(values) and values[last + 1] == values[first]:
        last += 1
    return (first + last) // 2


def _apart(trace: Floats, peaks: Indices, distance: int) -> Indices:
    """The highest of peaks that lie closer than a distance, shape (kept,)."""
    kept = np.ones(peaks.size, dtype=np.bool_)
    for index in np.argsort(trace[peaks])[::-1]:
        if kept[index]:
            first = np.searchsorted(peaks, peaks[index] - distance, side="right")
            stop = np.searchsorted(peaks, peaks[index] + distance, side="left")
            kept[first:stop] = False
            kept[index] = True
    return peaks[kept]
