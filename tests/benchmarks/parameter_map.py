"""Physics only, every pixel on its own: speed, and agreement with an independent optimiser."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import scipy.optimize
from table import Row

from aphyn_gui.fitting.parameter_map import WEAK
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.physics.mitchell_schaeffer import GATE_WIDTH
from aphyn_gui.study.benchmark_work import (
    PIXEL_GRID,
    STIMULUS,
    PixelField,
    engine_threads,
    fit_pixels,
)

Array = npt.NDArray[np.float64]

PIXELS = 16384
"""A field of 128 x 128."""

_CHECKED = 200
_TIMED = 24
_LONGEST_S = 20.0
_WITHIN = 0.01


def measure(pixels: int = PIXELS) -> Iterator[Row]:
    """Speed on all cores and on one, against scipy; then the parameters."""
    cores = os.cpu_count() or 1
    with engine_threads(cores):
        pixels = _affordable(pixels)
        field = PixelField.random(pixels)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            fits = fit_pixels(field)
            times.append(time.perf_counter() - started)
            if sum(times) > _LONGEST_S:
                break
    all_cores = pixels / statistics.median(times)
    with engine_threads(1):
        started = time.perf_counter()
        fit_pixels(field)
        one_core = pixels / (time.perf_counter() - started)
    peer = _Peer()
    measured = field.measured.numpy()
    started = time.perf_counter()
    for pixel in range(_TIMED):
        peer.fit(measured[pixel])
    peer_rate = _TIMED / (time.perf_counter() - started)
    yield Row(
        f"physics-only map, {cores} cores", all_cores, "pixels/s", peer_rate, "scipy",
        all_cores / peer_rate, target=">= 50,000 on 2 cores", met=all_cores >= 50_000,
        note=f"{pixels} pixels, 300 ms at 0.1 ms, 81 samples, 5 % noise; the peer is "
        f"least_squares with a numba integrator, one core, {_TIMED} pixels",
    )  # fmt: skip
    yield Row(
        "physics-only map, one core", one_core, "pixels/s", peer_rate, "scipy",
        one_core / peer_rate,
    )  # fmt: skip

    values, mean_square = fits.values.numpy(), fits.mean_square_error.numpy()
    flagged = fits.flagged.numpy()
    bad = ~(np.isfinite(values).all(axis=1) & np.isfinite(mean_square))
    yield Row(
        "physics-only map, pixels with NaN", int(bad.sum()), "pixels", target="none",
        met=not bad.any(), note=f"{int(flagged.sum())} of {pixels} pixels flagged: "
        f"{int(fits.weak.any(-1).sum())} with a standard error above {WEAK:.0%}, "
        f"{int(fits.at_bound.any(-1).sum())} at a bound, "
        f"{int((~fits.converged).sum())} not converged",
    )  # fmt: skip
    checked = np.linspace(0, pixels - 1, min(_CHECKED, pixels)).astype(int)
    truth = field.truth.numpy()
    best = np.array([peer.best(measured[i], (truth[i], values[i])) for i in checked])
    distance = np.abs(values[checked] / best - 1).max(axis=1)
    trusted = distance[~flagged[checked]]
    right = (distance <= _WITHIN) | flagged[checked]
    yield Row(
        "pixels within 1 % of the float64 optimum, or flagged", 100 * right.mean(), "%",
        target="every pixel", met=bool(right.all()),
        note=f"{len(checked)} pixels; largest distance of the "
        f"{len(trusted)} that are not flagged {100 * trusted.max():.2g} %; the optimum "
        "is the best of scipy's trf from the defaults, the truth and the answer, tolerances 1e-12",
    )  # fmt: skip


def _affordable(pixels: int) -> int:
    """Fewer pixels where the whole field would take too long."""
    small = min(256, pixels)
    field = PixelField.random(small)
    fit_pixels(field)
    started = time.perf_counter()
    fit_pixels(field)
    rate = small / (time.perf_counter() - started)
    while pixels > small and pixels / rate > _LONGEST_S:
        pixels //= 2
    return pixels


class _Peer:
    """scipy's bounded least squares on the logarithms, with a compiled float64 integrator."""

    def __init__(self) -> None:
        model = MITCHELL_SCHAEFFER_SMOOTH
        learned = [model.parameter(name) for name in ("tau_in", "tau_out", "tau_close")]
        self._start = np.log([parameter.default for parameter in learned])
        self._bounds = (
            np.log([parameter.lower for parameter in learned]),
            np.log([parameter.upper for parameter in learned]),
        )
        fixed = (model.parameter("tau_open").default, model.parameter("v_gate").default)
        grid = (PIXEL_GRID.time_step_ms, PIXEL_GRID.steps_per_sample, PIXEL_GRID.sample_count)
        self._integrate: Callable[[Array], Array] = lambda taus: _integrate(
            *taus, *fixed, *STIMULUS[:2], *grid
        )
        self._integrate(np.exp(self._start))

    def fit(self, measured: Array, start: Array | None = None, **settings: Any) -> Any:
        """One pixel, from the defaults unless told otherwise."""
        return scipy.optimize.least_squares(
            lambda x: self._integrate(np.exp(x)) - measured,
            self._start if start is None else start,
            bounds=self._bounds,
            **settings,
        )

    def best(self, measured: Array, starts: tuple[Array, ...]) -> Array:
        """Optimal time constants, ms: the best from the defaults and from ``starts``."""
        tight = {"xtol": 1e-12, "ftol": 1e-12, "gtol": 1e-12, "jac": "3-point", "max_nfev": 200}
        inside = [np.clip(np.log(start), *self._bounds) for start in starts]
        fits = [self.fit(measured, start, **tight) for start in (None, *inside)]
        return np.exp(min(fits, key=lambda fit: fit.cost).x)


@numba.njit(cache=False)
def _integrate(
    tau_in: float, tau_out: float, tau_close: float, tau_open: float, v_gate: float,
    amplitude: float, duration: float, dt: float, steps_per_sample: int, samples: int,
) -> Array:  # fmt: skip
    """v at the samples: Euler, from rest."""
    observed = np.empty(samples)
    v, h = 0.0, 1.0
    observed[0] = v
    for sample in range(1, samples):
        for step in range(steps_per_sample):
            t = ((sample - 1) * steps_per_sample + step) * dt
            stimulus = amplitude * max(0.0, min(t + dt, duration) - t) / dt
            x = max(-1.0, min(1.0, (v - v_gate) / GATE_WIDTH))
            above = (2 + 3 * x - x**3) / 4
            opening = (1 - h) / tau_open
            gate_rate = opening + above * (-h / tau_close - opening)
            rate = h * v * v * (1 - v) / tau_in - v / tau_out + stimulus
            v += dt * rate
            h += dt * gate_rate
        observed[sample] = v
    return observed
