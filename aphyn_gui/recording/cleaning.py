"""Polarity, drift and filters: pure functions, each of which is recorded in an export."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.precision import Real, as_real
from aphyn_gui.recording.preparation import Polarity
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

_CONFIDENT_SKEWNESS = 0.5
_NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""

BASELINE_WEIGHT = 0.01
"""The expectile. At 0.1 two beats of 240 ms in 1.2 s tilted the baseline by a fifth of their
height, at 0.01 by a twentieth; below that noise moves it more than the beats do."""
_MEAN_BLOCK_BYTES = 2**20
_BASELINE_ROUNDS = 10
_BASELINE_BLOCK = 256
"""Traces fitted at once."""
_BASELINE_STRIDE = 16
_ROUNDING = 64
_FEWEST_STRIDDEN = 8
"""Samples for each coefficient, at least, where a baseline is first fitted to a part of them."""


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


def remove_drift(traces: npt.NDArray[Real], order: int) -> npt.NDArray[Real]:
    """Subtract a polynomial baseline that follows diastole, not the beats.

    Asymmetric least squares (Newey and Powell 1987: an expectile of 0.01): samples above the
    baseline weigh a hundredth of those below, so that beats which lie unevenly in the recording,
    or are cut off at either end, tilt the baseline far less than they tilt an ordinary fit. Exact
    on polynomials.

    Parameters
    ----------
    traces : ndarray, shape (..., time)
        Upright: depolarisation goes up. NaN in a trace makes that trace, and no other, NaN.
        Single precision stays single.
    order : int
        Degree; 0 subtracts the mean only.
    """
    values = as_real(traces)
    if order == 0:
        return np.asarray(values - values.mean(axis=-1, keepdims=True))
    basis = _polynomials(values.shape[-1], order).astype(values.dtype)
    flat = values.reshape(-1, values.shape[-1])
    cleaned = np.empty_like(flat)
    for start in range(0, len(flat), _BASELINE_BLOCK):
        block = slice(start, start + _BASELINE_BLOCK)
        # Around the mean, for counts are large and the drift is small.
        mean = flat[block].mean(axis=1, keepdims=True)
        pixels = flat[block] - mean
        rest = np.subtract(pixels, _expectiles(pixels, basis) @ basis.T, out=cleaned[block])
        # Of a polynomial rounding is left, in which no beats must be found.
        size = np.abs(mean[:, 0]) + _root_mean_square(pixels)
        rest[_root_mean_square(rest) <= _ROUNDING * np.finfo(values.dtype).eps * size] = 0
    return cleaned.reshape(values.shape)


def _root_mean_square(traces: npt.NDArray[Real]) -> npt.NDArray[Real]:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", traces, traces) / traces.shape[1]))


def _expectiles(pixels: npt.NDArray[Real], basis: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """Coefficients of the traces' baselines, shape (traces, order + 1)."""
    start: npt.NDArray[Real] | None = None
    if pixels.shape[1] >= _FEWEST_STRIDDEN * _BASELINE_STRIDE * basis.shape[1]:
        # A part of the samples leads near the baseline in a part of the time.
        few = np.ascontiguousarray(pixels[:, ::_BASELINE_STRIDE])
        start = _fitted_expectiles(few, np.ascontiguousarray(basis[::_BASELINE_STRIDE]), None)
    return _fitted_expectiles(pixels, basis, start)


def _fitted_expectiles(
    pixels: npt.NDArray[Real], basis: npt.NDArray[Real], start: npt.NDArray[Real] | None
) -> npt.NDArray[Real]:
    """The same from a first guess; None: an ordinary fit."""
    size, precision = basis.shape[1], np.finfo(pixels.dtype).eps
    squares = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)
    whole, moments = basis.T @ basis, pixels @ basis
    found = np.asarray(np.linalg.solve(whole, moments.T).T if start is None else start)
    # The next round moves it by about the square of what this one did.
    settled = np.sqrt(precision * pixels.shape[1]) * _root_mean_square(pixels)[:, None]
    step = 1 - 2 * BASELINE_WEIGHT
    for _ in range(_BASELINE_ROUNDS):
        before = found
        weights = (pixels > before @ basis.T).astype(pixels.dtype)
        normal = (1 - BASELINE_WEIGHT) * whole - step * (weights @ squares).reshape(-1, size, size)
        weights *= pixels
        target = (1 - BASELINE_WEIGHT) * moments - step * (weights @ basis)
        found = np.linalg.solve(normal, target[..., None])[..., 0]
        if not (np.abs(found - before) > settled).any():
            break
    return np.asarray(found)


def _polynomials(sample_count: int, order: int) -> Floats:
    """Orthonormal polynomials up to a degree, shape (samples, order + 1)."""
    time = np.linspace(-1, 1, sample_count)
    basis, _ = np.linalg.qr(np.polynomial.legendre.legvander(time, min(order, sample_count - 1)))
    return np.asarray(basis, dtype=np.float64)


def spatial_mean(frames: npt.NDArray[Real], side: int) -> npt.NDArray[Real]:
    """Average each pixel over a square around it, frame by frame.

    At the edges, and beside NaN, the mean is over the pixels that are there. A pixel that is NaN
    stays NaN: its neighbours do not stand in for it.

    Parameters
    ----------
    frames : ndarray, shape (time, row, column)
        Single precision stays single.
    side : int
        Side of the square, pixels, odd; 1 changes nothing.
    """
    values = as_real(frames)
    if side == 1:
        return values.copy()
    mean = np.empty_like(values)
    block = max(1, _MEAN_BLOCK_BYTES // max(1, values[0].nbytes))
    for start in range(0, len(values), block):
        part = values[start : start + block]
        there = np.isfinite(part)
        if there.all():
            share = _box_sum(np.ones((1, *part.shape[1:]), dtype=values.dtype), side)
            mean[start : start + block] = _box_sum(part, side) / share
        else:
            total = _box_sum(np.where(there, part, values.dtype.type(0)), side)
            share = _box_sum(there.astype(values.dtype), side)
            nothing = np.full_like(part, np.nan)
            mean[start : start + block] = np.divide(total, share, out=nothing, where=there)
    return mean


def _box_sum(frames: npt.NDArray[Real], side: int) -> npt.NDArray[Real]:
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
    bends = np.diff(as_real(traces), 2, axis=-1)
    return np.asarray(_NORMAL_MAD * _median(np.abs(bends, out=bends)) / np.sqrt(6.0))


def _median(magnitudes: npt.NDArray[Real]) -> Floats:
    """As `numpy.median` along the last axis, of values that are not negative, in half its time.

    They are reordered.
    """
    middle = magnitudes.shape[-1] // 2
    unknown = np.isnan(magnitudes.sum(axis=-1))
    magnitudes.partition(middle, axis=-1)
    median = magnitudes[..., middle].astype(np.float64)
    if magnitudes.shape[-1] % 2 == 0:
        median = (median + magnitudes[..., :middle].max(axis=-1)) / 2
    return np.where(unknown, np.nan, median)
