"""The fused CPU trajectory: whole trajectories and their gradients in compiled kernels."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from aphyn_gui.hybrid.cpu.compiler import Library, compile_library, host_target
from aphyn_gui.hybrid.cpu.gradient_workspace import workspace_vectors
from aphyn_gui.hybrid.cpu.kernel_code import KernelSpecification, kernel_module
from aphyn_gui.hybrid.cpu.vector_arithmetic import Lanes
from aphyn_gui.hybrid.fused_network import Fusion, fused_weight_count
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import Integrator, step_graph
from aphyn_gui.hybrid.trajectory import (
    Observation,
    Sensitivity,
    Simulation,
    TimeGrid,
    TrajectoryProblem,
)
from aphyn_gui.physics import IonicModel


def thread_count() -> int:
    """Threads the kernels may use: ``APHYN_THREADS``, or every core."""
    chosen = os.environ.get("APHYN_THREADS", "")
    return int(chosen) if chosen.isdigit() and int(chosen) > 0 else os.cpu_count() or 1


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


@torch.no_grad()
def simulate(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Simulation:
    """See ``trajectory.simulate``."""
    kernels = _kernels_of(problem, weights, initial.dtype)
    fused = _fused(_fusion(problem, weights), initial)
    return kernels.simulate(problem.grid, physical.expand(len(initial), -1), fused, initial)


@torch.no_grad()
def sensitivities(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, names: tuple[str, ...]
) -> Sensitivity:
    """See ``trajectory.sensitivities``."""
    tangents = tuple(problem.physical_names.index(name) for name in names)
    kernels = _kernels(problem.model, None, problem.integrator, tangents, _bits(initial.dtype))
    return kernels.sensitivities(problem.grid, physical, initial)


def _fusion(problem: TrajectoryProblem, weights: Tensor | None) -> Fusion | None:
    """The network as the kernels compute it; None without one."""
    if problem.network is None or weights is None:
        return None
    return Fusion(problem.network, weights.detach().numpy())


def _fused(fusion: Fusion | None, like: Tensor) -> Tensor:
    return like.new_zeros(0) if fusion is None else torch.from_numpy(fusion.weights)


class _Observe(torch.autograd.Function):
    """``observe`` for torch: forward keeps the states, backward runs the adjoint kernel."""

    @staticmethod
    def forward(
        ctx: Any,
        kernels: _Kernels,
        problem: TrajectoryProblem,
        physical: Tensor,
        weights: Tensor | None,
        initial: Tensor,
    ) -> tuple[Tensor, Tensor]:
        fusion = _fusion(problem, weights)
        blocked = kernels.block(physical.expand(len(initial), -1))
        states, voltage, squared = kernels.observe(
            problem.grid, blocked, _fused(fusion, initial), initial
        )
        ctx.kernels, ctx.grid, ctx.fusion = kernels, problem.grid, fusion
        ctx.blocked, ctx.states, ctx.initial = blocked, states, initial
        ctx.shared = physical.dim() == 1
        return voltage, squared

    @staticmethod
    def backward(ctx: Any, voltage_bar: Tensor, squared_bar: Tensor) -> tuple[Tensor | None, ...]:
        physical_bar, fused_bar, initial_bar = ctx.kernels.gradient(
            ctx.grid,
            ctx.blocked,
            _fused(ctx.fusion, ctx.initial),
            ctx.states,
            voltage_bar,
            squared_bar,
            len(ctx.initial),
        )
        if ctx.shared:
            physical_bar = physical_bar.sum(dim=0)
        weights_bar = None
        if ctx.fusion is not None:
            weights_bar = torch.from_numpy(ctx.fusion.gradient(fused_bar.numpy()))
        return None, None, physical_bar, weights_bar, initial_bar


class _Kernels:
    """The compiled kernels of one problem, and the blocks they work on.

    A block is as many sequences as a vector has lanes; within a block the sequence is the fastest
    index. The last block is filled up with copies of the last sequence.
    """

    def __init__(
        self, library: Library, lanes: Lanes, tangents: int, network: NetworkShape | None
    ) -> None:
        # The functions below live in the library's memory.
        self._library = library
        self._lanes = lanes.count
        self._dtype = torch.float32 if lanes.bits == 32 else torch.float64
        self._tangents = tangents
        self._weights = 0 if network is None else fused_weight_count(network)
        self._scratch = 0 if network is None else workspace_vectors(network, lanes.registers)
        if tangents:
            self._sensitivities = library.function("sensitivities", 4)
        else:
            self._observe = library.function("observe", 6)
            self._gradient = library.function("gradient", 9)
            self._simulate = library.function("simulate", 4)

    def block(self, values: Tensor) -> Tensor:
        """(sequences, ...) to (blocks, ..., lanes), contiguous."""
        values = values.detach().to(self._dtype)
        missing = -len(values) % self._lanes
        if missing:
            values = torch.cat((values, values[-1:].expand(missing, *values.shape[1:])))
        blocked = values.reshape(-1, self._lanes, *values.shape[1:])
        return blocked.movedim(1, -1).contiguous()

    def unblock(self, values: Tensor, count: int) -> Tensor:
        """(blocks, ..., lanes) to (sequences, ...)."""
        moved = values.movedim(-1, 1)
        return moved.reshape(-1, *moved.shape[2:])[:count]

    def observe(
        self, grid: TimeGrid, physical: Tensor, weights: Tensor, initial: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """States (blocks, steps + 1, 2, lanes), v (sequences, samples), mean F_dl^2."""
        count = len(initial)
        start = self.block(initial)
        states = self._empty(len(start), grid.step_count + 1, 2)
        observed = self._empty(len(start), grid.sample_count)
        squared = self._empty(len(start), 1)
        self._run(
            self._observe, grid, len(start), [weights],
            [physical, start, states, observed, squared],
        )  # fmt: skip
        mean = self.unblock(squared, count).squeeze(-1) / max(1, grid.step_count)
        return states, self.unblock(observed, count), mean

    def gradient(
        self,
        grid: TimeGrid,
        physical: Tensor,
        weights: Tensor,
        states: Tensor,
        voltage_bar: Tensor,
        squared_bar: Tensor,
        count: int,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of physical (sequences, parameters), weights, initial (sequences, 2)."""
        blocks = len(states)
        observed_bar = self._cotangents(voltage_bar, blocks)
        square_bar = self._cotangents(squared_bar.unsqueeze(-1) / max(1, grid.step_count), blocks)
        physical_bar = torch.empty_like(physical)
        initial_bar = self._empty(blocks, 2)
        # One workspace a thread: memory does not grow with the number of sequences.
        parts = min(thread_count(), blocks)
        scratch = self._empty(parts, self._scratch)
        sums = torch.zeros(parts, self._weights, dtype=self._dtype)
        self._run(
            self._gradient, grid, blocks, [weights],
            [physical, states, observed_bar, square_bar, physical_bar, initial_bar],
            [scratch, sums],
        )  # fmt: skip
        return (
            self.unblock(physical_bar, count),
            sums.sum(dim=0),
            self.unblock(initial_bar, count),
        )

    def simulate(
        self, grid: TimeGrid, physical: Tensor, weights: Tensor, initial: Tensor
    ) -> Simulation:
        """Every step."""
        start, blocked = self.block(initial), self.block(physical)
        rows = self._empty(len(start), grid.step_count + 1, 4)
        self._run(self._simulate, grid, len(start), [weights], [blocked, start, rows])
        voltage, gate, physics, network = self.unblock(rows, len(initial)).unbind(-1)
        return Simulation(voltage, gate, physics[:, :-1], network[:, :-1])

    def sensitivities(self, grid: TimeGrid, physical: Tensor, initial: Tensor) -> Sensitivity:
        """Observations and tangents."""
        start, blocked = self.block(initial), self.block(physical)
        observed = self._empty(len(start), grid.sample_count)
        derivatives = self._empty(len(start), grid.sample_count, self._tangents)
        self._run(
            self._sensitivities, grid, len(start), [], [blocked, start, observed, derivatives]
        )
        count = len(initial)
        return Sensitivity(self.unblock(observed, count), self.unblock(derivatives, count))

    def _cotangents(self, values: Tensor, blocks: int) -> Tensor:
        """Blocked cotangents; the copies that fill the last block get zero."""
        padded = torch.zeros(blocks * self._lanes, values.shape[1], dtype=self._dtype)
        padded[: len(values)] = values
        return self.block(padded)

    def _empty(self, *shape: int) -> Tensor:
        return torch.empty(*shape, self._lanes, dtype=self._dtype)

    def _run(
        self,
        kernel: Callable[..., None],
        grid: TimeGrid,
        blocks: int,
        shared: list[Tensor],
        blocked: list[Tensor],
        private: list[Tensor] | None = None,
    ) -> None:
        """Call a kernel on every block, over several threads.

        Parameters
        ----------
        shared, blocked, private : list of Tensor
            Arrays that all blocks read, that have a row for each block, and for each thread.
        """
        counts = (grid.time_step_ms, grid.steps_per_sample, grid.sample_count)
        fixed = [tensor.data_ptr() for tensor in shared]
        starts = [(tensor.data_ptr(), tensor.stride(0)) for tensor in blocked]
        size = self._dtype.itemsize
        parts = min(thread_count(), blocks)

        def work(part: int) -> None:
            own = [tensor[part].data_ptr() for tensor in private or []]
            # Neighbouring blocks go to one thread; each thread's share differs by one at most.
            for block in range(part * blocks // parts, (part + 1) * blocks // parts):
                rows = [start + block * stride * size for start, stride in starts]
                kernel(*fixed, *rows, *own, *counts)

        if parts == 1:
            work(0)
            return
        waiting = [_pool().submit(work, part) for part in range(1, parts)]
        work(0)
        for future in waiting:
            future.result()


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, thread_count() - 1), thread_name_prefix="aphyn-engine")


def _kernels_of(problem: TrajectoryProblem, weights: Tensor | None, dtype: torch.dtype) -> _Kernels:
    if (problem.network is None) != (weights is None):
        raise ValueError("weights are given exactly when the problem has a network")
    return _kernels(problem.model, problem.network, problem.integrator, (), _bits(dtype))


def _bits(dtype: torch.dtype) -> int:
    return 64 if dtype == torch.float64 else 32


@lru_cache(maxsize=64)
def _kernels(
    model: IonicModel,
    network: NetworkShape | None,
    integrator: Integrator,
    tangents: tuple[int, ...],
    bits: int,
) -> _Kernels:
    target = host_target()
    lanes = target.lanes(bits)
    step = step_graph(model, integrator)
    specification = KernelSpecification(step, network, tangents, lanes, target.is_x86)
    library = compile_library(repr(specification), lambda: kernel_module(specification), target)
    return _Kernels(library, lanes, len(tangents), network)
