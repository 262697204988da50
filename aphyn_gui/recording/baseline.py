"""Baselines: a polynomial, or a smooth curve by asymmetric least squares."""

from __future__ import annotations

from math import pi, sin

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning import remove_drift, remove_trend
from aphyn_gui.recording.cleaning_settings import SmoothBaseline
from aphyn_gui.recording.precision import Real, as_real
from aphyn_gui.recording.preparation import Preparation

Floats = npt.NDArray[np.float64]

_ROUNDS = 30
_BLOCK_SAMPLES = 2**20
"""Solved at once: a handful of arrays of 8 MB."""

_NODES_IN_PERIOD = 64
"""Of a wave of which half passes, a broken line with so many nodes misses 0.1 %."""

_SHORTEST_PERIOD = 2.0
_LONGEST_PERIODS = 20
_FEWEST_FRAMES = 3


def remove_baseline(
    traces: npt.NDArray[Real], frame_interval_ms: float, preparation: Preparation
) -> npt.NDArray[Real]:
    """Subtract the baseline a preparation asks for: smooth where it has one, else polynomial.

    Parameters
    ----------
    traces : ndarray, shape (..., time)
        Upright. NaN in a trace makes that trace, and no other, NaN. Single precision stays single.
    frame_interval_ms : float
        ms.
    preparation : Preparation
        Its ``baseline`` and ``drift_order`` are read.
    """
    if preparation.baseline is None:
        return remove_drift(traces, preparation.drift_order)
    values = as_real(traces)
    baseline = smooth_baseline(values, frame_interval_ms, preparation.baseline)
    return np.asarray(values - baseline, dtype=values.dtype)


def smoothness(settings: SmoothBaseline, frame_interval_ms: float) -> float:
    """Penalty (Eilers' lambda) that belongs to a time scale, dimensionless.

    The smoother that minimises w sum (y - z)^2 + lambda sum (second difference of z)^2 leaves
    1 / (1 + lambda / w (2 sin(pi / P))^4) of an oscillation of P frames. lambda makes that a half
    at P = time scale / frame interval (but at least 2) for the weight of samples below the
    baseline, w = 1 - asymmetry.
    """
    period = max(settings.time_scale_ms / frame_interval_ms, _SHORTEST_PERIOD)
    return (1 - settings.asymmetry) * _penalty(period)


def smooth_baseline(
    traces: npt.ArrayLike, frame_interval_ms: float, settings: SmoothBaseline
) -> Floats:
    """Baseline by asymmetric least squares smoothing, shape (..., time).

    A Whittaker smoother with second differences whose weights are renewed until they stand:
    ``asymmetry`` above the baseline, one minus it below (Eilers and Boelens 2005). Exact on
    straight lines. Beats do not lift it as long as the time scale is longer than the cycle.

    The baseline is a broken line with 64 or more nodes in a time scale (a node at each frame where
    that has fewer than 128 frames): it bends so slowly that more would only cost time and digits.

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
    frame_count = values.shape[-1]
    flat = values.reshape(-1, frame_count)
    baseline = np.full_like(flat, np.nan)
    usable = np.flatnonzero(np.isfinite(flat).all(axis=1))
    period = settings.time_scale_ms / frame_interval_ms
    # Beyond, it is a straight line.
    period = min(max(period, _SHORTEST_PERIOD), _LONGEST_PERIODS * frame_count)
    block = max(1, _BLOCK_SAMPLES // max(1, frame_count))
    for start in range(0, usable.size, block):
        rows = usable[start : start + block]
        # Straight lines pass through unchanged; without them the numbers are small.
        bent = remove_trend(flat[rows], 1)
        baseline[rows] = flat[rows] - bent + _asymmetric(bent, period, settings.asymmetry)
    return baseline.reshape(values.shape)


def _penalty(period: float) -> float:
    return float((2 * sin(pi / period)) ** -4)


def _asymmetric(pixels: Floats, period: float, asymmetry: float) -> Floats:
    baseline = np.zeros_like(pixels)
    if pixels.shape[-1] < _FEWEST_FRAMES:
        return baseline
    step = max(1, int(period / _NODES_IN_PERIOD))
    penalty = (1 - asymmetry) * step * _penalty(period / step)
    weights = np.full_like(pixels, 0.5)
    active = np.arange(len(pixels))
    for _ in range(_ROUNDS):
        fitted = _whittaker(pixels[active], weights[active], step, penalty)
        renewed = np.where(pixels[active] > fitted, asymmetry, 1 - asymmetry)
        changed = (renewed != weights[active]).any(axis=1)
        baseline[active], weights[active] = fitted, renewed
        active = active[changed]
        if active.size == 0:
            break
    return baseline


def _whittaker(pixels: Floats, weights: Floats, step: int, penalty: float) -> Floats:
    """Minimise sum w (y - z)^2 + penalty sum (second difference of nodes)^2 for each pixel.

    z is the broken line through nodes ``step`` frames apart; all pixels are one banded system.
    """
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.linalg import solveh_banded

    count, frame_count = pixels.shape
    cells = -(-frame_count // step)
    padding = ((0, 0), (0, cells * step - frame_count))
    in_cells = np.pad(weights, padding).reshape(count, cells, step)
    moments = np.pad(weights * pixels, padding).reshape(count, cells, step)
    right = np.arange(step) / step
    left = 1 - right
    bands = np.tile(penalty * _second_differences(cells + 1), (count, 1, 1))
    bands[:, 2, :-1] += in_cells @ left**2
    bands[:, 2, 1:] += in_cells @ right**2
    bands[:, 1, 1:] += in_cells @ (left * right)
    target = np.zeros((count, cells + 1))
    target[:, :-1] += moments @ left
    target[:, 1:] += moments @ right
    nodes = solveh_banded(
        bands.transpose(1, 0, 2).reshape(3, -1), target.ravel(), check_finite=False
    ).reshape(count, cells + 1, 1)
    line = nodes[:, :-1] * left + nodes[:, 1:] * right
    return np.asarray(line.reshape(count, -1)[:, :frame_count], dtype=np.float64)


def _second_differences(count: int) -> Floats:
    """D'D as `scipy.linalg.solveh_banded` wants it: its diagonals from the outermost inwards."""
    bands = np.empty((3, count))
    bands[0], bands[1], bands[2] = 1, -4, 6
    bands[2, [0, -1]] = 1
    bands[2, [1, -2]] = 5 if count > 3 else 4
    bands[1, [1, -1]] = -2
    # What would reach over the start couples to nothing.
    bands[0, :2] = bands[1, 0] = 0
    return bands
