"""What the physics cannot say: found where it is, not where it is not, and split from the taus."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from simulated import STIMULUS, TRUTH, noisy_sequences, sequence_set

from aphyn_gui.fitting import RECOMMENDED, Fit, fit
from aphyn_gui.fitting.distillation import teach
from aphyn_gui.fitting.observation_groups import observation_groups
from aphyn_gui.hybrid import (
    NetworkShape,
    ResidualNetwork,
    TimeGrid,
    TrajectoryProblem,
    follow,
    physical_names,
    simulate,
)
from aphyn_gui.hybrid.path_derivatives import group_means
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH

STEPS, STEP_MS = 3000, 0.1
NAMES = physical_names(MITCHELL_SCHAEFFER_SMOOTH)
PHYSICAL = torch.tensor([*MITCHELL_SCHAEFFER_SMOOTH.values(TRUTH), *STIMULUS], dtype=torch.float64)


def drained(generator) -> Fit:
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def field(state: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Six Gaussian bumps over (v, h), values of shape (states,)."""
    centres = np.random.default_rng(0).uniform((0.2, 0.1), (1.0, 1.0), size=(6, 2))
    distance = (state[:, None] - centres) / 0.25
    return np.exp(-0.5 * np.square(distance).sum(-1)) @ weights


def with_known_defect(size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """v and h of a trajectory with a field orthogonal to dF_p/dtau along it, and the field there.

    Finite differences of the rates along the path give the directions; the orthogonal combination
    of bumps and the path are found in turn.
    """
    grid = TimeGrid(STEP_MS, 1, STEPS + 1)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    start = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    run = simulate(problem, PHYSICAL, None, start)
    v, h = run.voltage[0].numpy().copy(), run.gate[0].numpy().copy()
    mixture = np.random.default_rng(1).normal(size=3)
    for _ in range(8):
        path = torch.from_numpy(v)
        rows = PHYSICAL.repeat(7, 1)
        for number, name in enumerate(TRUTH):
            rows[1 + 2 * number, NAMES.index(name)] *= 1 + 1e-5
            rows[2 + 2 * number, NAMES.index(name)] *= 1 - 1e-5
        rates = follow(problem, rows, start.repeat(7, 1), path).physics_rate.numpy()
        directions = rates[1::2] - rates[2::2]
        state = np.stack((v[:-1], h[:-1]), axis=-1)
        bumps = field(state, np.eye(6))
        null = np.linalg.svd(directions @ bumps / np.abs(directions @ bumps).max(1)[:, None])[2][3:]
        weights = null.T @ mixture
        weights *= size / np.sqrt(np.mean((bumps @ weights) ** 2))
        v, h = _integrated(weights)
    return v, h, field(np.stack((v[:-1], h[:-1]), axis=-1), weights)


def _integrated(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Euler steps of the model with the field added to dv/dt, written out."""
    values = dict(zip(NAMES, PHYSICAL.tolist(), strict=True))
    amplitude, duration, onset = STIMULUS
    v, h = np.zeros(STEPS + 1), np.ones(STEPS + 1)
    for k in range(STEPS):
        t = k * STEP_MS
        pulse = max(min(t + STEP_MS, onset + duration) - max(t, onset), 0.0) / STEP_MS
        inward = h[k] * v[k] ** 2 * (1 - v[k]) / values["tau_in"]
        rate = inward - v[k] / values["tau_out"] + amplitude * pulse
        rate += float(field(np.array([[v[k], h[k]]]), weights)[0])
        x = min(max((v[k] - values["v_gate"]) / 0.04, -1.0), 1.0)
        above = (2 + 3 * x - x**3) / 4
        opening = (1 - h[k]) / values["tau_open"]
        v[k + 1] = v[k] + STEP_MS * rate
        h[k + 1] = h[k] + STEP_MS * (opening + above * (-h[k] / values["tau_close"] - opening))
    return v, h


def test_a_known_defect_is_found_and_the_time_constants_return() -> None:
    v, h, defect = with_known_defect(1e-3)
    sequences = sequence_set(np.repeat(v[None], 4, axis=0), STEP_MS, 3)
    result = drained(fit(sequences, RECOMMENDED))
    off = {name: abs(result.physics_parameters[name] / true - 1) for name, true in TRUTH.items()}
    assert max(off.values()) > 0.05, "physics alone takes the defect for its own"
    for name, true in TRUTH.items():
        assert result.parameters[name] == pytest.approx(true, rel=0.02), name
    network = ResidualNetwork(NetworkShape(), 1.0, 0)
    (weights,) = (torch.from_numpy(w) for w in result.network_weights.values())
    with torch.no_grad():
        network.weights.copy_(weights)
        found = network(torch.from_numpy(v[:-1]).float(), torch.from_numpy(h[:-1]).float()).numpy()
    assert np.sqrt(np.mean((found - defect) ** 2)) < 0.10 * np.sqrt(np.mean(defect**2))


def test_noise_alone_leaves_the_network_silent_and_the_intervals_true() -> None:
    covered = 0
    for seed in range(20):
        result = drained(fit(noisy_sequences(seed=2000 + seed, samples=82), RECOMMENDED))
        assert result.mean_square_f_dl < 1e-6, seed
        estimates = result.uncertainty.estimates
        covered += sum(
            estimates[name].lower <= true <= estimates[name].upper for name, true in TRUTH.items()
        )
    # 60 intervals of 95 %: 57 expected, fewer than 51 once in 400 times.
    assert covered >= 51


def test_a_field_is_taught_and_is_silent_elsewhere() -> None:
    grid = TimeGrid(STEP_MS, 1, STEPS + 1)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    run = simulate(problem, PHYSICAL, None, torch.tensor([[0.0, 1.0]], dtype=torch.float64))
    v, h = run.voltage[0, :-1].numpy(), run.gate[0, :-1].numpy()
    wanted = 0.1 * np.exp(-0.5 * (((v - 0.8) / 0.2) ** 2 + ((h - 0.6) / 0.2) ** 2))
    network = ResidualNetwork(NetworkShape(), 1e-4, 0, torch.float64)
    *_, error = teach(network, v, h, wanted, np.ones_like(v), 0, 60)
    assert error < 0.05
    with torch.no_grad():
        found = network(torch.from_numpy(v), torch.from_numpy(h)).numpy()
        box = torch.rand(500, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        beside = network(box[:, 0], box[:, 1]).numpy()
    assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.1 * np.sqrt(np.mean(wanted**2))
    assert np.abs(beside).max() < 0.5


@pytest.mark.parametrize("interval_ms", [0.1, 1.0, 3.7])
def test_neighbours_are_averaged_where_sampling_is_dense(interval_ms: float) -> None:
    count = round(350 / interval_ms) + 1
    groups = observation_groups(count, interval_ms)
    assert groups[0] == 0
    assert groups[1] == 1
    assert set(np.diff(groups)) <= {0, 1}
    assert groups[-1] < 220
    if interval_ms == 3.7:
        assert groups[-1] == count - 1
    values = np.arange(count, dtype=float)
    means = group_means(values, groups)
    assert means[0] == 0
    assert np.average(means, weights=np.bincount(groups)) == pytest.approx(values.mean())


def test_following_a_models_own_path_returns_its_gate_and_rate() -> None:
    grid = TimeGrid(STEP_MS, 1, 800)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    start = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    run = simulate(problem, PHYSICAL, None, start)
    found = follow(problem, PHYSICAL[None], start, run.voltage[0])
    torch.testing.assert_close(found.gate, run.gate[:, :-1])
    torch.testing.assert_close(found.physics_rate, run.physics_rate)
    assert math.isfinite(float(found.physics_rate.sum()))
