"""Physics only: bounded least squares on the logarithms, batched over independent problems."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.hybrid import TrajectoryProblem, sensitivities

_LARGEST_DAMPING = 1e9


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
    model = _Residuals(problem, fixed, unknowns, measured, initial, len(starts))
    lower, upper = model.lower, model.upper
    x = model.to_free(starts.double()).clamp(lower, upper)
    residual, jacobian = model(x)
    cost = residual.square().sum(-1)
    cost = torch.where(cost.isfinite(), cost, math.inf)
    damping = torch.full_like(cost, 1e-3)
    growth = torch.full_like(cost, 2.0)
    converged = torch.zeros(len(x), dtype=torch.bool)

    def state(iteration: int) -> LeastSquaresState:
        return LeastSquaresState(
            values=model.to_values(x),
            mean_square_error=cost / residual.shape[-1],
            converged=converged.clone(),
            iteration=iteration,
            normal_matrix=jacobian.mT @ jacobian,
        )

    for iteration in range(1, iterations + 1):
        gradient = (jacobian.mT @ residual.unsqueeze(-1)).squeeze(-1)
        held = ((x <= lower) & (gradient > 0)) | ((x >= upper) & (gradient < 0))
        normal = jacobian.mT @ jacobian
        free = (~held).double()
        normal = normal * free.unsqueeze(-1) * free.unsqueeze(-2)
        diagonal = normal.diagonal(dim1=-2, dim2=-1)
        scale = torch.where(held, torch.ones_like(diagonal), diagonal.clamp(min=1e-12))
        damped = normal + torch.diag_embed(damping.unsqueeze(-1) * scale + held.double())
        finite = damped.isfinite().all(-1).all(-1) & gradient.isfinite().all(-1)
        identity = torch.eye(x.shape[-1], dtype=x.dtype)
        damped = torch.where(finite[:, None, None], damped, identity)
        step = torch.linalg.solve(damped, -(gradient * free).nan_to_num().unsqueeze(-1))
        trial = (x + step.squeeze(-1).clamp(-1.5, 1.5)).clamp(lower, upper)
        moved = trial - x
        new_residual, new_jacobian = model(trial)
        new_cost = new_residual.square().sum(-1)
        new_cost = torch.where(new_cost.isfinite(), new_cost, math.inf)

        better = (new_cost < cost) & ~converged
        flat = (moved.abs().amax(-1) < tolerance) | (
            better & ((cost - new_cost) <= tolerance * cost)
        )
        expected = (moved * (damping.unsqueeze(-1) * scale * moved - gradient)).sum(-1)
        gain = torch.where(better, (cost - new_cost) / expected.clamp(min=1e-300), 0.0)
        shrink = (1 - (2 * gain - 1) ** 3).clamp(min=1 / 3, max=2.0)
        x = torch.where(better.unsqueeze(-1), trial, x)
        cost = torch.where(better, new_cost, cost)
        residual = torch.where(better.unsqueeze(-1), new_residual, residual)
        jacobian = torch.where(better[:, None, None], new_jacobian, jacobian)
        damping = torch.where(better, damping * shrink, damping * growth)
        growth = torch.where(better, torch.full_like(growth, 2.0), growth * 2)
        exhausted = damping > _LARGEST_DAMPING
        converged = converged | (flat & cost.isfinite()) | (exhausted & cost.isfinite())
        damping = damping.clamp(max=_LARGEST_DAMPING)
        yield state(iteration)
        if bool((converged | exhausted).all()):
            break
    return state(iteration)


class _Residuals:
    """Residuals and their Jacobian by the solver's variables."""

    def __init__(
        self,
        problem: TrajectoryProblem,
        fixed: Mapping[str, float],
        unknowns: tuple[Unknown, ...],
        measured: Tensor,
        initial: Tensor,
        problem_count: int,
    ) -> None:
        self._problem = problem
        self._names = tuple(unknown.name for unknown in unknowns)
        self._positions = [problem.physical_names.index(name) for name in self._names]
        self._fixed = torch.tensor(
            [fixed[name] for name in problem.physical_names], dtype=torch.float64
        )
        self._is_log = torch.tensor([unknown.is_log for unknown in unknowns])
        self._measured = measured.double().expand(problem_count, -1, -1)
        self._initial = initial.double().expand(problem_count, -1, -1).reshape(-1, 2)
        self.lower = self.to_free(torch.tensor([u.lower for u in unknowns], dtype=torch.float64))
        self.upper = self.to_free(torch.tensor([u.upper for u in unknowns], dtype=torch.float64))

    def to_free(self, values: Tensor) -> Tensor:
        """Solver's variables of parameter values."""
        return torch.where(self._is_log, values.clamp(min=1e-300).log(), values)

    def to_values(self, x: Tensor) -> Tensor:
        """Parameter values of the solver's variables."""
        return torch.where(self._is_log, x.exp(), x)

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Residuals (problems, sequences * samples), and Jacobian (..., unknowns)."""
        problems, sequences, _ = self._measured.shape
        values = self.to_values(x)
        physical = self._fixed.repeat(problems, 1)
        physical[:, self._positions] = values
        result = sensitivities(
            self._problem,
            physical.repeat_interleave(sequences, dim=0),
            self._initial,
            self._names,
        )
        residual = result.voltage.reshape(self._measured.shape) - self._measured
        by_variable = torch.where(self._is_log, values, torch.ones_like(values))
        jacobian = result.derivative.reshape(problems, -1, len(self._names))
        return residual.reshape(problems, -1), jacobian * by_variable.unsqueeze(1)
