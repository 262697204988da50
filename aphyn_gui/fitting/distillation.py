"""Teaching the network a known field: weights by Levenberg-Marquardt on its values."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import torch

from aphyn_gui.fitting.defect import evenly_travelled
from aphyn_gui.hybrid import ResidualNetwork
from aphyn_gui.hybrid.path_derivatives import network_jacobian

Array = npt.NDArray[np.float64]

_PATH_POINTS, _EVEN_STRIDE = 300, 25
_BOX_POINTS = 200
_PULL = 1e-3
"""Weight of silence over the whole (v, h) box against the field along the path: without it the
network can leave a field that explodes beside the trajectory."""
_VOLTAGE_BOX, _GATE_BOX = (-0.1, 1.1), (0.0, 1.02)
_FIRST_DAMPING, _TRIALS = 0.1, 10
_CLOSE_ENOUGH = 0.03
_SMALLEST_GAIN = 1e-3


def teach(
    network: ResidualNetwork,
    voltage: Array,
    gate: Array,
    rate: Array,
    sensitivity: Array,
    seed: int,
    iterations: int,
) -> Generator[float, None, None]:
    """Fit the network's values to a field along a path, and to zero elsewhere.

    Parameters
    ----------
    network : ResidualNetwork
        In double precision; changed in place.
    voltage, gate, rate : ndarray, shape (steps,)
        States along the path, and F_dl there, 1/ms.
    sensitivity : ndarray, shape (steps,)
        How much an error there costs.
    seed : int
        Of the network's start.
    iterations : int
        Most iterations.

    Yields
    ------
    float
        Root mean square error along the path, relative to the field's, after each iteration.
    """
    states, wanted, weights = _targets(voltage, gate, rate, sensitivity)
    scale = float(np.sqrt(np.mean(rate**2)))
    start = ResidualNetwork(network.shape, scale, seed, torch.float64, network.sees_gate)
    flat = start.weights.detach().numpy().copy()
    v, h = (torch.from_numpy(column.copy()).float() for column in states.T)
    root = np.sqrt(weights)
    on_path = len(wanted) - _BOX_POINTS
    wanted_size = np.sqrt(np.mean(wanted[:on_path] ** 2))

    def evaluate(candidate: Array) -> tuple[Array, npt.NDArray[np.float32]]:
        found, _, _, jacobian = network_jacobian(
            network.shape, torch.from_numpy(candidate).float(), v, h
        )
        # A weight that is held changes nothing, and is not changed.
        jacobian[:, network.held] = 0.0
        return found.double().numpy() - wanted, jacobian.numpy()

    error, jacobian = evaluate(flat)
    cost = float(weights @ error**2)
    damping = _FIRST_DAMPING
    for _ in range(iterations):
        weighted = jacobian * root[:, None].astype(np.float32)
        curvature = (weighted.T @ weighted).astype(np.float64)
        gradient = weighted.T @ (root * error)
        diagonal = np.diag(curvature)
        diagonal = diagonal + 1e-9 * diagonal.max()
        gain = 0.0
        for _ in range(_TRIALS):
            trial = flat - np.linalg.solve(curvature + np.diag(damping * diagonal), gradient)
            trial_error, trial_jacobian = evaluate(trial)
            trial_cost = float(weights @ trial_error**2)
            if trial_cost < cost:
                gain = (cost - trial_cost) / cost
                flat, error, jacobian, cost = trial, trial_error, trial_jacobian, trial_cost
                damping = max(damping / 4, 1e-7)
                break
            damping *= 6
        with torch.no_grad():
            network.weights.copy_(torch.from_numpy(flat))
        relative = float(np.sqrt(np.mean(error[:on_path] ** 2)) / max(wanted_size, 1e-30))
        yield relative
        if gain < _SMALLEST_GAIN or relative < _CLOSE_ENOUGH:
            return


def _targets(
    voltage: Array, gate: Array, rate: Array, sensitivity: Array
) -> tuple[Array, Array, Array]:
    """States, wanted values and weights: dense where the path moves, and zero over the box."""
    path = np.stack((voltage, gate), axis=-1)
    stops = evenly_travelled(np.diff(path, axis=0, prepend=path[:1]), _PATH_POINTS)
    chosen = np.unique(np.concatenate((stops, np.arange(0, len(rate), _EVEN_STRIDE))))
    sobol = torch.quasirandom.SobolEngine(2)  # type: ignore[no-untyped-call]
    box = sobol.draw(_BOX_POINTS, dtype=torch.float64).numpy()
    low, high = np.array([_VOLTAGE_BOX, _GATE_BOX]).T
    states = np.concatenate((path[chosen], low + (high - low) * box))
    wanted = np.concatenate((rate[chosen], np.zeros(_BOX_POINTS)))
    cost = sensitivity[chosen] / sensitivity[chosen].mean() + 1.0
    weights = np.concatenate((cost / cost.sum(), np.full(_BOX_POINTS, _PULL / _BOX_POINTS)))
    return states, wanted, weights
