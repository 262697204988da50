"""The fused GPU trajectory: whole trajectories and their gradients in a few launches."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch import Tensor

from aphyn_gui.hybrid import trajectory_cpu
from aphyn_gui.hybrid.fused_network import Fusion, fused_weight_count
from aphyn_gui.hybrid.gpu.compiler import device_code
from aphyn_gui.hybrid.gpu.cuda_code import cuda_program, kernel_names
from aphyn_gui.hybrid.gpu.driver import DeviceProgram, compute_capability
from aphyn_gui.hybrid.gpu.network_source import weights_by_value
from aphyn_gui.hybrid.gpu.step_source import SEQUENCE_THREADS, STEP_THREADS, ProgramSpecification
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import Integrator, step_graph
from aphyn_gui.hybrid.trajectory import (
    Following,
    NormalEquations,
    Observation,
    Sensitivity,
    Simulation,
    TimeGrid,
    TrajectoryProblem,
)
from aphyn_gui.physics import IonicModel

_WORKSPACE_NUMBERS = 2**25
"""Numbers that the backward pass keeps of the network at once; longer trajectories go in parts."""

_GRADIENT_BLOCKS = 512
"""Blocks that sum the gradients of the weights. The same on every GPU, and so are the sums."""


class Program(Protocol):
    """Kernels that can be launched: on a GPU, or emulated by a test."""

    def launch(self, name: str, blocks: int, threads: int, arguments: Sequence[Any]) -> None:
        """Run a kernel; see ``DeviceProgram.launch``."""


def description(device: torch.device) -> str:
    """The engine in words."""
    return f"fused engine, {torch.cuda.get_device_name(device)}"


def prepare(
    problem: TrajectoryProblem, device: torch.device, dtype: torch.dtype = torch.float32
) -> None:
    """Compile, or load from the cache, the kernels of a problem.

    Raises
    ------
    GpuError
        If the engine cannot be compiled for this device, or the compiler or driver is missing.
    """
    _kernels(problem.model, problem.network, problem.integrator, (), _bits(dtype), device)


def observe(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Observation:
    """See ``trajectory.observe``."""
    kernels = _kernels_of(problem, weights, initial)
    voltage, squared = _Observe.apply(  # type: ignore[no-untyped-call]
        kernels, problem, physical, weights, initial
    )
    return Observation(voltage, squared)


@torch.no_grad()
def simulate(
    problem: TrajectoryProblem, physical: Tensor, weights: Tensor | None, initial: Tensor
) -> Simulation:
    """See ``trajectory.simulate``."""
    kernels = _kernels_of(problem, weights, initial)
    fusion = _fusion(problem, weights, initial.dtype)
    return kernels.simulate(problem.grid, physical, fusion, initial)


@torch.no_grad()
def sensitivities(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, names: tuple[str, ...]
) -> Sensitivity:
    """See ``trajectory.sensitivities``."""
    tangents = problem.tangent_positions(names)
    kernels = _kernels(
        problem.model, None, problem.integrator, tangents, _bits(initial.dtype), initial.device
    )
    return kernels.sensitivities(problem.grid, physical, initial)


def normal_equations(
    problem: TrajectoryProblem,
    physical: Tensor,
    initial: Tensor,
    measured: Tensor,
    names: tuple[str, ...],
) -> NormalEquations:
    """See ``trajectory.normal_equations``."""
    return sensitivities(problem, physical, initial, names).normal_equations(measured)


def follow(
    problem: TrajectoryProblem, physical: Tensor, initial: Tensor, path: Tensor
) -> Following:
    """See ``trajectory.follow``; a handful of sequences, quicker on the processor."""
    found = trajectory_cpu.follow(problem, physical.cpu(), initial.cpu(), path.cpu())
    return Following(*(values.to(initial.device) for values in found))


def load_program(specification: ProgramSpecification, device: torch.device) -> Program:
    """The kernels of a specification, on a GPU.

    Raises
    ------
    GpuError
        If they cannot be compiled or loaded.
    """
    code = device_code(cuda_program(specification), compute_capability(device))
    return DeviceProgram(code, kernel_names(specification), device)


def _fusion(
    problem: TrajectoryProblem, weights: Tensor | None, dtype: torch.dtype
) -> Fusion | None:
    """The network as the kernels compute it; None without one.

    Its few hundred weights are multiplied out on the processor.
    """
    if problem.network is None or weights is None:
        return None
    return Fusion(problem.network, weights.detach().to("cpu", dtype).numpy())


class _Observe(torch.autograd.Function):
    """``observe`` for torch: forward keeps the states, backward runs the adjoint kernels."""

    @staticmethod
    def forward(
        ctx: Any,
        kernels: _Kernels,
        problem: TrajectoryProblem,
        physical: Tensor,
        weights: Tensor | None,
        initial: Tensor,
    ) -> tuple[Tensor, Tensor]:
        fusion = _fusion(problem, weights, initial.dtype)
        columns = kernels.columns(physical.expand(len(initial), -1))
        states, voltage, squared = kernels.observe(problem.grid, columns, fusion, initial)
        ctx.kernels, ctx.grid, ctx.fusion = kernels, problem.grid, fusion
        ctx.columns, ctx.states = columns, states
        ctx.shared = physical.dim() == 1
        return voltage, squared

    @staticmethod
    def backward(ctx: Any, voltage_bar: Tensor, squared_bar: Tensor) -> tuple[Tensor | None, ...]:
        physical_bar, fused_bar, initial_bar = ctx.kernels.gradient(
            ctx.grid, ctx.columns, ctx.fusion, ctx.states, voltage_bar, squared_bar
        )
        if ctx.shared:
            physical_bar = physical_bar.sum(dim=0)
        weights_bar = None
        if ctx.fusion is not None:
            gradient = ctx.fusion.gradient(fused_bar.cpu().numpy())
            weights_bar = torch.from_numpy(gradient).to(voltage_bar.device)
        return None, None, physical_bar, weights_bar, initial_bar


class _Kernels:
    """The kernels of one problem on one device; in their arrays the sequence comes last."""

    def __init__(self, program: Program, specification: ProgramSpecification) -> None:
        self._program = program
        self._network = specification.network
        self._tangents = len(specification.tangents)
        self._bits = specification.bits
        self._dtype = torch.float32 if specification.bits == 32 else torch.float64

    def columns(self, values: Tensor) -> Tensor:
        """(sequences, ...) to (..., sequences), contiguous."""
        return values.detach().to(self._dtype).movedim(0, -1).contiguous()

    def observe(
        self, grid: TimeGrid, physical: Tensor, fusion: Fusion | None, initial: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """States (steps + 1, 2, sequences), v (sequences, samples), mean F_dl^2."""
        count = len(initial)
        states = physical.new_empty(grid.step_count + 1, 2, count)
        observed = physical.new_empty(grid.sample_count, count)
        squared = physical.new_empty(count)
        arrays = [physical, self.columns(initial), states, observed, squared]
        self._run_trajectories("observe", grid, fusion, arrays)
        return states, observed.t(), squared / max(1, grid.step_count)

    def simulate(
        self, grid: TimeGrid, physical: Tensor, fusion: Fusion | None, initial: Tensor
    ) -> Simulation:
        """Every step."""
        physical = self.columns(physical.expand(len(initial), -1))
        rows = physical.new_empty(grid.step_count + 1, 4, len(initial))
        self._run_trajectories("simulate", grid, fusion, [physical, self.columns(initial), rows])
        voltage, gate, physics, network = rows.movedim(-1, 0).unbind(-1)
        return Simulation(voltage, gate, physics[:, :-1], network[:, :-1])

    def sensitivities(self, grid: TimeGrid, physical: Tensor, initial: Tensor) -> Sensitivity:
        """Observations and tangents."""
        physical = self.columns(physical.expand(len(initial), -1))
        observed = physical.new_empty(grid.sample_count, len(initial))
        derivatives = physical.new_empty(grid.sample_count, self._tangents, len(initial))
        arrays = [physical, self.columns(initial), observed, derivatives]
        self._run_trajectories("sensitivities", grid, None, arrays)
        return Sensitivity(observed.t(), derivatives.movedim(-1, 0))

    def gradient(
        self,
        grid: TimeGrid,
        physical: Tensor,
        fusion: Fusion | None,
        states: Tensor,
        voltage_bar: Tensor,
        squared_bar: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of physical (sequences, parameters), weights, initial (sequences, 2)."""
        count = states.shape[-1]
        observed_bar = self.columns(voltage_bar)
        square_bar = self.columns(squared_bar / max(1, grid.step_count))
        carried = physical.new_zeros(2 + len(physical), count)
        width = 0 if self._network is None else fused_weight_count(self._network)
        partial = physical.new_zeros(_GRADIENT_BLOCKS, width)
        part = max(1, min(grid.step_count, _WORKSPACE_NUMBERS // (3 * count)))
        network = physical.new_empty((part, 3, count) if width else 0)
        weights = self._weights(fusion, states.device)
        step = ctypes.c_double(grid.time_step_ms)
        for end in range(grid.step_count, 0, -part):
            first = max(0, end - part)
            steps = [ctypes.c_int(number) for number in (first, end - first, count)]
            blocks = _blocks((end - first) * count, STEP_THREADS)
            if width:
                arrays = [physical, states, network]
                self._launch("slopes", blocks, STEP_THREADS, weights, arrays, [step, *steps])
            interval = ctypes.c_int(grid.steps_per_sample)
            arrays = [physical, states, observed_bar, square_bar, network, carried]
            self._launch(
                "adjoint", _blocks(count, SEQUENCE_THREADS), SEQUENCE_THREADS, [], arrays,
                [step, interval, *steps],
            )  # fmt: skip
            if width:
                arrays = [physical, states, network, partial]
                self._launch(
                    "weight_gradient", _GRADIENT_BLOCKS, STEP_THREADS, weights, arrays,
                    [step, *steps],
                )  # fmt: skip
        carried[0] += observed_bar[0]
        return carried[2:].t(), partial.sum(dim=0), carried[:2].t()

    def _run_trajectories(
        self, name: str, grid: TimeGrid, fusion: Fusion | None, arrays: list[Tensor]
    ) -> None:
        """Launch a kernel in which each thread takes one sequence through all its steps."""
        count = arrays[0].shape[-1]
        counts = (grid.steps_per_sample, grid.sample_count, count)
        numbers = [ctypes.c_double(grid.time_step_ms), *map(ctypes.c_int, counts)]
        blocks = _blocks(count, SEQUENCE_THREADS)
        weights = self._weights(fusion, arrays[0].device)
        self._launch(name, blocks, SEQUENCE_THREADS, weights, arrays, numbers)

    def _launch(
        self,
        name: str,
        blocks: int,
        threads: int,
        weights: list[Any],
        arrays: Sequence[Tensor],
        numbers: Sequence[Any],
    ) -> None:
        pointers = [ctypes.c_void_p(array.data_ptr()) for array in arrays]
        self._program.launch(name, blocks, threads, [*weights, *pointers, *numbers])

    def _weights(self, fusion: Fusion | None, device: torch.device) -> list[Any]:
        """The kernels' first argument, a structure with the fused weights; nothing without."""
        if self._network is None or fusion is None:
            return []
        if weights_by_value(self._network, self._bits):
            kind = _weights_type(len(fusion.weights), self._bits)
            return [kind.from_buffer_copy(fusion.weights.tobytes())]
        return [_WeightsByPointer(torch.from_numpy(fusion.weights).to(device))]


class _WeightsByPointer(ctypes.Structure):
    """Weights in the device's memory."""

    _fields_ = (("pointer", ctypes.c_void_p),)

    def __init__(self, weights: Tensor) -> None:
        super().__init__(weights.data_ptr())
        self._kept_alive = weights


@lru_cache(maxsize=32)
def _weights_type(count: int, bits: int) -> type[ctypes.Structure]:
    """A structure that holds the weights themselves."""
    number = ctypes.c_float if bits == 32 else ctypes.c_double
    return type("_Weights", (ctypes.Structure,), {"_fields_": (("w", number * count),)})


def _blocks(threads: int, size: int) -> int:
    return -(-threads // size)


def _bits(dtype: torch.dtype) -> int:
    return 64 if dtype == torch.float64 else 32


def _kernels_of(problem: TrajectoryProblem, weights: Tensor | None, initial: Tensor) -> _Kernels:
    if (problem.network is None) != (weights is None):
        raise ValueError("weights are given exactly when the problem has a network")
    bits = _bits(initial.dtype)
    return _kernels(problem.model, problem.network, problem.integrator, (), bits, initial.device)


@lru_cache(maxsize=64)
def _kernels(
    model: IonicModel,
    network: NetworkShape | None,
    integrator: Integrator,
    tangents: tuple[int, ...],
    bits: int,
    device: torch.device,
) -> _Kernels:
    step = step_graph(model, integrator)
    specification = ProgramSpecification(step, network, tangents, bits)
    return _Kernels(load_program(specification, device), specification)
