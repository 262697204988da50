"""Physics only: bounded least squares on the logarithms, batched over independent problems."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.hybrid import INITIAL_VOLTAGE, TrajectoryProblem, normal_equations

_LEAST_DAMPING, _LARGEST_DAMPING = 1e-9, 1e9
_LEAST_SCALE = 1e-2
"""Least damping of a variable, relative to the best determined one. Damped by its own curvature
alone, a variable that the data hardly show takes steps of any length: with a learned stimulus, four
fits in ten ended off the minimum."""
_NEGLIGIBLE = 1e-6
"""Mean square error below which nothing is left to gain."""
_LONGEST_STEP = 1.5
"""Longest step of a variable: a factor of 4.5 where it is a logarithm."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """One parameter that least squares may move.

    Parameters
    ----------
    name : str
        Entry of the physical vector, or ``INITIAL_VOLTAGE``: v(0), shared by a problem's sequences.
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


def to_free(unknowns: tuple[Unknown, ...], values: Tensor) -> Tensor:
    """The solver's variables of parameter values, shape (..., unknowns)."""
    is_log = torch.tensor([unknown.is_log for unknown in unknowns])
    return torch.where(is_log, values.clamp(min=1e-300).log(), values)


def to_values(unknowns: tuple[Unknown, ...], free: Tensor) -> Tensor:
    """Parameter values of the solver's variables, shape (..., unknowns)."""
    return torch.where(torch.tensor([unknown.is_log for unknown in unknowns]), free.exp(), free)


def by_free(unknowns: tuple[Unknown, ...], values: Tensor) -> Tensor:
    """Derivative of each value by the solver's variable, shape (..., unknowns)."""
    is_log = torch.tensor([unknown.is_log for unknown in unknowns])
    return torch.where(is_log, values, 1.0)


def free_bounds(unknowns: tuple[Unknown, ...]) -> tuple[Tensor, Tensor]:
    """Lower and upper bounds of the solver's variables, shape (unknowns,) each."""
    bounds = torch.tensor([(u.lower, u.upper) for u in unknowns], dtype=torch.float64)
    lower, upper = to_free(unknowns, bounds.T)
    return lower, upper


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
    unchecked_gain: float | Tensor = 0.0,
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
    unchecked_gain : float, or Tensor of shape (problems,)
        A step that promises less than this part of the error is the last, and is taken without an
        integration; the error and the normal matrix that are reported are those before it. Errors
        of a thousandth of the amplitude are no errors.

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
    x = to_free(unknowns, starts.double()).clamp(lower, upper)
    cost, gradient, normal = model(x, torch.arange(len(x)))
    damping = torch.full_like(cost, 1e-3)
    growth = torch.full_like(cost, 2.0)
    converged = torch.zeros(len(x), dtype=torch.bool)
    given_up = torch.zeros_like(converged)
    least_gain = torch.as_tensor(unchecked_gain, dtype=torch.float64).expand(len(x))
    is_trusting = bool((least_gain > 0).any())
    identity = torch.eye(x.shape[-1], dtype=x.dtype)

    def state(iteration: int) -> LeastSquaresState:
        return LeastSquaresState(
            values=to_values(unknowns, x),
            mean_square_error=cost / model.size,
            converged=converged.clone(),
            iteration=iteration,
            normal_matrix=normal.clone(),
        )

    iteration = 0
    while iteration < iterations and not bool((converged | given_up).all()):
        iteration += 1
        # Only problems that still move are integrated.
        rows = (~(converged | given_up)).nonzero().squeeze(-1)
        here, down, force = x[rows], gradient[rows], damping[rows]
        held = ((here <= lower) & (down > 0)) | ((here >= upper) & (down < 0))
        free = (~held).double()
        curvature = normal[rows] * free.unsqueeze(-1) * free.unsqueeze(-2)
        diagonal = curvature.diagonal(dim1=-2, dim2=-1)
        floor = _LEAST_SCALE * diagonal.amax(-1, keepdim=True).clamp(min=1e-6)
        scale = torch.where(held, 1.0, torch.maximum(diagonal, floor))
        damped = curvature + torch.diag_embed(force.unsqueeze(-1) * scale + held.double())
        finite = damped.isfinite().all(-1).all(-1) & down.isfinite().all(-1)
        damped = torch.where(finite[:, None, None], damped, identity)
        step = torch.linalg.solve(damped, -(down * free).nan_to_num().unsqueeze(-1)).squeeze(-1)
        trial = (here + step.clamp(-_LONGEST_STEP, _LONGEST_STEP)).clamp(lower, upper)
        moved = trial - here
        if is_trusting:
            slope = normal[rows] @ moved.unsqueeze(-1)
            promised = -(moved * (2 * down + slope.squeeze(-1))).sum(-1)
            last = promised < least_gain[rows] * (cost[rows] + _NEGLIGIBLE * model.size)
            x[rows[last]], converged[rows[last]] = trial[last], True
            if bool(last.all()):
                yield state(iteration)
                continue
            rows, here, down, force, scale, trial, moved = (
                part[~last] for part in (rows, here, down, force, scale, trial, moved)
            )
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
        damping[rows] = (force * torch.where(better, shrink, growth[rows])).clamp(
            min=_LEAST_DAMPING
        )
        growth[rows] = torch.where(better, 2.0, growth[rows] * 2)
        exhausted = damping[rows] > _LARGEST_DAMPING
        solved = (flat | exhausted) & cost[rows].isfinite()
        converged[rows] = solved
        given_up[rows] = exhausted & ~solved
        yield state(iteration)
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
        self._positions = [
            (column, problem.physical_names.index(name))
            for column, name in enumerate(self._names)
            if name != INITIAL_VOLTAGE
        ]
        self._fixed = torch.tensor(
            [fixed[name] for name in problem.physical_names], dtype=torch.float64
        )
        self._unknowns = unknowns
        self._measured = measured.to(precision).expand(problem_count, -1, -1)
        self._initial = initial.to(precision).expand(problem_count, -1, -1)
        self.lower, self.upper = free_bounds(unknowns)

    @property
    def size(self) -> int:
        """Residuals of one problem."""
        return self._measured.shape[1] * self._measured.shape[2]

    def __call__(self, x: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Sum of squares (infinite where it diverges), J^T r and J^T J of some problems."""
        problems, sequences, samples = len(rows), *self._measured.shape[1:]
        values = to_values(self._unknowns, x)
        physical = self._fixed.repeat(problems, 1)
        for column, position in self._positions:
            physical[:, position] = values[:, column]
        initial = self._initial[rows]
        if INITIAL_VOLTAGE in self._names:
            initial = initial.clone()
            initial[..., 0] = values[:, self._names.index(INITIAL_VOLTAGE), None]
        sums = normal_equations(
            self._problem,
            physical.to(self._precision).repeat_interleave(sequences, dim=0),
            initial.reshape(-1, 2),
            self._measured[rows].reshape(-1, samples),
            self._names,
        )
        squared, gradient, normal = (
            x.double().view(problems, sequences, *x.shape[1:]).sum(1) for x in sums
        )
        by_variable = by_free(self._unknowns, values)
        return (
            torch.where(squared.isfinite(), squared, math.inf),
            gradient * by_variable,
            normal * by_variable.unsqueeze(-1) * by_variable.unsqueeze(-2),
        )
