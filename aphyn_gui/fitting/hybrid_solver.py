"""One trajectory, its derivatives, and steps that improve physics and network together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aphyn_gui.fitting.defect import Defect, find_defect, trusted_variance
from aphyn_gui.fitting.linear_estimate import variance_of_the_mean
from aphyn_gui.fitting.observation_groups import observation_groups
from aphyn_gui.hybrid import HybridModel, Integrator, TimeGrid, follow
from aphyn_gui.hybrid.path_derivatives import PathDerivatives, group_means, path_derivatives

Array = npt.NDArray[np.float64]

_TRIALS = 6
_LARGEST_PARAMETER_STEP = 0.5
_PENALTY_STRIDE = 5
"""Steps between those that enter the curvature of mean F_dl^2; its gradient uses all."""
_DIVERGING = np.errstate(over="ignore", invalid="ignore")
"""A trial that diverges is refused by its infinite misfit, not reported."""


@dataclass(frozen=True, slots=True)
class HybridState:
    """Where the solver stands.

    Parameters
    ----------
    iteration : int
        Iterations done.
    lambda_ : float
        Weight of the misfit.
    mean_square_f_dl : float
        1/ms^2.
    """

    iteration: int
    lambda_: float
    mean_square_f_dl: float


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """Where one start led."""

    objective: float
    free: Tensor
    weights: Tensor


class HybridSolver:
    """Current point, and one improving step at a time; it begins with a silent network.

    Physics that is about to fire again does so at the least touch: what a network's random start
    adds could be a whole beat.
    """

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
        self.network = network
        self._groups = observation_groups(
            grid.sample_count, grid.time_step_ms * grid.steps_per_sample
        )
        counts = np.bincount(self._groups)
        self._shares = counts / counts.sum()
        self._mean = group_means(sequences.mean(axis=0), self._groups)
        self._variance = trusted_variance(sequences)
        self._variances = self._variance / counts
        self._noise_misfit = variance_of_the_mean(sequences) * len(counts) / counts.sum()
        names = model.problem(grid, Integrator.EULER).physical_names
        self._positions = [names.index(name) for name in model.learned_names]
        self._physics = [model.learned_names.index(name) for name in physics_names]
        self._damping = 1e-3
        self._physics_free = model.free.detach().clone()
        self._base, self._hold = self._physics_free, 0.0
        self.silence()
        self._physics_misfit = self._misfit

    @property
    def noise_of_the_misfit(self) -> float:
        """What one observation's noise adds to the misfit, spread over all of them."""
        return self._variance / len(self._groups)

    @property
    def is_worse_than_physics(self) -> bool:
        """Whether the network has not brought the trajectory nearer to the data."""
        return not self._misfit < self._physics_misfit

    def hold_parameters(self, weight: float) -> None:
        """Let a parameter's distance from where the physics left it cost this much."""
        self._hold = weight

    @_DIVERGING
    def defect(self) -> Defect | None:
        """What the physics misses, to first order about the current point.

        None where there is no first order: the trajectory hangs on its parameters without measure.
        """
        path = self._differentiate()
        self._sensitivity = self._shares @ path.by_rate**2
        self._base = self._model.free.detach().clone()
        residual = self._mean - path.voltage + path.by_rate @ path.network_rate
        return find_defect(path, residual, self._variances, self._positions, self._by_variable)

    def lesson(self, defect: Defect) -> tuple[Array, Array, Array, Array]:
        """What the network has to say for the trajectory to become the defect's.

        To first order the answer is the defect itself. Here it is exact: the rate that is missing
        when v takes the wanted path and the gate follows v.

        Returns
        -------
        voltage, gate, rate : ndarray, shape (steps - 1,)
            States along the wanted path, and F_dl there, 1/ms.
        sensitivity : ndarray, shape (steps - 1,)
            How much an error there moves the observations.
        """
        self.begin(defect)
        # The path is known to the start of the last step.
        grid = TimeGrid(self._grid.time_step_ms, 1, len(defect.voltage))
        problem = replace(self._model.problem(grid, Integrator.EULER), network=None)
        path = torch.from_numpy(defect.voltage)
        found = follow(problem, self._model.physical.detach()[None], self._initial, path)
        missing = np.diff(defect.voltage) / grid.time_step_ms - found.physics_rate[0].numpy()
        return defect.voltage[:-1], found.gate[0].numpy(), missing, self._sensitivity[:-1]

    @torch.no_grad()
    def silence(self) -> None:
        """The physics-only fit, with a network that says nothing."""
        last = self.network.shape.layers[-1]
        self.network.weights[last.weight :] = 0.0
        self._model.free.copy_(self._physics_free)
        self.look_again()

    def look_again(self) -> None:
        """After the network was changed from outside."""
        self._voltage, self._rate = self._run()

    def begin(self, defect: Defect) -> None:
        """Move the parameters to where the defect has them."""
        change = torch.from_numpy(defect.parameter_change)
        self._put(self._base + change, self.network.weights.detach().clone())

    @torch.no_grad()
    def settle(self) -> None:
        """Before polishing: soften a network with which the trajectory diverges."""
        self._damping = 1e-3
        self.look_again()
        last = self.network.shape.layers[-1]
        while not self.is_sane:
            self.network.weights[last.weight :] *= 0.5
            self.look_again()
        self._directions = self._physics_directions(self._differentiate())

    def attempt(self, lambda_: float) -> Attempt:
        """The current point, to return to."""
        return Attempt(
            self._objective(lambda_, self._voltage, self._rate),
            self._model.free.detach().clone(),
            self.network.weights.detach().clone(),
        )

    def return_to(self, attempt: Attempt) -> None:
        """Go back to an earlier point."""
        self._put(attempt.free, attempt.weights)
        self.look_again()

    @property
    def is_sane(self) -> bool:
        """Whether the trajectory stays where action potentials are."""
        return bool(self._misfit < 1.0)

    @property
    def explains_the_data(self) -> bool:
        """Whether what is left of the misfit could be noise.

        A mean of squares of noise scatters by sqrt(2 / n); two such deviations are granted.
        """
        scatter = np.sqrt(2 / len(self._shares))
        return bool(self._misfit <= self._noise_misfit * (1 + 2 * scatter))

    def state(self, iteration: int, lambda_: float) -> HybridState:
        """The current point, for the user."""
        return HybridState(iteration, lambda_, float(np.mean(self._rate**2)))

    @_DIVERGING
    def improve(self, lambda_: float) -> float:
        """Take one step; the relative gain of the objective, 0 where no step gains."""
        steps, shares = self._grid.step_count, self._shares
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
            2 * lambda_ * (jacobian.T @ (shares * (self._voltage - self._mean)))
            + products[0]
            + 2 * products[1:].T @ overlap
        )
        curvature = 2 * lambda_ * (jacobian.T @ (shares[:, None] * jacobian))
        curvature += 2 * products[1:].T @ products[1:]
        sampled = path.network_by_weight[::_PENALTY_STRIDE]
        first_weight = len(self._positions)
        gradient[:first_weight] += 2 * self._hold * self._drift
        curvature[:first_weight, :first_weight] += 2 * self._hold * np.eye(first_weight)
        curvature[first_weight:, first_weight:] += 2 / len(sampled) * (sampled.T @ sampled)
        if not np.isfinite(curvature).all():
            return 0.0
        return self._search(lambda_, gradient, curvature)

    def _search(self, lambda_: float, gradient: Array, curvature: Array) -> float:
        """Raise the damping until a step improves the objective, and take that step."""
        before = self._objective(lambda_, self._voltage, self._rate)
        free = self._model.free.detach().clone()
        weights = self.network.weights.detach().clone()
        count = len(free)
        held = np.zeros(len(gradient), dtype=bool)
        lower, upper = self._model.free_bounds
        held[:count] = ((free <= lower).numpy() & (gradient[:count] > 0)) | (
            (free >= upper).numpy() & (gradient[:count] < 0)
        )
        held[[count + position for position in self.network.held]] = True
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

    @_DIVERGING
    def _objective(self, lambda_: float, voltage: Array, rate: Array) -> float:
        overlap = self._directions @ rate / len(rate)
        misfit = self._shares @ (voltage - self._mean) ** 2
        held = self._hold * self._drift @ self._drift
        return float(lambda_ * misfit + np.mean(rate**2) + overlap @ overlap + held)

    def _physics_directions(self, path: PathDerivatives) -> Array:
        """Change of dv/dt by each learned physical parameter, of unit mean square."""
        positions = [self._positions[index] for index in self._physics]
        slopes = path.physics_slopes[:, positions] * self._by_variable[self._physics]
        size = np.sqrt(np.mean(slopes**2, axis=0))
        return (slopes / np.where(size > 0, size, 1.0)).T

    @property
    @_DIVERGING
    def _misfit(self) -> float:
        return float(self._shares @ (self._voltage - self._mean) ** 2)

    @property
    def _drift(self) -> Array:
        """Distance of the solver's variables from where the defect was looked for."""
        drift: Array = (self._model.free.detach() - self._base).numpy()
        return drift

    @property
    def _by_variable(self) -> Array:
        """Derivative of each learned parameter by the variable that stands for it."""
        by_variable: Array = self._model.by_free.numpy()
        return by_variable

    @_DIVERGING
    def _differentiate(self, products: Array | None = None) -> PathDerivatives:
        """The path's derivatives, and those of weighted sums of F_dl where they are wanted."""
        if products is None:
            products = np.zeros((0, self._grid.step_count))
        return path_derivatives(
            self._model, self._initial, self._grid, Integrator.EULER, products, self._groups
        )

    def _run(self) -> tuple[Array, Array]:
        run = self._model.simulate(self._initial, self._grid)
        voltage = run.voltage[0, :: self._grid.steps_per_sample].numpy()
        return group_means(voltage, self._groups), run.network_rate[0].numpy()

    @torch.no_grad()
    def _put(self, free: Tensor, weights: Tensor) -> None:
        self._model.free.copy_(free)
        self.network.weights.copy_(weights)
        self._model.keep_inside_bounds()
