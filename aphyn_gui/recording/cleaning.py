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
_BASELINE_ROUNDS = 10


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
    usable = np.isfinite(flat).all(axis=1)
    baseline = np.full_like(flat, np.nan)
    # Around the mean, for counts are large and the drift is small.
    level = flat[usable].mean(axis=1, keepdims=True)
    pixels = flat[usable] - level
    fitted = (pixels @ basis) @ basis.T
    weights = np.zeros_like(pixels)
    for _ in range(_BASELINE_ROUNDS):
        previous = weights
        weights = np.where(pixels > fitted, _BASELINE_WEIGHT, 1 - _BASELINE_WEIGHT)
        if np.array_equal(weights, previous):
            break
        normal = np.einsum("pt,ti,tj->pij", weights, basis, basis, optimize=True)
        moments = (weights * pixels) @ basis
        fitted = np.linalg.solve(normal, moments[..., None])[..., 0] @ basis.T
    baseline[usable] = fitted + level
    return np.asarray((flat - baseline).reshape(values.shape))


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
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.ndimage import uniform_filter

    there = np.isfinite(values)
    total = uniform_filter(np.where(there, values, 0.0), (0, side, side), mode="constant")
    share = uniform_filter(there.astype(np.float64), (0, side, side), mode="constant")
    nothing = np.full_like(values, np.nan)
    return np.asarray(np.divide(total, share, out=nothing, where=there))


def noise_level(traces: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Standard deviation of the noise, shape (...), in the traces' unit.

    From the median absolute second difference, scaled for white normal noise: an action potential
    changes slowly over three frames except in its upstroke, which the median ignores; its
    curvature shows only at ratios of signal to noise of many hundreds. Noise that is correlated
    from frame to frame (a filter in the camera) is underestimated.
    """
    values = np.asarray(traces, dtype=np.float64)
    bends = np.diff(values, 2, axis=-1)
    return np.asarray(_NORMAL_MAD * np.median(np.abs(bends), axis=-1) / np.sqrt(6.0))
