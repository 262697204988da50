"""Baselines: a polynomial, or a smooth curve by asymmetric least squares."""

from __future__ import annotations

from math import pi, sin

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning import remove_drift, remove_trend
from aphyn_gui.recording.cleaning_settings import SmoothBaseline
from aphyn_gui.recording.preparation import Preparation

Floats = npt.NDArray[np.float64]

_ROUNDS = 30
_BLOCK_SAMPLES = 2**20
"""Solved at once: three diagonals of them take 24 MB."""

_SHORTEST_PERIOD_FRAMES = 2.0
_LONGEST_PERIOD_FRAMES = 10_000.0
"""A baseline this stiff bends by less than rounding errors disturb it."""


def remove_baseline(
    traces: npt.ArrayLike, frame_interval_ms: float, preparation: Preparation
) -> Floats:
    """Subtract the baseline a preparation asks for: smooth where it has one, else polynomial.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        Upright. NaN in a trace makes that trace, and no other, NaN.
    frame_interval_ms : float
        ms.
    preparation : Preparation
        Its ``baseline`` and ``drift_order`` are read.
    """
    if preparation.baseline is None:
        return remove_drift(traces, preparation.drift_order)
    values = np.asarray(traces, dtype=np.float64)
    return np.asarray(values - smooth_baseline(values, frame_interval_ms, preparation.baseline))


def smoothness(time_scale_ms: float, frame_interval_ms: float) -> float:
    """Penalty (Eilers' lambda) by which a smoother halves an oscillation, dimensionless.

    The smoother that minimises sum (y - z)^2 + lambda sum (second difference of z)^2 leaves
    1 / (1 + lambda (2 sin(pi / P))^4) of an oscillation of P frames: lambda is what makes that a
    half at P = time scale / frame interval. P is held between 2 and 10,000 frames.
    """
    period = time_scale_ms / frame_interval_ms
    period = min(max(period, _SHORTEST_PERIOD_FRAMES), _LONGEST_PERIOD_FRAMES)
    return (2 * sin(pi / period)) ** -4


def smooth_baseline(
    traces: npt.ArrayLike, frame_interval_ms: float, settings: SmoothBaseline
) -> Floats:
    """Baseline by asymmetric least squares smoothing, shape (..., time).

    A Whittaker smoother with second differences whose weights are renewed until they stand:
    ``asymmetry`` above the baseline, one minus it below (Eilers and Boelens 2005). Exact on
    straight lines. Beats do not lift it as long as the time scale is longer than the cycle.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        Upright. NaN in a trace makes its baseline, and no other, NaN.
    frame_interval_ms : float
        ms.
    settings : SmoothBaseline
        Time scale and asymmetry.
    """
    values = np.asarray(traces, dtype=np.float64)
    flat = values.reshape(-1, values.shape[-1])
    baseline = np.full_like(flat, np.nan)
    usable = np.flatnonzero(np.isfinite(flat).all(axis=1))
    penalty = smoothness(settings.time_scale_ms, frame_interval_ms)
    block = max(1, _BLOCK_SAMPLES // max(1, values.shape[-1]))
    for start in range(0, usable.size, block):
        rows = usable[start : start + block]
        # Straight lines pass through unchanged; without them the numbers are small.
        bent = remove_trend(flat[rows], 1)
        baseline[rows] = flat[rows] - bent + _asymmetric(bent, penalty, settings.asymmetry)
    return baseline.reshape(values.shape)


def _asymmetric(pixels: Floats, penalty: float, asymmetry: float) -> Floats:
    baseline = np.zeros_like(pixels)
    if pixels.shape[-1] < 3:
        return baseline
    weights = np.full_like(pixels, 0.5)
    active = np.arange(len(pixels))
    for _ in range(_ROUNDS):
        baseline[active] = _whittaker(pixels[active], weights[active], penalty)
        renewed = np.where(pixels[active] > baseline[active], asymmetry, 1 - asymmetry)
        changed = (renewed != weights[active]).any(axis=1)
        weights[active] = renewed
        active = active[changed]
        if active.size == 0:
            break
    return baseline


def _whittaker(pixels: Floats, weights: Floats, penalty: float) -> Floats:
    """Solve (W + penalty D'D) z = W y for every pixel, as one banded system."""
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.linalg import solveh_banded

    frame_count = pixels.shape[-1]
    difference = np.zeros((3, frame_count))
    # D'D of second differences, its diagonals as solveh_banded wants them (upper form).
    difference[2] = 6
    difference[2, [0, -1]] = 1
    difference[2, [1, -2]] = 5 if frame_count > 3 else 4
    difference[1] = -4
    difference[1, [1, -1]] = -2
    difference[0] = 1
    # The pixels stand one behind the other, uncoupled.
    difference[0, :2] = difference[1, :1] = 0
    bands = np.tile(penalty * difference, len(pixels))
    bands[2] += weights.ravel()
    solved = solveh_banded(
        bands, (weights * pixels).ravel(), overwrite_ab=True, overwrite_b=True, check_finite=False
    )
    return np.asarray(solved, dtype=np.float64).reshape(pixels.shape)
