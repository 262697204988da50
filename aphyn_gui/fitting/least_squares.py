"""Physics only: bounded least squares on the logarithms, batched over independent problems."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.hybrid import TrajectoryProblem, sensitivities

_LARGEST_DAMPING = 1e9
_LONGEST_STEP = 1.5
"""Longest step of a variable: a factor of 4.5 where it is a logarithm."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """One parameter that least squares may move.

    Parameters
    ----------
    name : str
        Entry of the physical vector.
    lower, upper : float
        Bounds; when both are positive the solver works on the logarithm.
    """

    name: str
    lower: float
    upper: float

    @property
    def is_log(self) -> bool:
        """Whether the solver works on the logarithm."""
        return self.lower > 0


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquaresState:
    """Where the solver stands.

    Parameters
    ----------
    values : Tensor of float64, shape (problems, unknowns)
        Best values so far.
    mean_square_error : Tensor, shape (problems,)
        Their error, over sequences and samples.
    converged : Tensor of bool, shape (problems,)
        Whether neither the values nor the error move any more.
    iteration : int
        Iterations done.
    normal_matrix : Tensor, shape (problems, unknowns, unknowns)
        J^T J at the best values, by the solver's variables (logarithms where bounds are positive).
    """

    values: Tensor
    mean_square_error: Tensor
    converged: Tensor
    iteration: int
    normal_matrix: Tensor


def least_squares(
    problem: TrajectoryProblem,
    fixed: Mapping[str, float],
    unknowns: tuple[Unknown, ...],
    starts: Tensor,
    measured: Tensor,
    initial: Tensor,
    iterations: int = 60,
    tolerance: float = 1e-7,
    precision: torch.dtype = torch.float64,
) -> Generator[LeastSquaresState, None, LeastSquaresState]:
    """Bounded Levenberg-Marquardt with exact forward sensitivities.

    Each problem has its own unknowns, shared by its sequences.

    Parameters
    ----------
    problem : TrajectoryProblem
        Physics only.
    fixed : mapping of str to float
        Every physical parameter; unknowns are overwritten.
    unknowns : tuple of Unknown
        What is learned.
    starts : Tensor of float64, shape (problems, unknowns)
        First guesses.
    measured : Tensor, shape (problems or 1, sequences, samples)
        Normalised potentials.
    initial : Tensor, shape (problems or 1, sequences, 2)
        v(0) and h(0).
    iterations : int
        Most iterations.
    tolerance : float
        Relative change of values and of error below which a problem is converged.
    precision : torch.dtype
        Of the integration; single is twice as fast, for tolerances down to 1e-5.

    Yields
    ------
    LeastSquaresState
        After each iteration.

    Returns
    -------
    LeastSquaresState
        The last one.

    Notes
    -----
    Nielsen's damping (Madsen, Nielsen and Tingleff, Methods for non-linear least squares problems,
    2004); a variable at a bound whose gradient points outward is held for the iteration. Trials
    that diverge are refused like trials that do not improve.
    """
    model = _Residuals(problem, fixed, unknowns, measured, initial, len(starts), precision)
    lower, upper = model.lower, model.upper
    x = model.to_free(starts.double()).clamp(lower, upper)
    cost, gradient, normal = model(x, torch.arange(len(x)))
    damping = torch.full_like(cost, 1e-3)
    growth = torch.full_like(cost, 2.0)
    converged = torch.zeros(len(x), dtype=torch.bool)
    given_up = torch.zeros_like(converged)
    identity = torch.eye(x.shape[-1], dtype=x.dtype)

    def state(iteration: int) -> LeastSquaresState:
        return LeastSquaresState(
            values=model.to_values(x),
            mean_square_error=cost / model.size,
            converged=converged.clone(),
            iteration=iteration,
            normal_matrix=normal.clone(),
        )

    iteration = 0
    while iteration < iterations:
        iteration += 1
        # Only problems that still move are integrated.
        rows = (~(converged | given_up)).nonzero().squeeze(-1)
        here, down, force = x[rows], gradient[rows], damping[rows]
        held = ((here <= lower) & (down > 0)) | ((here >= upper) & (down < 0))
        free = (~held).double()
        curvature = normal[rows] * free.unsqueeze(-1) * free.unsqueeze(-2)
        diagonal = curvature.diagonal(dim1=-2, dim2=-1)
        scale = torch.where(held, 1.0, diagonal.clamp(min=1e-12))
        damped = curvature + torch.diag_embed(force.unsqueeze(-1) * scale + held.double())
        finite = damped.isfinite().all(-1).all(-1) & down.isfinite().all(-1)
        damped = torch.where(finite[:, None, None], damped, identity)
        step = torch.linalg.solve(damped, -(down * free).nan_to_num().unsqueeze(-1)).squeeze(-1)
        trial = (here + step.clamp(-_LONGEST_STEP, _LONGEST_STEP)).clamp(lower, upper)
        moved = trial - here
        new_cost, new_gradient, new_normal = model(trial, rows)

        before = cost[rows]
        better = new_cost < before
        gained = before - new_cost
        flat = (moved.abs().amax(-1) < tolerance) | (better & (gained <= tolerance * before))
        expected = (moved * (force.unsqueeze(-1) * scale * moved - down)).sum(-1)
        gain = torch.where(better, gained / expected.clamp(min=1e-300), 0.0)
        shrink = (1 - (2 * gain - 1) ** 3).clamp(min=1 / 3, max=2.0)
        taken = rows[better]
        x[taken], cost[taken] = trial[better], new_cost[better]
        gradient[taken], normal[taken] = new_gradient[better], new_normal[better]
        damping[rows] = force * torch.where(better, shrink, growth[rows])
        growth[rows] = torch.where(better, 2.0, growth[rows] * 2)
        exhausted = damping[rows] > _LARGEST_DAMPING
        solved = (flat | exhausted) & cost[rows].isfinite()
        converged[rows] = solved
        given_up[rows] = exhausted & ~solved
        yield state(iteration)
        if bool((converged | given_up).all()):
            break
    return state(iteration)


class _Residuals:
    """Errors, and their derivatives by the solver's variables."""

    def __init__(
        self,
        problem: TrajectoryProblem,
        fixed: Mapping[str, float],
        unknowns: tuple[Unknown, ...],
        measured: Tensor,
        initial: Tensor,
        problem_count: int,
        precision: torch.dtype,
    ) -> None:
        self._problem = problem
        self._precision = precision
        self._names = tuple(unknown.name for unknown in unknowns)
        self._positions = [problem.physical_names.index(name) for name in self._names]
        self._fixed = torch.tensor(
            [fixed[name] for name in problem.physical_names], dtype=torch.float64
        )
        self._is_log = torch.tensor([unknown.is_log for unknown in unknowns])
        self._measured = measured.to(precision).expand(problem_count, -1, -1)
        self._initial = initial.to(precision).expand(problem_count, -1, -1)
        self.lower = self.to_free(torch.tensor([u.lower for u in unknowns], dtype=torch.float64))
        self.upper = self.to_free(torch.tensor([u.upper for u in unknowns], dtype=torch.float64))

    @property
    def size(self) -> int:
        """Residuals of one problem."""
        return self._measured.shape[1] * self._measured.shape[2]

    def to_free(self, values: Tensor) -> Tensor:
        """Solver's variables of parameter values."""
        return torch.where(self._is_log, values.clamp(min=1e-300).log(), values)

    def to_values(self, x: Tensor) -> Tensor:
        """Parameter values of the solver's variables."""
        return torch.where(self._is_log, x.exp(), x)

    def __call__(self, x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Sum of squares (infinite where it diverges), J^T r and J^T J of some problems."""
        sequences = self._measured.shape[1]
        values = self.to_values(x)
        physical = self._fixed.repeat(len(rows), 1)
        physical[:, self._positions] = values
        physical = physical.to(self._precision)
        if sequences > 1:
            physical = physical.repeat_interleave(sequences, dim=0)
        result = sensitivities(
            self._problem, physical, self._initial[rows].reshape(-1, 2), self._names
        )
        residual = result.voltage.reshape(len(rows), -1) - self._measured[rows].flatten(1)
        jacobian = result.derivative.reshape(len(rows), -1, len(self._names))
        by_variable = torch.where(self._is_log, values, torch.ones_like(values))
        gradient = (jacobian.mT @ residual.unsqueeze(-1)).squeeze(-1).double() * by_variable
        normal = (jacobian.mT @ jacobian).double()
        normal = normal * by_variable.unsqueeze(-1) * by_variable.unsqueeze(-2)
        cost = residual.square().sum(-1).double()
        return torch.where(cost.isfinite(), cost, math.inf), gradient, normal
