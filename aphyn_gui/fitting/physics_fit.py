"""The converged physics-only fit: the honest baseline, and the hybrid's warm start."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.fitting.least_squares import LeastSquaresState, Unknown, least_squares
from aphyn_gui.fitting.protocol import InitialVoltage, Protocol
from aphyn_gui.fitting.training_data import TrainingData
from aphyn_gui.hybrid import INITIAL_VOLTAGE, TrajectoryProblem
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model

_STARTS = 8
_SHIFT = 0.1
"""The same for what is no logarithm, in parts of its range."""
_INITIAL_VOLTAGES = (-0.25, 0.5)
_SPREAD = 1.5
"""Largest factor, as a logarithm, between the first start and the others."""


@dataclass(frozen=True, slots=True)
class PhysicsFit:
    """Best of several starts.

    Parameters
    ----------
    values : dict of str to float
        Every physical parameter, the stimulus's included.
    initial_voltage : float or None
        v(0) where it was fitted.
    mean_square_error : float
        Over the training sequences.
    converged : bool
        Whether the best start converged.
    iteration, iterations : int
        Iterations done and at most.
    """

    values: dict[str, float]
    initial_voltage: float | None
    mean_square_error: float
    converged: bool
    iteration: int
    iterations: int


def starting_values(protocol: Protocol) -> dict[str, float]:
    """Every physical parameter before any fit: the protocol's values and stimulus."""
    model = ionic_model(protocol.physics)
    values = {name: protocol.value_of(name) for name in model.parameter_names}
    names = (parameter.name for parameter in STIMULUS_PARAMETERS)
    values.update(zip(names, protocol.stimulus.values, strict=True))
    return values


def fit_physics(
    problem: TrajectoryProblem,
    protocol: Protocol,
    data: TrainingData,
    iterations: int = 60,
    narrower: Mapping[str, tuple[float, float]] | None = None,
) -> Generator[PhysicsFit, None, PhysicsFit]:
    """Least squares of the learned parameters from several starts.

    Parameters
    ----------
    problem, protocol, data
        What is fitted, and how.
    iterations : int
        Most iterations.
    narrower : mapping of str to (float, float), or None
        Bounds instead of the protocol's.

    Yields
    ------
    PhysicsFit
        The best so far, after each iteration.

    Returns
    -------
    PhysicsFit
        The best of all.
    """
    fixed = starting_values(protocol)
    bounds = {**protocol.unknowns, **(narrower or {})}
    unknowns = tuple(Unknown(name, *bounds[name]) for name in protocol.unknowns)
    if not unknowns:
        error = float("nan")
        return PhysicsFit(fixed, None, error, True, 0, 0)
    measured, initial = data.training.double(), data.training_initial.double()
    spread = 0.0
    if protocol.initial_voltage is InitialVoltage.FITTED:
        unknowns = (*unknowns, Unknown(INITIAL_VOLTAGE, *_INITIAL_VOLTAGES))
        fixed[INITIAL_VOLTAGE] = float(data.mean_initial[0, 0])
    if protocol.initial_voltage is not InitialVoltage.MEASURED:
        # All sequences share one trajectory: its distance from them is that from their mean, plus
        # their spread, which no parameter changes. One integration then does for all of them.
        spread = float(measured.var(dim=0, correction=0).mean())
        measured, initial = measured.mean(dim=0, keepdim=True), data.mean_initial.double()
    solver = least_squares(
        problem,
        fixed,
        unknowns,
        _starts(fixed, unknowns),
        measured.unsqueeze(0),
        initial.unsqueeze(0),
        iterations,
    )
    while True:
        try:
            yield _best(next(solver), fixed, unknowns, iterations, spread)
        except StopIteration as stop:
            return _best(stop.value, fixed, unknowns, iterations, spread)


def _starts(fixed: dict[str, float], unknowns: tuple[Unknown, ...]) -> Tensor:
    """The protocol's values, and a low-discrepancy cloud of factors around them."""
    first = torch.tensor([fixed[unknown.name] for unknown in unknowns], dtype=torch.float64)
    sobol = torch.quasirandom.SobolEngine(len(unknowns))  # type: ignore[no-untyped-call]
    cloud = sobol.draw(_STARTS, dtype=torch.float64)
    factors = (2 * cloud[1:] - 1) * _SPREAD
    starts = [first]
    for row in factors:
        moved = [
            value * math.exp(factor)
            if unknown.is_log
            else value + factor * _SHIFT * (unknown.upper - unknown.lower)
            for value, factor, unknown in zip(first.tolist(), row.tolist(), unknowns, strict=True)
        ]
        starts.append(torch.tensor(moved, dtype=torch.float64))
    return torch.stack(starts)


def _best(
    state: LeastSquaresState,
    fixed: dict[str, float],
    unknowns: tuple[Unknown, ...],
    iterations: int,
    spread: float,
) -> PhysicsFit:
    best = int(state.mean_square_error.argmin())
    found = dict(zip((u.name for u in unknowns), state.values[best].tolist(), strict=True))
    values = {**fixed, **found}
    return PhysicsFit(
        initial_voltage=values.pop(INITIAL_VOLTAGE, None),
        values=values,
        mean_square_error=float(state.mean_square_error[best]) + spread,
        converged=bool(state.converged[best]),
        iteration=state.iteration,
        iterations=iterations,
    )
