"""Polarity, drift and filters: pure functions, each of which is recorded in an export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.preparation import Polarity
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

_CONFIDENT_SKEWNESS = 0.5
_NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""

_BASELINE_WEIGHT = 0.1
_MEAN_BLOCK_BYTES = 2**20
_BASELINE_ROUNDS = 10
_BASELINE_BLOCK = 32
"""Traces fitted at once: what a core keeps close, and too few for threads to be worth it."""


@dataclass(frozen=True, slots=True)
class PolaritySuggestion:
    """Which way depolarisation goes, judged from the shape of the signal.

    Parameters
    ----------
    polarity : Polarity
        The suggestion.
    skewness : float
        Skewness of the trace as recorded, dimensionless: depolarised time is short.
    slope_skewness : float
        Skewness of its slope: upstrokes are faster than repolarisation.
    confident : bool
        Both point the same way, and clearly.
    """

    polarity: Polarity
    skewness: float
    slope_skewness: float
    confident: bool


def suggest_polarity(traces: npt.ArrayLike) -> PolaritySuggestion:
    """Suggest the direction of depolarisation.

    The linearly detrended mean trace of a rested heart is skewed towards depolarisation, for the
    action potential is shorter than diastole; at fast rates it is not, but its slope still is,
    for the upstroke is faster than repolarisation. The sum of the two skewnesses decides.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        Camera counts, as recorded. Pixels with NaN are ignored.
    """
    pixels = np.asarray(traces, dtype=np.float64)
    pixels = pixels.reshape(-1, pixels.shape[-1])
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    if len(pixels) == 0 or np.ptp(pixels.mean(axis=0)) == 0:
        return PolaritySuggestion(Polarity.UP, 0.0, 0.0, confident=False)
    trace = remove_trend(pixels.mean(axis=0), 1)
    of_trace = _skewness(trace)
    of_slope = _skewness(savitzky_golay(trace, derivative=1))
    return PolaritySuggestion(
        polarity=Polarity.UP if of_trace + of_slope >= 0 else Polarity.DOWN,
        skewness=of_trace,
        slope_skewness=of_slope,
        confident=of_trace * of_slope > 0 and abs(of_trace + of_slope) > _CONFIDENT_SKEWNESS,
    )


def _skewness(values: Floats) -> float:
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return float(np.mean(centred**3)) / spread**3 if spread > 0 else 0.0


def remove_trend(traces: npt.ArrayLike, order: int) -> Floats:
    """Subtract the least-squares polynomial of a degree along the last axis.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        NaN in a trace makes that trace, and no other, NaN.
    order : int
        Degree; 0 subtracts the mean.
    """
    values = np.asarray(traces, dtype=np.float64)
    basis = _polynomials(values.shape[-1], order)
    return np.asarray(values - (values @ basis) @ basis.T)


def remove_drift(traces: npt.ArrayLike, order: int) -> Floats:
    """Subtract a polynomial baseline that follows diastole, not the beats.

    Asymmetric least squares (Newey and Powell 1987: an expectile of 0.1): samples above the
    baseline weigh a ninth of those below, so that a beat cut off at either end of the recording
    tilts the baseline far less than it tilts an ordinary fit. Exact on polynomials.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        Upright: depolarisation goes up. NaN in a trace makes that trace, and no other, NaN.
    order : int
        Degree; 0 subtracts the mean only.
    """
    values = np.asarray(traces, dtype=np.float64)
    if order == 0:
        return np.asarray(values - values.mean(axis=-1, keepdims=True))
    basis = _polynomials(values.shape[-1], order)
    flat = values.reshape(-1, values.shape[-1])
    cleaned = np.empty(flat.shape)
    for start in range(0, len(flat), _BASELINE_BLOCK):
        block = slice(start, start + _BASELINE_BLOCK)
        cleaned[block] = _above_baseline(flat[block], basis)
    return cleaned.reshape(values.shape)


def _above_baseline(traces: Floats, basis: Floats) -> Floats:
    """Traces less their baselines, shape (traces, time)."""
    # Around the mean, for counts are large and the drift is small.
    pixels = traces - traces.mean(axis=1, keepdims=True)
    ordinary = pixels @ basis
    fitted = ordinary @ basis.T
    squares = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
    size = basis.shape[1]
    step = 1 - 2 * _BASELINE_WEIGHT
    above = np.zeros(traces.shape, dtype=np.bool_)
    for _ in range(_BASELINE_ROUNDS):
        now = pixels > fitted
        if np.array_equal(now, above):
            break
        above = now
        # The basis is orthonormal: were all weights alike, its normal matrix were the identity.
        weights = now.astype(np.float64)
        normal = (1 - _BASELINE_WEIGHT) * np.eye(size) - step * (weights @ squares).reshape(
            -1, size, size
        )
        weights *= pixels
        moments = (1 - _BASELINE_WEIGHT) * ordinary - step * (weights @ basis)
        fitted = np.linalg.solve(normal, moments[..., None])[..., 0] @ basis.T
    return np.asarray(pixels - fitted)


def _polynomials(sample_count: int, order: int) -> Floats:
    """Orthonormal polynomials up to a degree, shape (samples, order + 1)."""
    time = np.linspace(-1, 1, sample_count)
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(time, min(order, sample_count - 1)))
    return np.asarray(basis, dtype=np.float64)


def spatial_mean(frames: npt.ArrayLike, side: int) -> Floats:
    """Average each pixel over a square around it, frame by frame.

    At the edges, and beside NaN, the mean is over the pixels that are there. A pixel that is NaN
    stays NaN: its neighbours do not stand in for it.

    Parameters
    ----------
    frames : array_like, shape (time, row, column)
    side : int
        Side of the square, pixels, odd; 1 changes nothing.
    """
    values = np.asarray(frames, dtype=np.float64)
    if side == 1:
        return values.copy()
    mean = np.empty(values.shape)
    block = max(1, _MEAN_BLOCK_BYTES // max(1, values[0].nbytes))
    for start in range(0, len(values), block):
        part = values[start : start + block]
        there = np.isfinite(part)
        if there.all():
            share = _box_sum(np.ones((1, *part.shape[1:])), side)
            mean[start : start + block] = _box_sum(part, side) / share
        else:
            total = _box_sum(np.where(there, part, 0.0), side)
            share = _box_sum(there.astype(np.float64), side)
            nothing = np.full(part.shape, np.nan)
            mean[start : start + block] = np.divide(total, share, out=nothing, where=there)
    return mean


def _box_sum(frames: Floats, side: int) -> Floats:
    """Sum over a square around each pixel; nothing lies beyond the edges."""
    reach = side // 2
    rows = frames.copy()
    for offset in range(1, min(reach, frames.shape[1] - 1) + 1):
        rows[:, offset:] += frames[:, :-offset]
        rows[:, :-offset] += frames[:, offset:]
    total = rows.copy()
    for offset in range(1, min(reach, frames.shape[2] - 1) + 1):
        total[:, :, offset:] += rows[:, :, :-offset]
        total[:, :, :-offset] += rows[:, :, offset:]
    return total


def noise_level(traces: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Standard deviation of the noise, shape (...), in the traces' unit.

    From the median absolute second difference, scaled for white normal noise: an action potential
    changes slowly over three frames except in its upstroke, which the median ignores; its
    curvature shows only at ratios of signal to noise of many hundreds. Noise that is correlated
    from frame to frame (a filter in the camera) is underestimated.
    """
    values = np.asarray(traces, dtype=np.float64)
    bends = np.diff(values, 2, axis=-1)
    return np.asarray(_NORMAL_MAD * _median(np.abs(bends)) / np.sqrt(6.0))


def _median(magnitudes: Floats) -> Floats:
    """As `numpy.median` along the last axis, of values that are not negative, in half its time."""
    middle = magnitudes.shape[-1] // 2
    parted = np.partition(magnitudes, middle, axis=-1)
    median = parted[..., middle]
    if magnitudes.shape[-1] % 2 == 0:
        median = (median + parted[..., :middle].max(axis=-1)) / 2
    return np.where(np.isnan(magnitudes.sum(axis=-1)), np.nan, median)
