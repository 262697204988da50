"""F_dl as data: its values over the (v, h) plane, and where in the beat the physics falls short."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting import Fit, FitForecast
from aphyn_gui.recording import measure_action_potential
from aphyn_gui.study.study import StudyError

Floats = npt.NDArray[np.float64]

VOLTAGE_RANGE = (-0.1, 1.2)
"""v that a map covers at least: what an action potential visits, and a little more."""
GATE_RANGE = (0.0, 1.0)
"""h that a map covers at least."""

DIVERGING_COLORS = ("#2166AC", "#92C5DE", "#F7F7F7", "#F4A582", "#B2182B")
"""From -limit to limit, evenly spaced; ColorBrewer's RdBu, told apart with colour deficiencies."""

_ROUND = 0.05
"""To what a map's range is rounded where the path leaves the usual one."""

MOST_SHORTFALLS = 3
"""Stretches of a beat that are told."""
_SMALLEST_PART = 0.1
"""Of all that F_dl does in a beat: hills of F_dl that do less are not told."""
_FIRST_TENTH = 0.1
"""Of a stretch's work, and the last: they belong to its edges, where F_dl fades."""
_SILENT_SHARE = 0.01
"""Of dv/dt: a network that carries less is not worth a sentence about places."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkMap:
    """F_dl on a grid, with the forecast's way through it.

    Parameters
    ----------
    voltage : ndarray, shape (voltages,)
        v of the grid's columns, dimensionless.
    gate : ndarray, shape (gates,)
        h of the grid's rows, dimensionless.
    rate : ndarray, shape (gates, voltages)
        F_dl, 1/ms. Away from the path it is what the network makes of nothing it has seen.
    path_voltage, path_gate, path_rate : ndarray, shape (steps,)
        v, h and F_dl at the start of each step of the forecast.
    """

    voltage: Floats
    gate: Floats
    rate: Floats
    path_voltage: Floats
    path_gate: Floats
    path_rate: Floats

    @property
    def largest_on_path(self) -> float:
        """Largest |F_dl| on the path, 1/ms: what colours should span."""
        known = np.abs(self.path_rate[np.isfinite(self.path_rate)])
        return max(float(known.max(initial=0.0)), 1e-9)


def network_map(fit: Fit, *, voltages: int = 131, gates: int = 101) -> NetworkMap:
    """F_dl of a fit over the (v, h) plane.

    Parameters
    ----------
    fit : Fit
        With a network.
    voltages, gates : int
        Points of the grid over ``VOLTAGE_RANGE`` and ``GATE_RANGE``, wider where the forecast
        leaves them.

    Raises
    ------
    StudyError
        If the fit has no network, or weights that are not those of its network.
    """
    settings = fit.protocol.network
    if settings is None:
        raise StudyError(
            "this fit has no network, so there is no F_dl to show: fit it with a network first"
        )
    import torch

    from aphyn_gui.hybrid import NetworkShape
    from aphyn_gui.hybrid.residual_network import network_rate

    shape = NetworkShape(settings.features, settings.blocks)
    weights = torch.as_tensor(np.asarray(fit.network_weights["weights"], dtype=np.float64))
    if weights.shape != (shape.weight_count,):
        raise StudyError(
            f"the network of this fit needs {shape.weight_count} weights and has "
            f"{weights.numel()}: the study is damaged, fit the region again"
        )
    forecast = fit.forecast
    v = np.linspace(*_covering(VOLTAGE_RANGE, forecast.voltage), voltages)
    h = np.linspace(*_covering(GATE_RANGE, forecast.gate), gates)
    grid_v, grid_h = np.meshgrid(v, h)
    with torch.no_grad():
        rate = network_rate(shape, weights, torch.from_numpy(grid_v), torch.from_numpy(grid_h))
    return NetworkMap(
        voltage=v,
        gate=h,
        rate=rate.numpy(),
        path_voltage=forecast.voltage[:-1],
        path_gate=forecast.gate[:-1],
        path_rate=forecast.network_rate,
    )


def has_network_map(fit: Fit) -> bool:
    """Whether :func:`network_map` has something to show."""
    try:
        network_map(fit, voltages=2, gates=2)
    except StudyError:
        return False
    return True


def _covering(usual: tuple[float, float], visited: Floats) -> tuple[float, float]:
    """The usual range, extended to round numbers where a visited value lies outside."""
    known = visited[np.isfinite(visited)]
    low, high = float(known.min(initial=usual[0])), float(known.max(initial=usual[1]))
    return (
        usual[0] if low >= usual[0] else math.floor(low / _ROUND) * _ROUND,
        usual[1] if high <= usual[1] else math.ceil(high / _ROUND) * _ROUND,
    )


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A stretch of the beat in which F_dl works.

    Parameters
    ----------
    phase : str
        Part of the action potential: "upstroke", "late plateau to repolarisation", ...
    start_ms, end_ms : float
        Between which F_dl does the middle eight tenths of its work there, ms from the first sample:
        a spike does not hide what goes on after it.
    peak_per_ms : float
        F_dl at its strongest, 1/ms, with its sign.
    share : float
        Of |dv/dt| between start and end, 0 to 1: |F_dl| / (|F_p| + |F_dl|), summed.
    integral : float
        Of F_dl over the whole stretch of one sign, dimensionless. What v does is less: the physics
        answers.
    """

    phase: str
    start_ms: float
    end_ms: float
    peak_per_ms: float
    share: float
    integral: float

    @property
    def sentence(self) -> str:
        """In words, without a full stop."""
        peak = f"{self.peak_per_ms:+.2g}".replace("-", "−")
        return (
            f"{self.phase}, {self.start_ms:.0f}–{self.end_ms:.0f} ms: F_dl up to {peak} per ms, "
            f"{self.share:.0%} of dv/dt there"
        )


def shortfalls(forecast: FitForecast) -> tuple[Shortfall, ...]:
    """Where in the beat the physics falls short, the largest |F_dl| first, at most three.

    A stretch is where F_dl keeps one sign; it is told if it does at least a tenth of all that F_dl
    does to v, or more than any other.

    Parameters
    ----------
    forecast : FitForecast
        Of the hybrid.
    """
    rate = forecast.network_rate
    total = float(np.abs(rate).sum())
    everything = total + float(np.abs(forecast.physics_rate).sum())
    if total <= _SILENT_SHARE * everything:
        return ()
    edges = np.flatnonzero(np.diff(np.sign(rate))) + 1
    bounds = np.concatenate(([0], edges, [rate.size]))
    stretches = [slice(a, b) for a, b in pairwise(bounds.tolist())]
    least = min(_SMALLEST_PART * total, max(abs(float(rate[s].sum())) for s in stretches))
    told = [s for s in stretches if abs(rate[s].sum()) >= least]
    told.sort(key=lambda s: -float(np.abs(rate[s]).max()))
    return tuple(_shortfall(forecast, s) for s in told[:MOST_SHORTFALLS])


def shortfall_sentence(fit: Fit) -> str:
    """Where and when the physics falls short, as one plain sentence."""
    if fit.protocol.network is None:
        return "The physics was fitted alone: what it cannot say was not looked for."
    found = shortfalls(fit.forecast)
    if not found:
        return f"The physics says it all: the network carries {fit.network_share:.1%} of dv/dt."
    return "The physics falls short in the " + "; in the ".join(s.sentence for s in found) + "."


def _shortfall(forecast: FitForecast, stretch: slice) -> Shortfall:
    rate, physics = forecast.network_rate[stretch], forecast.physics_rate[stretch]
    strongest = int(np.argmax(np.abs(rate)))
    done = np.cumsum(np.abs(rate)) / np.abs(rate).sum()
    begin, end = np.searchsorted(done, (_FIRST_TENTH, 1 - _FIRST_TENTH))
    core = slice(int(begin), int(end) + 1)
    work = float(np.abs(rate[core]).sum())
    first = int(stretch.start)
    return Shortfall(
        phase=_phases(forecast, first + core.start, first + core.stop - 1),
        start_ms=float(forecast.time_ms[first + core.start]),
        end_ms=float(forecast.time_ms[first + core.stop]),
        peak_per_ms=float(rate[strongest]),
        share=work / (work + float(np.abs(physics[core]).sum())),
        integral=float(rate.sum()) * forecast.time_step_ms,
    )


def _phases(forecast: FitForecast, first: int, last: int) -> str:
    """Parts of the action potential from one step to another."""
    parts = [_phase(forecast, first), _phase(forecast, last)]
    if parts == ["early plateau", "late plateau"]:
        return "plateau"
    return " to ".join(dict.fromkeys(parts))


def _phase(forecast: FitForecast, step: int) -> str:
    """Part of the action potential a step lies in.

    The upstroke ends at the peak; the plateau at half repolarisation, its halves by time; the
    repolarisation at 90 %.
    """
    peak = int(np.argmax(forecast.voltage))
    measures = measure_action_potential(forecast.voltage, forecast.time_step_ms)
    time, peak_time = float(forecast.time_ms[step]), float(forecast.time_ms[peak])
    half = measures.onset_ms + measures.apd50_ms
    end = measures.onset_ms + measures.apd90_ms
    if step < peak:
        return "upstroke"
    # Without a repolarisation in the window all that follows the peak is plateau.
    half = half if np.isfinite(half) else float(forecast.time_ms[-1])
    if time <= (peak_time + half) / 2:
        return "early plateau"
    if time <= half:
        return "late plateau"
    return "rest" if time > end else "repolarisation"
