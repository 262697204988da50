"""The reference trajectory: plain torch, any device, gradients by autograd. It is the oracle."""

from __future__ import annotations

import torch
from torch import Tensor

from aphyn_gui.hybrid.residual_network import network_rate
from aphyn_gui.hybrid.step_graph import INITIAL_VOLTAGE
from aphyn_gui.hybrid.trajectory import (
    Following,
    NormalEquations,
    Observation,
    Sensitivity,
    Simulation,
    TrajectoryProblem,
)


class TorchArithmetic:
    """Elementary operations on tensors."""

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._constants: dict[float, Tensor] = {}

    def constant(self, value: float) -> Tensor:
        """A literal number, as a tensor of the trajectory's precision and device."""
        if value not in self._constants:
            self._constants[value] = self._like.new_tensor(value)
        return self._constants[value]

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """a + b."""
        return a + b

    def multiply(self, a: Tensor, b: Tensor) -> Tensor:
        """a b."""
        return a * b

    def divide(self, a: Tensor, b: Tensor) -> Tensor:
        """a / b."""
        return a / b

    def negate(self, a: Tensor) -> Tensor:
        """-a."""
        return -a

    def exp(self, a: Tensor) -> Tensor:
        """Exponential."""
        return torch.exp(a)

    def log(self, a: Tensor) -> Tensor:
        """Natural logarithm."""
        return torch.log(a)

    def sqrt(self, a: Tensor) -> Tensor:
        """Square root."""
        return torch.sqrt(a)

    def tanh(self, a: Tensor) -> Tensor:
        """Hyperbolic tangent."""
        return torch.tanh(a)

    def select_less(self, a: Tensor, b: Tensor, then: Tensor, otherwise: Tensor) -> Tensor:
        """``then`` where a < b, else ``otherwise``."""
        return torch.where(a < b, then, otherwise)


class _Stepper:
    """Takes one step of a batch; the parameters are looked up once."""

    def __init__(
        self, problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, like: Tensor
    ) -> None:
        if (problem.network is None) != (weights is None):
            raise ValueError("weights are given exactly when the problem has a network")
        self._problem = problem
        self._weights = weights
        self._arithmetic = TorchArithmetic(like)
        self.inputs: dict[str, Tensor] = dict(
            zip(problem.physical_names, physical.unbind(-1), strict=True)
        )
        self.inputs["dt"] = self._arithmetic.constant(problem.grid.time_step_ms)
        self._zero = self._arithmetic.constant(0.0)
        steps = torch.arange(problem.grid.step_count, dtype=like.dtype, device=like.device)
        self._times = (steps * problem.grid.time_step_ms).unbind()

    def __call__(self, index: int, v: Tensor, h: Tensor) -> tuple[Tensor, ...]:
        """New v, new h, physics rate, network rate, and F_dl itself."""
        step = self._problem.step
        inputs = self.inputs
        inputs.update(v=v, h=h, t=self._times[index])
        if self._problem.network is not None and self._weights is not None:
            v_stage, h_stage = step.stage.evaluate(self._arithmetic, inputs)
            inputs["n"] = network_rate(self._problem.network, self._weights, v_stage, h_stage)
        else:
            inputs["n"] = self._zero
        return (*step.advance.evaluate(self._arithmetic, inputs), inputs["n"])


def observe(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Observation:
    """See ``trajectory.observe``."""
    stepper = _Stepper(problem, physical, weights, initial)
    v, h = initial.unbind(-1)
    observed = [v]
    squared = torch.zeros_like(v)
    for index in range(problem.grid.step_count):
        v, h, _, _, n = stepper(index, v, h)
        squared = squared + n * n
        if (index + 1) % problem.grid.steps_per_sample == 0:
            observed.append(v)
    return Observation(torch.stack(observed, dim=-1), squared / max(1, problem.grid.step_count))


@torch.no_grad()
def simulate(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Simulation:
    """See ``trajectory.simulate``."""
    stepper = _Stepper(problem, physical, weights, initial)
    v, h = initial.unbind(-1)
    voltages, gates, physics_rates, network_rates = [v], [h], [], []
    for index in range(problem.grid.step_count):
        v, h, physics_rate, rate, _ = stepper(index, v, h)
        voltages.append(v)
        gates.append(h)
        physics_rates.append(physics_rate.expand_as(v))
        network_rates.append(rate.expand_as(v))
    return Simulation(
        *(torch.stack(values, dim=-1) for values in (voltages, gates, physics_rates, network_rates))
    )


@torch.no_grad()
def sensitivities(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, names: tuple[str, ...]
) -> Sensitivity:
    """See ``trajectory.sensitivities``."""
    step = problem.step
    arithmetic = TorchArithmetic(initial)
    stepper = _Stepper(problem, physical, None, initial)
    inputs = stepper.inputs
    inputs["dn"] = arithmetic.constant(0.0)
    graphs = [step.tangents[position] for position in problem.tangent_positions(names)]
    v, h = initial.unbind(-1)
    tangents = [
        (torch.full_like(v, float(name == INITIAL_VOLTAGE)), torch.zeros_like(h)) for name in names
    ]
    observed = [v]
    derivatives = [torch.stack([dv for dv, _ in tangents], dim=-1)]
    for index in range(problem.grid.step_count):
        new_v, new_h, *_ = stepper(index, v, h)
        moved = []
        for graph, (dv, dh) in zip(graphs, tangents, strict=True):
            inputs.update(dv=dv, dh=dh)
            new_dv, new_dh = graph.evaluate(arithmetic, inputs)
            moved.append((new_dv, new_dh))
        tangents, v, h = moved, new_v, new_h
        if (index + 1) % problem.grid.steps_per_sample == 0:
            observed.append(v)
            derivatives.append(torch.stack([dv for dv, _ in tangents], dim=-1))
    return Sensitivity(torch.stack(observed, dim=-1), torch.stack(derivatives, dim=-2))


def normal_equations(
    problem: TrajectoryProblem,
    physical: Tensor,
    initial: Tensor,
    measured: Tensor,
    names: tuple[str, ...],
) -> NormalEquations:
    """See ``trajectory.normal_equations``."""
    return sensitivities(problem, physical, initial, names).normal_equations(measured)


@torch.no_grad()
def follow(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, path: Tensor
) -> Following:
    """See ``trajectory.follow``."""
    stepper = _Stepper(problem, physical, None, initial)
    h = initial[:, 1]
    gates, rates = [], []
    for index in range(problem.grid.step_count):
        gates.append(h)
        _, h, rate, _, _ = stepper(index, path[index].expand_as(h), h)
        rates.append(rate.expand_as(h))
    return Following(torch.stack(gates, dim=-1), torch.stack(rates, dim=-1))
