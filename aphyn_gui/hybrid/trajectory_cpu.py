"""The fused CPU trajectory: whole trajectories and their gradients in compiled kernels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from aphyn_gui.hybrid.cpu.compiler import compile_library, host_target
from aphyn_gui.hybrid.cpu.kernel_code import KernelSpecification, kernel_module
from aphyn_gui.hybrid.cpu.kernels import Kernels
from aphyn_gui.hybrid.fused_network import Fusion
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import Integrator, step_graph
from aphyn_gui.hybrid.threads import quieten_other_pools, thread_count
from aphyn_gui.hybrid.trajectory import (
    Following,
    NormalEquations,
    Observation,
    Sensitivity,
    Simulation,
    TrajectoryProblem,
)
from aphyn_gui.physics import IonicModel

Array = npt.NDArray[Any]


def description() -> str:
    """The engine in words: its vectors and threads."""
    lanes, threads = host_target().lanes(32).count, thread_count()
    return f"fused engine, {lanes} sequences a vector, {threads} thread{'s' * (threads > 1)}"


def prepare(problem: TrajectoryProblem, dtype: torch.dtype = torch.float32) -> None:
    """Compile, or load from the cache, the kernels of a problem.

    Raises
    ------
    CompilationError
        If the engine cannot be compiled on this machine.
    """
    _kernels(problem.model, problem.network, problem.integrator, (), _bits(dtype))


def observe(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Observation:
    """See ``trajectory.observe``."""
    kernels = _kernels_of(problem, weights, initial.dtype)
    voltage, squared = _Observe.apply(  # type: ignore[no-untyped-call]
        kernels, problem, physical, weights, initial
    )
    return Observation(voltage, squared)


def simulate(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Simulation:
    """See ``trajectory.simulate``."""
    kernels = _kernels_of(problem, weights, initial.dtype)
    fusion = _fusion(problem, weights)
    start = initial.detach().numpy()
    rows = kernels.simulate(
        problem.grid, kernels.block(physical.detach().numpy(), len(start)), fusion, start
    )
    voltage, gate, physics, network = torch.from_numpy(rows).unbind(-1)
    return Simulation(voltage, gate, physics[:, :-1], network[:, :-1])


def sensitivities(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, names: tuple[str, ...]
) -> Sensitivity:
    """See ``trajectory.sensitivities``."""
    voltage, derivative = _tangent_kernels(problem, names, initial.dtype).sensitivities(
        problem.grid, physical.detach().numpy(), initial.detach().numpy()
    )
    return Sensitivity(torch.from_numpy(voltage), torch.from_numpy(derivative))


def normal_equations(
    problem: TrajectoryProblem,
    physical: Tensor,
    initial: Tensor,
    measured: Tensor,
    names: tuple[str, ...],
) -> NormalEquations:
    """See ``trajectory.normal_equations``."""
    squared, gradient, normal = _tangent_kernels(problem, names, initial.dtype).normal_equations(
        problem.grid,
        physical.detach().numpy(),
        initial.detach().numpy(),
        measured.detach().numpy(),
    )
    return NormalEquations(
        torch.from_numpy(squared), torch.from_numpy(gradient), torch.from_numpy(normal)
    )


def follow(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, path: Tensor
) -> Following:
    """See ``trajectory.follow``."""
    kernels = _kernels_of(problem, None, initial.dtype)
    rows = kernels.follow(problem.grid, physical.numpy(), initial.numpy(), path.numpy())
    gate, rate = torch.from_numpy(rows).unbind(-1)
    return Following(gate, rate)


def _fusion(problem: TrajectoryProblem, weights: Tensor | None) -> Fusion | None:
    """The network as the kernels compute it; None without one."""
    if problem.network is None or weights is None:
        return None
    return Fusion(problem.network, weights.detach().numpy())


class _Observe(torch.autograd.Function):
    """``observe`` for torch: forward keeps the states, backward runs the adjoint kernel."""

    @staticmethod
    def forward(
        ctx: Any,
        kernels: Kernels,
        problem: TrajectoryProblem,
        physical: Tensor,
        weights: Tensor | None,
        initial: Tensor,
    ) -> tuple[Tensor, Tensor]:
        fusion = _fusion(problem, weights)
        start = initial.detach().numpy()
        blocked = kernels.block(physical.detach().numpy(), len(start))
        states, voltage, squared = kernels.observe(problem.grid, blocked, fusion, start)
        ctx.kernels, ctx.grid, ctx.fusion = kernels, problem.grid, fusion
        ctx.blocked, ctx.states = blocked, states
        ctx.is_shared = physical.dim() == 1
        return torch.from_numpy(voltage), torch.from_numpy(squared)

    @staticmethod
    def backward(ctx: Any, voltage_bar: Tensor, squared_bar: Tensor) -> tuple[Tensor | None, ...]:
        physical_bar, fused_bar, initial_bar = ctx.kernels.gradient(
            ctx.grid, ctx.blocked, ctx.fusion, ctx.states, voltage_bar.numpy(), squared_bar.numpy()
        )
        if ctx.is_shared:
            physical_bar = physical_bar.sum(axis=0)
        weights_bar = None
        if ctx.fusion is not None:
            weights_bar = torch.from_numpy(ctx.fusion.gradient(fused_bar))
        bars = (torch.from_numpy(physical_bar), weights_bar, torch.from_numpy(initial_bar))
        return None, None, *bars


def _kernels_of(problem: TrajectoryProblem, weights: Tensor | None, dtype: torch.dtype) -> Kernels:
    if (problem.network is None) != (weights is None):
        raise ValueError("weights are given exactly when the problem has a network")
    return _kernels(problem.model, problem.network, problem.integrator, (), _bits(dtype))


def _tangent_kernels(
    problem: TrajectoryProblem, names: tuple[str, ...], dtype: torch.dtype
) -> Kernels:
    tangents = problem.tangent_positions(names)
    return _kernels(problem.model, None, problem.integrator, tangents, _bits(dtype))


def _bits(dtype: torch.dtype) -> int:
    return 64 if dtype == torch.float64 else 32


@lru_cache(maxsize=64)
def _kernels(
    model: IonicModel,
    network: NetworkShape | None,
    integrator: Integrator,
    tangents: tuple[int, ...],
    bits: int,
) -> Kernels:
    quieten_other_pools()
    target = host_target()
    lanes = target.lanes(bits)
    step = step_graph(model, integrator)
    quiet = step_graph(model, integrator, is_stimulated=False)
    specification = KernelSpecification(step, quiet, network, tangents, lanes, target.is_x86)
    library = compile_library(repr(specification), lambda: kernel_module(specification), target)
    return Kernels(library, specification)
