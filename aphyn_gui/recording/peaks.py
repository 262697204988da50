"""Maxima that stand out, in numpy: `scipy.signal` takes a second to import."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def prominent_peaks(trace: Floats, prominence: float, distance: float) -> Indices:
    """Maxima of a trace that stand out, and of those too close together the highest.

    The same maxima as ``scipy.signal.find_peaks`` gives for these two conditions.

    Parameters
    ----------
    trace : ndarray, shape (frames,)
        Finite.
    prominence : float
        What must at least be descended from a maximum, on both sides, before a higher one.
    distance : float
        Frames between two maxima, at least 1.
    """
    peaks = _apart(trace, _maxima(trace), ceil(distance))
    # Whatever lies lower cannot be descended from so far.
    peaks = peaks[trace[peaks] >= trace.min() + prominence] if trace.size else peaks
    standing_out = [_prominence(trace, int(peak)) >= prominence for peak in peaks]
    return peaks[np.array(standing_out, dtype=np.bool_)]


def _maxima(trace: Floats) -> Indices:
    """Middle of each run of equal values that is higher than both its neighbours."""
    starts = np.flatnonzero(np.diff(trace, prepend=np.nan) != 0)
    last = np.append(starts[1:], trace.size) - 1
    rises = np.diff(trace[starts]) > 0
    highest = np.flatnonzero(rises[:-1] & ~rises[1:]) + 1
    return np.asarray((starts[highest] + last[highest]) // 2, dtype=np.int64)


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


def _prominence(trace: Floats, peak: int) -> float:
    """Height of a maximum over the higher of the lowest points beside it."""
    higher_before = np.flatnonzero(trace[:peak] > trace[peak])
    higher_after = np.flatnonzero(trace[peak + 1 :] > trace[peak])
    first = int(higher_before[-1]) + 1 if higher_before.size else 0
    stop = peak + 1 + int(higher_after[0]) if higher_after.size else trace.size
    low = max(float(trace[first : peak + 1].min()), float(trace[peak:stop].min()))
    return float(trace[peak]) - low
