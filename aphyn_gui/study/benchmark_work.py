"""The work that the benchmarks time: an epoch of training, and a field of pixels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.fitting.least_squares import Unknown
from aphyn_gui.fitting.parameter_map import PixelFits, PixelSolver
from aphyn_gui.hybrid import (
    HybridModel,
    NetworkShape,
    Observation,
    ResidualNetwork,
    TimeGrid,
    TrajectoryProblem,
    observe,
    physical_names,
)
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH, IonicModel

SEQUENCES = 10
EPOCH_GRID = TimeGrid(time_step_ms=0.1, steps_per_sample=40, sample_count=76)
"""3,000 Euler steps of 0.1 ms, observed every 4 ms."""

PIXEL_GRID = TimeGrid(time_step_ms=0.1, steps_per_sample=37, sample_count=82)
"""300 ms: the start, which is known, and 81 samples at 3.7 ms."""

NOISE = 0.05
STIMULUS = (0.25, 4.0, 0.0)
"""Amplitude (1/ms), duration and onset (ms): fixed."""

BENCHMARK_MODEL = MITCHELL_SCHAEFFER_SMOOTH
LEARNED = ("tau_in", "tau_out", "tau_close")
_UNKNOWNS = tuple(
    Unknown(name, BENCHMARK_MODEL.parameter(name).lower, BENCHMARK_MODEL.parameter(name).upper)
    for name in LEARNED
)
_SPREAD = 0.4
"""Largest difference of a pixel's true logarithms from the defaults."""
_THREADS = "APHYN_THREADS"

Observe = Callable[[TrajectoryProblem, Tensor, Tensor | None, Tensor], Observation]


@contextmanager
def engine_threads(count: int) -> Iterator[None]:
    """Let the engine use ``count`` threads, and torch no more than those."""
    before, torch_before = os.environ.get(_THREADS), torch.get_num_threads()
    os.environ[_THREADS] = str(count)
    torch.set_num_threads(min(count, torch_before))
    try:
        yield
    finally:
        torch.set_num_threads(torch_before)
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


class TrainingEpoch:
    """One epoch of the hybrid's training on noisy copies of one action potential; call it.

    Parameters
    ----------
    sequences : int
        Number of sequences.
    grid : TimeGrid
        Steps and observations.
    observe_with : callable
        The engine's ``observe``.
    seed : int
        Seed of the noise and of the network.
    """

    def __init__(
        self,
        sequences: int = SEQUENCES,
        grid: TimeGrid = EPOCH_GRID,
        observe_with: Observe = observe,
        seed: int = 0,
    ) -> None:
        values = default_values(BENCHMARK_MODEL)
        bounds = {unknown.name: (unknown.lower, unknown.upper) for unknown in _UNKNOWNS}
        self.network = ResidualNetwork(NetworkShape(), output_gain=0.01, seed=seed)
        self.model = HybridModel(BENCHMARK_MODEL, values, bounds, self.network)
        self.grid = grid
        self.initial, self.measured = _noisy_copies(sequences, grid, seed)
        self._problem = TrajectoryProblem(BENCHMARK_MODEL, self.network.shape, grid)
        self._observe = observe_with
        self._optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3)

    def loss(self) -> Tensor:
        """lambda * L_traj + mean F_dl^2, with lambda = 1."""
        observed = self._observe(
            self._problem, self.model.physical, self.network.weights, self.initial
        )
        return (observed.voltage - self.measured).square().mean() + observed.squared_network.mean()

    def __call__(self) -> float:
        """Forward, gradient and one step of Adam; the loss before it."""
        self._optimiser.zero_grad()
        loss = self.loss()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self.model.keep_inside_bounds()
        return loss.item()


@dataclass(frozen=True, slots=True, eq=False)
class PixelField:
    """Independent pixels with known physics.

    Parameters
    ----------
    truth : Tensor of float64, shape (pixels, unknowns)
        tau_in, tau_out and tau_close of each, ms.
    measured : Tensor of float64, shape (pixels, samples)
        Noisy potentials; the first sample is the known start.
    """

    truth: Tensor
    measured: Tensor

    @classmethod
    def random(cls, pixels: int, noise: float = NOISE, seed: int = 0) -> PixelField:
        """Pixels whose time constants scatter by up to a factor 1.5 about the defaults."""
        generator = torch.Generator().manual_seed(seed)
        factors = torch.rand(pixels, len(LEARNED), generator=generator, dtype=torch.float64)
        names = physical_names(BENCHMARK_MODEL)
        defaults = default_values(BENCHMARK_MODEL)
        physical = torch.tensor([defaults[name] for name in names], dtype=torch.float64)
        physical = physical.repeat(pixels, 1)
        positions = [names.index(name) for name in LEARNED]
        physical[:, positions] *= (_SPREAD * (2 * factors - 1)).exp()
        clean = observe(
            TrajectoryProblem(BENCHMARK_MODEL, None, PIXEL_GRID), physical, None, resting(pixels)
        ).voltage
        measured = clean + noise * torch.randn(
            clean.shape, generator=generator, dtype=torch.float64
        )
        measured[:, 0] = clean[:, 0]
        return cls(physical[:, positions], measured)


def fit_pixels(field: PixelField) -> PixelFits:
    """Fit the physics of every pixel on its own, the library of starts included."""
    solver = PixelSolver(
        TrajectoryProblem(BENCHMARK_MODEL, None, PIXEL_GRID),
        default_values(BENCHMARK_MODEL),
        _UNKNOWNS,
        resting(1)[0],
    )
    return PixelFits.joined(list(solver.fit(field.measured)))


def _noisy_copies(sequences: int, grid: TimeGrid, seed: int) -> tuple[Tensor, Tensor]:
    """Initial states, and noisy copies of one trajectory a little off the defaults, float32."""
    values = default_values(BENCHMARK_MODEL)
    values["tau_out"] *= 1.2
    physical = torch.tensor(
        [values[name] for name in physical_names(BENCHMARK_MODEL)], dtype=torch.float64
    )
    problem = TrajectoryProblem(BENCHMARK_MODEL, None, grid)
    clean = observe(problem, physical, None, resting(1)).voltage
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(sequences, grid.sample_count, generator=generator, dtype=torch.float64)
    return resting(sequences).float(), (clean + NOISE * noise).float()


def default_values(model: IonicModel) -> dict[str, float]:
    """Every physical parameter, with the benchmarks' stimulus."""
    return dict(zip(physical_names(model), (*model.values(), *STIMULUS), strict=True))


def resting(sequences: int) -> Tensor:
    """v(0) and h(0) of cells at rest, shape (sequences, 2)."""
    return torch.tensor([[0.0, BENCHMARK_MODEL.resting_gate]], dtype=torch.float64).repeat(
        sequences, 1
    )
