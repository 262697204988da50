"""Physics only, every pixel on its own: thousands of small fits at once.

A pixel's fit starts from the best of a library of trajectories that covers the whole range of the
unknowns, so that it begins next to the global minimum and needs a few integrations only.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from aphyn_gui.draining import drained
from aphyn_gui.fitting.least_squares import (
    LeastSquaresState,
    Unknown,
    by_free,
    free_bounds,
    least_squares,
    to_free,
    to_values,
)
from aphyn_gui.fitting.linear_fit import LARGEST_RELATIVE_ERROR
from aphyn_gui.fitting.small_systems import positive_inverse_diagonal
from aphyn_gui.hybrid import INITIAL_VOLTAGE, TimeGrid, TrajectoryProblem, sensitivities
from aphyn_gui.hybrid.threads import one_thread, thread_count

_LIBRARY = 1024
_REACH = 1.5
"""The library's reach from the usual values, as a logarithm: a factor of 4.5 either way. Fits may
leave it; beyond lie minima in which a slow inward current hides behind the stimulus."""
_RANK = 16
"""Directions in which trajectories are compared; they hold all but 1e-3 of the library."""
_CHUNK = 8192
"""Pixels a batch: a fraction of a second, and tens of MB."""
_COMPARED = 512
"""Pixels compared with the library at a time: the table of distances stays in the cache."""
_COARSE_MS = 0.19
"""Longest coarse Euler step: stable down to tau_in = 0.1 ms."""
_COARSE_GAIN, _FINE_GAIN = 1e-3, 5e-6
"""A Gauss-Newton step that promises less than this part of the error is the last. At 5 % noise the
finer one is a fiftieth of a standard error."""
_TOLERANCE = 1e-6
_ITERATIONS = 8
_BOUND_MARGIN = 1e-3
WEAK = LARGEST_RELATIVE_ERROR
"""Standard error of a logarithm above which a value is not identified: its 95 % interval spans a
factor of three."""
_TWIN = 2e-4
"""Mean square difference below which two trajectories are twins: a pixel near one may belong to the
other."""
_APART = 0.7
"""Least distance of twins, of a logarithm."""
_DISTINCT = 0.05
"""Distance beyond which two minima are different ones."""
_INDISTINGUISHABLE = 4.0
"""Difference of chi-square within which two minima describe a pixel equally well."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelFits:
    """The physics of independent pixels.

    Parameters
    ----------
    values : Tensor of float64, shape (pixels, unknowns)
        Best values.
    standard_errors : Tensor of float64, shape (pixels, unknowns)
        In the units of the values, from the curvature at the minimum and the pixel's own residual;
        infinite where the data do not determine a value.
    mean_square_error : Tensor of float64, shape (pixels,)
        Dimensionless.
    converged : Tensor of bool, shape (pixels,)
        Whether the solver came to rest.
    at_bound : Tensor of bool, shape (pixels, unknowns)
        Whether a value lies at a bound.
    weak : Tensor of bool, shape (pixels, unknowns)
        Whether the pixel does not identify a value: its standard error exceeds ``WEAK``, or a
        distant value describes the pixel as well.
    """

    values: Tensor
    standard_errors: Tensor
    mean_square_error: Tensor
    converged: Tensor
    at_bound: Tensor
    weak: Tensor

    @property
    def flagged(self) -> Tensor:
        """Pixels whose values should not be trusted, shape (pixels,)."""
        return ~self.converged | (self.at_bound | self.weak).any(-1)

    @classmethod
    def joined(cls, parts: list[PixelFits]) -> PixelFits:
        """All pixels of several batches."""
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in cls.__slots__))


class PixelSolver:
    """Fits pixels that share all but their unknowns.

    Parameters
    ----------
    problem : TrajectoryProblem
        Without network.
    fixed : mapping of str to float
        Every physical parameter; unknowns are overwritten.
    unknowns : tuple of Unknown
        What each pixel has of its own.
    initial : Tensor, shape (2,)
        v(0) and h(0).
    unchecked_gain : float
        A last step that promises less than this part of the error is taken without an integration.
    iterations : int
        Most steps, coarse and fine.
    """

    def __init__(
        self,
        problem: TrajectoryProblem,
        fixed: Mapping[str, float],
        unknowns: tuple[Unknown, ...],
        initial: Tensor,
        unchecked_gain: float = _FINE_GAIN,
        iterations: int = _ITERATIONS,
    ) -> None:
        self._problem = problem
        self._fine_gain, self._iterations = unchecked_gain, iterations
        self._coarse = replace(problem, grid=_coarser(problem.grid))
        self._fixed = dict(fixed)
        self._unknowns = unknowns
        self._initial = initial
        self._library = _Library(problem, fixed, unknowns, initial)

    def fit(self, measured: Tensor) -> Generator[PixelFits, None, None]:
        """Fit pixels, a batch at a time.

        Parameters
        ----------
        measured : Tensor, shape (pixels, samples)
            Normalised potentials.

        Yields
        ------
        PixelFits
            Of the next pixels, in order.
        """
        threads = thread_count()
        size = min(_CHUNK, -(-len(measured) // threads))
        batches = torch.split(measured.float(), max(1, size))
        # Each thread works on a batch of its own: not only the integrations run side by side.
        with ThreadPoolExecutor(threads, thread_name_prefix="aphyn-pixels") as pool:
            fits = [pool.submit(self._fit_alone, batch) for batch in batches]
            try:
                for fit in fits:
                    yield fit.result()
            finally:
                for fit in fits:
                    fit.cancel()

    def _fit_alone(self, measured: Tensor) -> PixelFits:
        with one_thread():
            return self._fit_batch(measured)

    def _fit_batch(self, measured: Tensor) -> PixelFits:
        """Coarse steps find the minimum; fine ones settle the values."""
        nearest = self._library.nearest(measured)
        starts = self._library.starts(nearest, measured)
        coarse = self._solve(self._coarse, starts, measured, _COARSE_GAIN)
        free = to_free(self._unknowns, coarse.values)
        error = coarse.mean_square_error.clone()
        rival = torch.zeros_like(free, dtype=torch.bool)
        is_weak = (self._deviations(coarse, measured) > WEAK).any(-1)
        twins = self._library.twins[nearest]
        rows = ((twins >= 0) & ~is_weak).nonzero().squeeze(-1)
        if len(rows):
            starts = self._library.starts(twins[rows], measured[rows])
            again = self._solve(self._coarse, starts, measured[rows], _COARSE_GAIN)
            other = to_free(self._unknowns, again.values)
            here, there = error[rows], again.mean_square_error
            alike = (there - here).abs() < _INDISTINGUISHABLE / measured.shape[1] * here
            rival[rows] = alike.unsqueeze(-1) & ((other - free[rows]).abs() > _DISTINCT)
            better = there < here
            free[rows[better]] = other[better]
        # Digits far beyond the standard error are not worth an integration.
        gain = torch.where(is_weak, _COARSE_GAIN, self._fine_gain)
        state = self._solve(self._problem, free, measured, gain)
        lower, upper = free_bounds(self._unknowns)
        free, margin = to_free(self._unknowns, state.values), _BOUND_MARGIN * (upper - lower)
        errors = self._deviations(state, measured)
        return PixelFits(
            values=state.values,
            standard_errors=errors * by_free(self._unknowns, state.values),
            mean_square_error=state.mean_square_error,
            converged=state.converged & state.values.isfinite().all(-1),
            at_bound=(free <= lower + margin) | (free >= upper - margin),
            weak=rival | (errors > WEAK),
        )

    def _solve(
        self,
        problem: TrajectoryProblem,
        starts: Tensor,
        measured: Tensor,
        unchecked_gain: float | Tensor,
    ) -> LeastSquaresState:
        solver = least_squares(
            problem,
            self._fixed,
            self._unknowns,
            to_values(self._unknowns, starts),
            measured.unsqueeze(1),
            self._initial[None, None],
            iterations=self._iterations,
            tolerance=_TOLERANCE,
            precision=torch.float32,
            unchecked_gain=unchecked_gain,
        )
        return drained(solver)

    def _deviations(self, state: LeastSquaresState, measured: Tensor) -> Tensor:
        """Standard errors of the solver's variables, shape (pixels, unknowns)."""
        samples, count = measured.shape[1], len(self._unknowns)
        noise = state.mean_square_error * samples / max(1, samples - count)
        normal = state.normal_matrix
        scale = normal.diagonal(dim1=-2, dim2=-1).clamp(min=1e-30).rsqrt()
        scaled = normal * scale.unsqueeze(-1) * scale.unsqueeze(-2)
        diagonal, is_positive = positive_inverse_diagonal(scaled)
        variance = diagonal * scale.square()
        deviation = (variance * noise.unsqueeze(-1)).clamp(min=0).sqrt()
        return torch.where(is_positive.unsqueeze(-1), deviation, math.inf)


class _Library:
    """Trajectories all over the range of the unknowns, to begin from the nearest."""

    def __init__(
        self,
        problem: TrajectoryProblem,
        fixed: Mapping[str, float],
        unknowns: tuple[Unknown, ...],
        initial: Tensor,
    ) -> None:
        lower, upper = free_bounds(unknowns)
        sobol = torch.quasirandom.SobolEngine(len(unknowns))  # type: ignore[no-untyped-call]
        low, high = lower.clone(), upper.clone()
        for column, unknown in enumerate(unknowns):
            if unknown.is_log:
                usual = math.log(fixed[unknown.name])
                low[column].clamp_(min=usual - _REACH)
                high[column].clamp_(max=usual + _REACH)
        points = low + (high - low) * sobol.draw(_LIBRARY, dtype=torch.float64)
        values = to_values(unknowns, points)
        physical = torch.tensor([fixed[name] for name in problem.physical_names]).repeat(
            _LIBRARY, 1
        )
        start = initial.float().repeat(_LIBRARY, 1)
        for column, unknown in enumerate(unknowns):
            if unknown.name == INITIAL_VOLTAGE:
                start[:, 0] = values[:, column]
            else:
                position = problem.physical_names.index(unknown.name)
                physical[:, position] = values[:, column].float()
        names = tuple(unknown.name for unknown in unknowns)
        result = sensitivities(problem, physical, start, names)
        is_finite = result.voltage.isfinite().all(-1) & (result.voltage.abs() < 3).all(-1)
        self._points = points[is_finite]
        self._voltage = result.voltage[is_finite]
        self._mean = self._voltage.mean(0)
        apart = (self._voltage - self._mean).double()
        # The last are the directions in which trajectories differ most.
        self._basis = torch.linalg.eigh(apart.T @ apart).eigenvectors[:, -_RANK:].float()
        self._places = (apart.float() @ self._basis).contiguous()
        self._twice = -2 * self._places.T.contiguous()
        self._sizes = self._places.square().sum(-1)
        by_variable = by_free(unknowns, values[is_finite]).float()
        jacobian = result.derivative[is_finite] * by_variable.unsqueeze(1)
        normal = (jacobian.mT @ jacobian).double()
        scale = normal.diagonal(dim1=-2, dim2=-1)
        damped = normal + torch.diag_embed(1e-2 * scale + 1e-6)
        projection = torch.linalg.solve(damped, jacobian.mT.double())
        self._project = (projection @ self._basis.double()).float()
        self._lower, self._upper = lower, upper
        self.twins = _twins(self._points, self._voltage)

    def nearest(self, measured: Tensor) -> Tensor:
        """Number of the nearest trajectory, shape (pixels,)."""
        return torch.cat([self._nearest(part) for part in torch.split(measured, _COMPARED)])

    def starts(self, chosen: Tensor, measured: Tensor) -> Tensor:
        """The points of chosen trajectories, moved by a Gauss-Newton step for each pixel."""
        residual = self._place(measured) - self._places[chosen]
        step = (self._project[chosen] @ residual.unsqueeze(-1)).squeeze(-1).double()
        moved: Tensor = self._points[chosen] + step.clamp(-0.5, 0.5)
        return moved.clamp(self._lower, self._upper)

    def _nearest(self, measured: Tensor) -> Tensor:
        distance = torch.addmm(self._sizes, self._place(measured), self._twice)
        # numpy compares a vector at a time, torch a number: a seventh of the whole fit.
        return torch.from_numpy(distance.numpy().argmin(-1))

    def _place(self, measured: Tensor) -> Tensor:
        """Coordinates among the trajectories, shape (pixels, rank)."""
        place: Tensor = (measured - self._mean) @ self._basis
        return place


def _twins(points: Tensor, voltage: Tensor) -> Tensor:
    """For each trajectory the nearest one with distant values; -1 where that is no twin."""
    is_alike = torch.cdist(voltage, voltage) < math.sqrt(_TWIN * voltage.shape[1])
    first, second = is_alike.nonzero().unbind(-1)
    distant = ((points[first] - points[second]).abs() >= _APART).any(-1)
    first, second = first[distant], second[distant]
    # Of several the nearest: what is written last stays.
    order = torch.argsort((voltage[first] - voltage[second]).square().sum(-1), descending=True)
    twins = np.full(len(points), -1)
    twins[first[order].numpy()] = second[order].numpy()
    return torch.from_numpy(twins)


def _coarser(grid: TimeGrid) -> TimeGrid:
    """The same observations with fewer steps."""
    interval = grid.time_step_ms * grid.steps_per_sample
    coarse = TimeGrid.covering(grid.sample_count, interval, _COARSE_MS)
    return coarse if coarse.steps_per_sample < grid.steps_per_sample else grid
