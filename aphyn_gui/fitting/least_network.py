"""Which parameters would leave a fit's forecast the least network.

A hybrid's trajectory is one thing, its split another: F_p of any parameters and F_dl = dv/dt - F_p
give the same v(t). Of all splits the framework asks for the one with the least F_dl (Yin et al.,
APHYNITY, ICLR 2021); noisy data leave the parameters near the physics-only fit instead, which
follows the trajectory best. Where the two lie far apart, the values say more about that choice than
about the tissue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.fitting.credibility import drift
from aphyn_gui.fitting.fit import FitForecast
from aphyn_gui.fitting.least_squares import Unknown, free_bounds, to_free, to_values
from aphyn_gui.fitting.protocol import Protocol
from aphyn_gui.hybrid import Integrator, TimeGrid, TrajectoryProblem, follow
from aphyn_gui.physics import ionic_model
from aphyn_gui.wording import enumerated

_MUCH_LESS, _MOVED = 0.5, 0.2
"""Size of a network, and change of a parameter, from where on another split is another answer."""

_ITERATIONS = 40
_DIFFERENCE = 1e-4
"""Of the solver's variables; F_p along a fixed path is smooth on this scale."""
_LONGEST_STEP = 1.0
_START_FACTORS = (1.0, 3.0, 10.0)
"""Of all time constants of dv/dt at once: a steeper or a flatter plateau."""
_SLOW_STIMULUS = {"stimulus_amplitude": 0.15, "stimulus_duration": 5.0}
"""As an optical upstroke, the sum over depth, may want it."""


@dataclass(frozen=True, slots=True)
class LeastNetwork:
    """The split with the least F_dl.

    Parameters
    ----------
    values : mapping of str to float
        Every learned parameter, in its unit.
    size : float
        Root mean square of F_dl there, relative to the fit's; 1 where nothing could be gained.
    """

    values: Mapping[str, float]
    size: float


@torch.no_grad()
def least_network(
    protocol: Protocol, values: Mapping[str, float], forecast: FitForecast
) -> LeastNetwork:
    """Minimise mean F_dl^2 over the learned parameters, v(t) of the forecast held fixed.

    Parameters
    ----------
    protocol : Protocol
        Ionic model, what is learned, and bounds.
    values : mapping of str to float
        Every physical parameter, as the fit left it.
    forecast : FitForecast
        Of the hybrid.
    """
    model = ionic_model(protocol.physics)
    grid = TimeGrid(forecast.time_step_ms, 1, len(forecast.voltage))
    problem = TrajectoryProblem(model, None, grid, Integrator.EULER)
    unknowns = tuple(Unknown(name, *bounds) for name, bounds in protocol.unknowns.items())
    positions = [problem.physical_names.index(unknown.name) for unknown in unknowns]
    found = torch.tensor([values[name] for name in problem.physical_names], dtype=torch.float64)
    path = torch.from_numpy(forecast.voltage.copy()).double()
    rate = torch.from_numpy(forecast.physics_rate + forecast.network_rate).double()
    start = torch.tensor([[forecast.voltage[0], forecast.gate[0]]], dtype=torch.float64)
    lower, upper = free_bounds(unknowns)

    def network(free: Tensor) -> Tensor:
        """F_dl for each row of variables, shape (rows, steps)."""
        physical = found.repeat(len(free), 1)
        physical[:, positions] = to_values(unknowns, free)
        return rate - follow(problem, physical, start.repeat(len(free), 1), path).physics_rate

    free = _starts(unknowns, found[positions]).clamp(lower, upper)
    rest = network(free)
    cost = rest.square().mean(1)
    before = float(cost[0])
    damping = torch.full_like(cost, 1e-2)
    count = len(unknowns)
    for _ in range(_ITERATIONS):
        # Inwards, so that every difference lies within the bounds.
        sign = torch.where(free + _DIFFERENCE > upper, -_DIFFERENCE, _DIFFERENCE)
        shifted = free.unsqueeze(1) + torch.diag_embed(sign)
        moved = network(shifted.flatten(0, 1)).reshape(len(free), count, -1)
        slopes = (moved - rest.unsqueeze(1)) / sign.unsqueeze(-1)
        curvature = slopes @ slopes.mT / len(rate)
        gradient = slopes @ rest.unsqueeze(-1) / len(rate)
        diagonal = curvature.diagonal(dim1=1, dim2=2)
        damped = damping.unsqueeze(1) * (diagonal + 1e-3 * diagonal.amax(1, keepdim=True)) + 1e-30
        step = -torch.linalg.solve(curvature + torch.diag_embed(damped), gradient).squeeze(-1)
        trial = (free + step.clamp(-_LONGEST_STEP, _LONGEST_STEP)).clamp(lower, upper)
        trial_rest = network(trial)
        trial_cost = trial_rest.square().mean(1)
        # A comparison with NaN is false: a start that fails stays where it is.
        gains = trial_cost < cost
        free = torch.where(gains.unsqueeze(1), trial, free)
        rest = torch.where(gains.unsqueeze(1), trial_rest, rest)
        cost = torch.where(gains, trial_cost, cost)
        damping = torch.where(gains, damping / 4, damping * 6).clamp(1e-9, 1e6)
    best = int(cost.nan_to_num(torch.inf).argmin())
    size = float((cost[best] / before).sqrt()) if before > 0 else 1.0
    best_values = to_values(unknowns, free[best]).tolist()
    return LeastNetwork(
        dict(zip((unknown.name for unknown in unknowns), best_values, strict=True)), size
    )


def other_values(
    protocol: Protocol, values: Mapping[str, float], least: LeastNetwork
) -> dict[str, str]:
    """Parameters that lie elsewhere with much less network, and where, with the unit.

    Parameters
    ----------
    protocol : Protocol
        Of the fit.
    values : mapping of str to float
        As the fit left them.
    least : LeastNetwork
        From ``least_network``.
    """
    if least.size > _MUCH_LESS:
        return {}
    model = ionic_model(protocol.physics)
    return {
        name: f"{least.values[name]:.3g} {model.parameter(name).unit}".rstrip()
        for name in protocol.learned_names
        if abs(drift(values[name], least.values[name])) > _MOVED
    }


def other_split(others: Mapping[str, str], size: float) -> str:
    """The end of a sentence about parameters that would do with much less network, or "".

    Parameters
    ----------
    others : mapping of str to str
        From ``other_values``.
    size : float
        Of the network there, relative to the fit's.
    """
    if not others:
        return ""
    return (
        f"{enumerated([f'{name} {value}' for name, value in others.items()])} would need "
        f"{size:.0%} of it for the same forecast. Take neither set for properties of the tissue."
    )


def _starts(unknowns: tuple[Unknown, ...], found: Tensor) -> Tensor:
    """Variables to start from, shape (starts, unknowns); the fit's own first."""
    rows = []
    for factor in _START_FACTORS:
        for is_slow in (False, True):
            row = found.clone()
            for index, unknown in enumerate(unknowns):
                if unknown.name in ("tau_in", "tau_out"):
                    row[index] *= factor
                elif is_slow and unknown.name in _SLOW_STIMULUS:
                    row[index] = _SLOW_STIMULUS[unknown.name]
            rows.append(to_free(unknowns, row))
    return torch.stack(rows)
