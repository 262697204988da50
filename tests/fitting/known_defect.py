"""A rate error that no time constant can stand for, added to Mitchell-Schaeffer."""

from __future__ import annotations

import numpy as np
import torch
from simulated import STIMULUS, TRUTH

from aphyn_gui.fitting import Fit
from aphyn_gui.hybrid import (
    NetworkShape,
    ResidualNetwork,
    TimeGrid,
    TrajectoryProblem,
    follow,
    physical_names,
    simulate,
)
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH

STEPS, STEP_MS = 3000, 0.1
NAMES = physical_names(MITCHELL_SCHAEFFER_SMOOTH)
PHYSICAL = torch.tensor([*MITCHELL_SCHAEFFER_SMOOTH.values(TRUTH), *STIMULUS], dtype=torch.float64)


def field(state: np.ndarray, weights: np.ndarray, seed: int = 0) -> np.ndarray:
    """Six Gaussian bumps over (v, h), values of shape (states,)."""
    centres = np.random.default_rng(seed).uniform((0.2, 0.1), (1.0, 1.0), size=(6, 2))
    distance = (state[:, None] - centres) / 0.25
    return np.exp(-0.5 * np.square(distance).sum(-1)) @ weights


def with_known_defect(size: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """v and h of a trajectory with a field orthogonal to dF_p/dtau along it, and the field there.

    Finite differences of the rates along the path give the directions; the orthogonal combination
    of bumps and the path are found in turn.
    """
    grid = TimeGrid(STEP_MS, 1, STEPS + 1)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    start = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    run = simulate(problem, PHYSICAL, None, start)
    v, h = run.voltage[0].numpy().copy(), run.gate[0].numpy().copy()
    mixture = np.random.default_rng(seed + 1).normal(size=3)
    for _ in range(8):
        path = torch.from_numpy(v)
        rows = PHYSICAL.repeat(7, 1)
        for number, name in enumerate(TRUTH):
            rows[1 + 2 * number, NAMES.index(name)] *= 1 + 1e-5
            rows[2 + 2 * number, NAMES.index(name)] *= 1 - 1e-5
        rates = follow(problem, rows, start.repeat(7, 1), path).physics_rate.numpy()
        directions = rates[1::2] - rates[2::2]
        state = np.stack((v[:-1], h[:-1]), axis=-1)
        bumps = field(state, np.eye(6), seed)
        null = np.linalg.svd(directions @ bumps / np.abs(directions @ bumps).max(1)[:, None])[2][3:]
        weights = null.T @ mixture
        weights *= size / np.sqrt(np.mean((bumps @ weights) ** 2))
        v, h = _integrated(weights, seed)
    return v, h, field(np.stack((v[:-1], h[:-1]), axis=-1), weights, seed)


def _integrated(weights: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Euler steps of the model with the field added to dv/dt, written out."""
    values = dict(zip(NAMES, PHYSICAL.tolist(), strict=True))
    amplitude, duration, onset = STIMULUS
    v, h = np.zeros(STEPS + 1), np.ones(STEPS + 1)
    for k in range(STEPS):
        t = k * STEP_MS
        pulse = max(min(t + STEP_MS, onset + duration) - max(t, onset), 0.0) / STEP_MS
        inward = h[k] * v[k] ** 2 * (1 - v[k]) / values["tau_in"]
        rate = inward - v[k] / values["tau_out"] + amplitude * pulse
        rate += float(field(np.array([[v[k], h[k]]]), weights, seed)[0])
        x = min(max((v[k] - values["v_gate"]) / 0.04, -1.0), 1.0)
        above = (2 + 3 * x - x**3) / 4
        opening = (1 - h[k]) / values["tau_open"]
        v[k + 1] = v[k] + STEP_MS * rate
        h[k + 1] = h[k] + STEP_MS * (opening + above * (-h[k] / values["tau_close"] - opening))
    return v, h


def error_of(found: Fit, v: np.ndarray, h: np.ndarray, defect: np.ndarray) -> float:
    """Root mean square error of F_dl along the trajectory, as a share of the field's size."""
    network = ResidualNetwork(NetworkShape(), 1.0, 0)
    (weights,) = (torch.from_numpy(array) for array in found.network_weights.values())
    with torch.no_grad():
        network.weights.copy_(weights)
        rate = network(torch.from_numpy(v[:-1]).float(), torch.from_numpy(h[:-1]).float()).numpy()
    return float(np.sqrt(np.mean((rate - defect) ** 2) / np.mean(defect**2)))
