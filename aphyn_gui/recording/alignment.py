"""When each pixel is activated, between frames, and where its sequence begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.beats import foot_before
from aphyn_gui.recording.interpolation import sample_at
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

_FINE = 5
"""Steps a frame is divided into where crossings are looked for."""

_LARGEST_SPREAD_MS = 60.0
_SPREAD_SHARE = 0.25
_SMALLEST_RISE = 0.5
_FILTER_MARGIN = 8
"""Frames around a window, so that the filter and the spline are at ease within it."""


def search_width_ms(cycle_length_ms: float) -> float:
    """How far from the region's onset a pixel's own upstroke is looked for, ms, either way.

    A quarter of a cycle, at most 60 ms: a centimetre of slow conduction.
    """
    return min(_SPREAD_SHARE * cycle_length_ms, _LARGEST_SPREAD_MS)


def activation_times(
    traces: npt.ArrayLike, frame_interval_ms: float, near_ms: float, cycle_length_ms: float
) -> Floats:
    """Half of each trace's upstroke around a moment, shape (traces,), ms; NaN where it has none.

    The steepest rise of a Savitzky-Golay filtered copy (9 frames, order 3; used for timing only)
    is followed to where it crosses the middle between the minimum before and the maximum after,
    on a cubic spline. A trace has an upstroke of its own if that rise spans at least half of its
    range over the cycle.

    Parameters
    ----------
    traces : array_like, shape (traces, time)
        Upright, finite.
    frame_interval_ms : float
        ms.
    near_ms : float
        Onset of the region's mean trace, ms.
    cycle_length_ms : float
        ms.
    """
    values = np.asarray(traces, dtype=np.float64)
    near = near_ms / frame_interval_ms
    width = search_width_ms(cycle_length_ms) / frame_interval_ms
    first = max(0, int(near - 2 * width) - _FILTER_MARGIN)
    stop = int(near - width + cycle_length_ms / frame_interval_ms) + 1
    window = savitzky_golay(values[:, first : max(stop, int(near + 2 * width) + _FILTER_MARGIN)])
    whole = np.ptp(window, axis=1)
    step = 1 / _FINE
    grid = np.arange(near - 2 * width, near + 2 * width, step) - first
    grid = grid[(grid >= 0) & (grid <= window.shape[1] - 1)]
    fine = sample_at(window, grid)
    searched = np.flatnonzero(np.abs(grid + first - near) <= width)
    reach = int(width * _FINE)
    result = np.full(len(values), np.nan)
    for row, trace in enumerate(fine):
        steepest = int(searched[0] + np.argmax(np.diff(trace[searched])))
        before = trace[max(0, steepest - reach) : steepest + 1]
        after = trace[steepest : steepest + reach]
        low, high = float(before.min()), float(after.max())
        crossing = _crossing_around(trace, steepest, (low + high) / 2)
        if high - low < _SMALLEST_RISE * whole[row] or crossing is None:
            continue
        at = grid[0] + first + crossing * step
        # The rise may belong to an upstroke that follows outside.
        if abs(at - near) <= width:
            result[row] = at * frame_interval_ms
    return result


def frame_activation_times(
    traces: npt.ArrayLike, frame_interval_ms: float, near_ms: float, cycle_length_ms: float
) -> Floats:
    """As `activation_times`, of thousands of traces at once: a spline in one frame of each only.

    Minimum, maximum and steepest rise are looked for among the frames, not between them: times
    differ by a few hundredths of a frame.

    Parameters
    ----------
    traces, frame_interval_ms, near_ms, cycle_length_ms
        As there.
    """
    values = np.asarray(traces)
    near = near_ms / frame_interval_ms
    width = search_width_ms(cycle_length_ms) / frame_interval_ms
    first = max(0, int(near - 2 * width) - _FILTER_MARGIN)
    stop = int(near - width + cycle_length_ms / frame_interval_ms) + 1
    window = savitzky_golay(values[:, first : max(stop, int(near + 2 * width) + _FILTER_MARGIN)])
    frame, row = np.arange(window.shape[1]), np.arange(len(window))
    searched = np.flatnonzero(np.abs(frame[:-1] + first - near) <= width)
    if searched.size == 0 or len(window) == 0:
        return np.full(len(values), np.nan)
    slopes = np.diff(window[:, searched[0] : searched[-1] + 2], axis=1)
    steepest = (searched[0] + np.argmax(slopes, axis=1))[:, None]
    reach = int(width)
    is_before = (frame <= steepest) & (frame >= steepest - reach)
    is_after = (frame > steepest) & (frame <= steepest + reach)
    low = np.where(is_before, window, np.inf).min(axis=1)
    high = np.where(is_after, window, -np.inf).max(axis=1)
    level = (low + high)[:, None] / 2
    above = window >= level
    beyond = above & (frame >= steepest)
    under = ~above & (frame <= steepest)
    is_rising = ~above[row, steepest[:, 0]]
    index = np.where(
        is_rising, np.argmax(beyond, axis=1) - 1, frame.size - 1 - np.argmax(under[:, ::-1], axis=1)
    )
    crosses = np.where(is_rising, beyond.any(axis=1), under.any(axis=1))
    index = np.clip(index, 0, frame.size - 2)
    # Within the frame, on the spline, as precisely as there.
    fine = sample_at(window, index[:, None] + np.arange(_FINE + 1) / _FINE)
    part = np.clip(np.argmax(fine >= level, axis=1), 1, _FINE)
    lower, upper = fine[row, part - 1], fine[row, part]
    rise = np.where(upper > lower, upper - lower, 1.0)
    within = np.clip((level[:, 0] - lower) / rise, 0, 1)
    at = first + index + (part - 1 + within) / _FINE
    is_own = crosses & (high - low >= _SMALLEST_RISE * np.ptp(window, axis=1))
    return np.asarray(np.where(is_own & (np.abs(at - near) <= width), at, np.nan)) * (
        frame_interval_ms
    )


def _crossing_around(trace: Floats, steepest: int, level: float) -> float | None:
    """Where the rise through a sample crosses a level, in samples; None if it does not."""
    rising = trace[steepest] < level
    if rising:
        beyond = np.flatnonzero(trace[steepest:] >= level)
        index = steepest + int(beyond[0]) - 1 if beyond.size else None
    else:
        beyond = np.flatnonzero(trace[: steepest + 1] < level)
        index = int(beyond[-1]) if beyond.size else None
    if index is None or index + 1 >= trace.size:
        return None
    return index + float((level - trace[index]) / (trace[index + 1] - trace[index]))


def lead_time(
    traces: npt.ArrayLike,
    frame_interval_ms: float,
    activations_ms: npt.ArrayLike,
    cycle_length_ms: float,
) -> float:
    """Time from foot to half upstroke of the aligned mean trace, ms.

    Aligned, the upstroke of the mean is as steep as that of its pixels, and its noise is small:
    the foot, the last crossing of 5 % of the height, can be seen although no pixel shows it.

    Parameters
    ----------
    traces : array_like, shape (traces, time)
        Upright, finite, unfiltered.
    frame_interval_ms : float
        ms.
    activations_ms : array_like, shape (traces,)
        Half of each upstroke, ms.
    cycle_length_ms : float
        ms.
    """
    values = np.asarray(traces, dtype=np.float64)
    activations = np.asarray(activations_ms, dtype=np.float64) / frame_interval_ms
    width = search_width_ms(cycle_length_ms) / frame_interval_ms
    before = min(width, float(activations.min()))
    after = min(width, values.shape[1] - 1 - float(activations.max()))
    # Frames apart, as recorded: on a finer grid the noise would be correlated.
    count = int(before)
    offsets = np.arange(-count, int(after) + 1)
    mean = sample_at(values, activations[:, None] + offsets).mean(axis=0)
    foot, _ = foot_before(mean, 0, float(count), float(mean.max()))
    return (count - foot) * frame_interval_ms
