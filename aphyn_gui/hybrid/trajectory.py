"""The trajectory contract, and the choice of an implementation.

Everything above this module sees three functions: ``observe`` (differentiable, what training
needs), ``simulate`` (every step, what a forecast shows) and ``sensitivities`` (tangents along the
physics' parameters, what least squares needs).
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from aphyn_gui.hybrid.errors import CompilationError
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import (
    INITIAL_VOLTAGE,
    Integrator,
    StepGraph,
    physical_names,
    step_graph,
)
from aphyn_gui.physics import MITCHELL_SCHAEFFER, IonicModel

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Steps and observations of a trajectory; every observation falls on a step.

    Parameters
    ----------
    time_step_ms : float
        Length of a step, ms.
    steps_per_sample : int
        Steps between observations.
    sample_count : int
        Observations, the initial state included.
    """

    time_step_ms: float
    steps_per_sample: int
    sample_count: int

    @classmethod
    def covering(
        cls, sample_count: int, sample_interval_ms: float, longest_step_ms: float
    ) -> TimeGrid:
        """The coarsest grid with steps of at most ``longest_step_ms``."""
        # A frame interval of 3.7 ms is 37 steps of 0.1 ms, not 38: allow for rounding.
        steps = max(1, math.ceil(sample_interval_ms / longest_step_ms - 1e-6))
        return cls(sample_interval_ms / steps, steps, sample_count)

    @property
    def step_count(self) -> int:
        """Number of steps."""
        return self.steps_per_sample * (self.sample_count - 1)


@dataclass(frozen=True, slots=True)
class TrajectoryProblem:
    """What is integrated, and how.

    Parameters
    ----------
    model : IonicModel
        F_p.
    network : NetworkShape or None
        F_dl; None: physics only.
    grid : TimeGrid
        Steps and observations.
    integrator : Integrator
        How a step is taken.
    """

    model: IonicModel
    network: NetworkShape | None
    grid: TimeGrid
    integrator: Integrator = Integrator.EULER

    @property
    def step(self) -> StepGraph:
        """The step and its derivatives."""
        return step_graph(self.model, self.integrator)

    @property
    def physical_names(self) -> tuple[str, ...]:
        """Names of a physical vector's entries."""
        return physical_names(self.model)

    def tangent_positions(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Positions of physical parameters, and of v(0), in ``step.tangents``."""
        known = (*self.physical_names, INITIAL_VOLTAGE)
        return tuple(known.index(name) for name in names)


class Observation(NamedTuple):
    """What training sees of a batch of trajectories.

    Parameters
    ----------
    voltage : Tensor, shape (sequences, samples)
        v at the observations.
    squared_network : Tensor, shape (sequences,)
        Mean of F_dl^2 over the steps, 1/ms^2.
    """

    voltage: Tensor
    squared_network: Tensor


class Simulation(NamedTuple):
    """Every step of a batch of trajectories.

    Parameters
    ----------
    voltage, gate : Tensor, shape (sequences, steps + 1)
        v and h.
    physics_rate, network_rate : Tensor, shape (sequences, steps)
        F_p with the stimulus, and F_dl, 1/ms; their sum times the time step is the change of v.
    """

    voltage: Tensor
    gate: Tensor
    physics_rate: Tensor
    network_rate: Tensor


class Sensitivity(NamedTuple):
    """Observations and their derivatives by physical parameters.

    Parameters
    ----------
    voltage : Tensor, shape (sequences, samples)
        v at the observations.
    derivative : Tensor, shape (sequences, samples, parameters)
        dv / d(parameter), for the parameters asked for.
    """

    voltage: Tensor
    derivative: Tensor

    def normal_equations(self, measured: Tensor) -> NormalEquations:
        """Summed up against measurements of shape (sequences, samples)."""
        residual, jacobian = self.voltage - measured, self.derivative
        gradient = (jacobian.mT @ residual.unsqueeze(-1)).squeeze(-1)
        return NormalEquations(residual.square().sum(-1), gradient, jacobian.mT @ jacobian)


class NormalEquations(NamedTuple):
    """What least squares needs of the residual r = v - measured and its derivatives J.

    Parameters
    ----------
    squared : Tensor, shape (sequences,)
        Sum of r^2 over the observations.
    gradient : Tensor, shape (sequences, parameters)
        J^T r.
    normal : Tensor, shape (sequences, parameters, parameters)
        J^T J.
    """

    squared: Tensor
    gradient: Tensor
    normal: Tensor


class Following(NamedTuple):
    """What the physics does along a given path of v.

    Parameters
    ----------
    gate : Tensor, shape (sequences, steps)
        h at the start of each step.
    physics_rate : Tensor, shape (sequences, steps)
        F_p with the stimulus, 1/ms.
    """

    gate: Tensor
    physics_rate: Tensor


def observe(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Observation:
    """Integrate and observe; differentiable by ``physical``, ``weights`` and ``initial``.

    Parameters
    ----------
    problem : TrajectoryProblem
        What is integrated.
    physical : Tensor, shape (parameters,) or (sequences, parameters)
        In the order of ``problem.physical_names``.
    weights : Tensor, shape (weight_count,), or None
        Of the network; None exactly when the problem has none.
    initial : Tensor, shape (sequences, 2)
        v(0) and h(0).
    """
    return _implementation(initial.device).observe(problem, physical, weights, initial)


def simulate(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Simulation:
    """Integrate and keep every step; arguments as in ``observe``, no gradient."""
    return _implementation(initial.device).simulate(problem, physical, weights, initial)


def sensitivities(
    problem: TrajectoryProblem,
    physical: Tensor,
    initial: Tensor,
    names: tuple[str, ...],
) -> Sensitivity:
    """Integrate the physics with tangents along some of its parameters.

    Parameters
    ----------
    problem : TrajectoryProblem
        Without network.
    physical : Tensor, shape (sequences, parameters)
        Each sequence may have its own.
    initial : Tensor, shape (sequences, 2)
        v(0) and h(0).
    names : tuple of str
        Parameters to differentiate by; ``INITIAL_VOLTAGE`` stands for v(0).
    """
    return _implementation(initial.device).sensitivities(problem, physical, initial, names)


def normal_equations(
    problem: TrajectoryProblem,
    physical: Tensor,
    initial: Tensor,
    measured: Tensor,
    names: tuple[str, ...],
) -> NormalEquations:
    """The same integration, summed up for least squares while it runs.

    Parameters
    ----------
    problem, physical, initial, names
        As in ``sensitivities``.
    measured : Tensor, shape (sequences, samples)
        What v should be at the observations.
    """
    return _implementation(initial.device).normal_equations(
        problem, physical, initial, measured, names
    )


def follow(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, path: Tensor
) -> Following:
    """Let v follow a path, and the gate follow v; no gradient.

    Parameters
    ----------
    problem : TrajectoryProblem
        Without network.
    physical : Tensor, shape (sequences, parameters)
        Each sequence may have its own.
    initial : Tensor, shape (sequences, 2)
        v(0), which the path overrules, and h(0).
    path : Tensor, shape (steps + 1,)
        v at every step.
    """
    return _implementation(initial.device).follow(problem, physical, initial, path)


def engine_description(device: torch.device) -> str:
    """Which implementation runs on a device, for the user."""
    return _engine(device).description


class _Implementation(Protocol):
    """What every implementation offers; see the functions above."""

    def observe(
        self, problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
    ) -> Observation: ...

    def simulate(
        self, problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
    ) -> Simulation: ...

    def sensitivities(
        self, problem: TrajectoryProblem, physical: Tensor, initial: Tensor, names: tuple[str, ...]
    ) -> Sensitivity: ...

    def normal_equations(
        self,
        problem: TrajectoryProblem,
        physical: Tensor,
        initial: Tensor,
        measured: Tensor,
        names: tuple[str, ...],
    ) -> NormalEquations: ...

    def follow(
        self, problem: TrajectoryProblem, physical: Tensor, initial: Tensor, path: Tensor
    ) -> Following: ...


@dataclass(frozen=True, slots=True)
class _Engine:
    implementation: _Implementation
    description: str


def _implementation(device: torch.device) -> _Implementation:
    return _engine(device).implementation


@lru_cache(maxsize=8)
def _engine(device: torch.device) -> _Engine:
    """The fused engine of a device, or the reference where it cannot be compiled."""
    from aphyn_gui.hybrid import trajectory_reference

    probe = TrajectoryProblem(MITCHELL_SCHAEFFER, None, TimeGrid(0.1, 1, 2))
    try:
        if device.type == "cpu":
            from aphyn_gui.hybrid import trajectory_cpu

            trajectory_cpu.prepare(probe)
            return _Engine(trajectory_cpu, trajectory_cpu.description())
        from aphyn_gui.hybrid import trajectory_gpu

        trajectory_gpu.prepare(probe, device)
        return _Engine(trajectory_gpu, trajectory_gpu.description(device))
    except (CompilationError, ImportError) as error:
        _LOG.warning("Falling back to the slow reference engine: %s", error)
        return _Engine(trajectory_reference, "reference engine (slow)")
