"""Physics and network together by Levenberg-Marquardt, with the data's noise as the stopping rule.

One trajectory from the mean initial voltage serves the region, so it is fitted to the mean of the
training sequences, and the cost does not grow with their number. Minimised is

    lambda * mean (v - mean trace)^2 + mean F_dl^2 + sum_j overlap_j^2

with lambda raised step by step, as in the paper, until the misfit is what noise alone would leave
(the discrepancy principle): F_dl then has nothing left to learn but noise. overlap_j is the mean of
F_dl times the direction in which parameter j would change dv/dt along the path, of unit mean
square: what physics can do, physics shall do, and the split between the two is a definite one.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aphyn_gui.hybrid import HybridModel, Integrator, TimeGrid
from aphyn_gui.hybrid.path_derivatives import PathDerivatives, path_derivatives

Array = npt.NDArray[np.float64]

FIRST_LAMBDA, LAST_LAMBDA, LAMBDA_FACTOR = 1e-3, 1e4, 10.0
"""Course of lambda. At the first the network hardly moves; at the last data outweigh everything."""

ITERATIONS_PER_LAMBDA = 6
_TRIALS = 6
_SMALLEST_GAIN, _SMALLEST_LAST_GAIN = 5e-3, 1e-4
_LARGEST_PARAMETER_STEP = 0.5
_PENALTY_STRIDE = 5
"""Steps between those that enter the curvature of mean F_dl^2; its gradient uses all."""


@dataclass(frozen=True, slots=True)
class HybridState:
    """Where the solver stands.

    Parameters
    ----------
    iteration : int
        Iterations done.
    lambda_ : float
        Weight of the misfit.
    misfit : float
        Mean square difference of the trajectory from the mean training trace.
    noise_misfit : float
        What noise alone would leave of it.
    mean_square_f_dl : float
        1/ms^2.
    overlaps : dict of str to float
        Correlation of F_dl with each learned physical parameter's direction, -1 to 1.
    """

    iteration: int
    lambda_: float
    misfit: float
    noise_misfit: float
    mean_square_f_dl: float
    overlaps: dict[str, float]


def noise_of_the_mean(sequences: Array) -> float:
    """Mean square error of the mean of some sequences, from their spread around it.

    Parameters
    ----------
    sequences : ndarray, shape (sequences, samples)
        Repeats of one signal with independent noise.
    """
    count = len(sequences)
    if count < 2:
        return 0.0
    return float(sequences.var(axis=0, ddof=1).mean() / count)


def fit_hybrid(
    model: HybridModel,
    sequences: Tensor,
    initial: Tensor,
    grid: TimeGrid,
    physics_names: tuple[str, ...],
    iterations: int,
) -> Generator[HybridState, None, HybridState]:
    """Fit ``model`` in place.

    Parameters
    ----------
    model : HybridModel
        In double precision, with a network, at its start.
    sequences : Tensor, shape (sequences, samples)
        Training sequences.
    initial : Tensor of float64, shape (1, 2)
        v(0) and h(0) of the one trajectory.
    grid : TimeGrid
        Steps and observations.
    physics_names : tuple of str
        Learned parameters whose work the network shall not do.
    iterations : int
        Most iterations.

    Yields
    ------
    HybridState
        After each iteration.

    Returns
    -------
    HybridState
        The last one.
    """
    solver = _Solver(model, sequences.double().numpy(), initial, grid, physics_names)
    state = solver.state(0, FIRST_LAMBDA)
    lambda_ = FIRST_LAMBDA
    iteration = 0
    spent = 0
    while iteration < iterations and not solver.explains_the_data:
        gain = solver.improve(lambda_)
        iteration, spent = iteration + 1, spent + 1
        state = solver.state(iteration, lambda_)
        yield state
        if lambda_ >= LAST_LAMBDA:
            if gain < _SMALLEST_LAST_GAIN:
                break
        elif gain < _SMALLEST_GAIN or spent == ITERATIONS_PER_LAMBDA:
            lambda_, spent = lambda_ * LAMBDA_FACTOR, 0
    return state


class _Solver:
    """Current point, and one improving step at a time."""

    def __init__(
        self,
        model: HybridModel,
        sequences: Array,
        initial: Tensor,
        grid: TimeGrid,
        physics_names: tuple[str, ...],
    ) -> None:
        network = model.network
        assert network is not None
        self._model, self._initial, self._grid = model, initial, grid
        self._network = network
        self._mean = sequences.mean(axis=0)
        self._noise_misfit = noise_of_the_mean(sequences)
        names = model.problem(grid, Integrator.EULER).physical_names
        self._positions = [names.index(name) for name in model.learned_names]
        self._physics = [model.learned_names.index(name) for name in physics_names]
        self._physics_names = physics_names
        self._damping = 1e-3
        self._voltage, self._rate = self._run()
        nothing = np.zeros((0, grid.step_count))
        self._directions = self._physics_directions(self._differentiate(nothing))

    @property
    def explains_the_data(self) -> bool:
        """Whether what is left of the misfit could be noise.

        A mean of squares of noise scatters by sqrt(2 / samples); two such deviations are granted.
        """
        scatter = np.sqrt(2 / self._grid.sample_count)
        return bool(self._misfit <= self._noise_misfit * (1 + 2 * scatter))

    def state(self, iteration: int, lambda_: float) -> HybridState:
        """The current point, for the user."""
        mean_square = float(np.mean(self._rate**2))
        overlaps = self._directions @ self._rate / len(self._rate)
        correlations = overlaps / max(np.sqrt(mean_square), 1e-30)
        return HybridState(
            iteration=iteration,
            lambda_=lambda_,
            misfit=self._misfit,
            noise_misfit=self._noise_misfit,
            mean_square_f_dl=mean_square,
            overlaps=dict(zip(self._physics_names, correlations.tolist(), strict=True)),
        )

    def improve(self, lambda_: float) -> float:
        """Take one step; the relative gain of the objective, 0 where no step gains."""
        steps, samples = self._grid.step_count, self._grid.sample_count
        rows = np.concatenate((2 * self._rate[None] / steps, self._directions / steps))
        path = self._differentiate(rows)
        self._directions = self._physics_directions(path)
        overlap = self._directions @ self._rate / steps
        scale = self._by_variable
        jacobian = np.concatenate(
            (path.by_parameter[:, self._positions] * scale, path.by_weight), axis=1
        )
        products = np.concatenate(
            (path.products_by_parameter[:, self._positions] * scale, path.products_by_weight),
            axis=1,
        )
        gradient = (
            2 * lambda_ / samples * (jacobian.T @ (self._voltage - self._mean))
            + products[0]
            + 2 * products[1:].T @ overlap
        )
        curvature = 2 * lambda_ / samples * (jacobian.T @ jacobian)
        curvature += 2 * products[1:].T @ products[1:]
        sampled = path.network_by_weight[::_PENALTY_STRIDE]
        first_weight = len(self._positions)
        curvature[first_weight:, first_weight:] += 2 / len(sampled) * (sampled.T @ sampled)
        return self._search(lambda_, gradient, curvature)

    def _search(self, lambda_: float, gradient: Array, curvature: Array) -> float:
        """Raise the damping until a step improves the objective, and take that step."""
        before = self._objective(lambda_, self._voltage, self._rate)
        free = self._model.free.detach().clone()
        weights = self._network.weights.detach().clone()
        count = len(free)
        held = np.zeros(len(gradient), dtype=bool)
        lower, upper = self._model.free_bounds
        held[:count] = ((free <= lower).numpy() & (gradient[:count] > 0)) | (
            (free >= upper).numpy() & (gradient[:count] < 0)
        )
        moving = ~held
        diagonal = np.diag(curvature) + 1e-8 * np.diag(curvature).max()
        for _ in range(_TRIALS):
            damped = (curvature + np.diag(self._damping * diagonal))[np.ix_(moving, moving)]
            step = np.zeros(len(gradient))
            step[moving] = -np.linalg.solve(damped, gradient[moving])
            step[:count] = step[:count].clip(-_LARGEST_PARAMETER_STEP, _LARGEST_PARAMETER_STEP)
            self._put(
                free + torch.from_numpy(step[:count]), weights + torch.from_numpy(step[count:])
            )
            voltage, rate = self._run()
            after = self._objective(lambda_, voltage, rate)
            # A comparison with NaN is false: trials that diverge are refused.
            if after < before:
                self._damping = max(self._damping / 4, 1e-7)
                self._voltage, self._rate = voltage, rate
                return (before - after) / before
            self._damping = min(self._damping * 8, 1e6)
        self._put(free, weights)
        return 0.0

    def _objective(self, lambda_: float, voltage: Array, rate: Array) -> float:
        overlap = self._directions @ rate / len(rate)
        misfit = np.mean((voltage - self._mean) ** 2)
        return float(lambda_ * misfit + np.mean(rate**2) + overlap @ overlap)

    def _physics_directions(self, path: PathDerivatives) -> Array:
        """Change of dv/dt by each learned physical parameter, of unit mean square."""
        positions = [self._positions[index] for index in self._physics]
        slopes = path.physics_slopes[:, positions] * self._by_variable[self._physics]
        size = np.sqrt(np.mean(slopes**2, axis=0))
        return (slopes / np.where(size > 0, size, 1.0)).T

    @property
    def _misfit(self) -> float:
        return float(np.mean((self._voltage - self._mean) ** 2))

    @property
    def _by_variable(self) -> Array:
        """Derivative of each learned parameter by the variable that stands for it."""
        by_variable: Array = self._model.by_free.numpy()
        return by_variable

    def _differentiate(self, products: Array) -> PathDerivatives:
        return path_derivatives(self._model, self._initial, self._grid, Integrator.EULER, products)

    def _run(self) -> tuple[Array, Array]:
        run = self._model.simulate(self._initial, self._grid)
        voltage = run.voltage[0, :: self._grid.steps_per_sample].numpy()
        return voltage, run.network_rate[0].numpy()

    @torch.no_grad()
    def _put(self, free: Tensor, weights: Tensor) -> None:
        self._model.free.copy_(free)
        self._network.weights.copy_(weights)
        self._model.keep_inside_bounds()
