"""What the physics cannot say: found where it is, not where it is not, and split from the taus."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from known_defect import PHYSICAL, STEP_MS, STEPS, error_of, with_known_defect
from simulated import TRUTH, noisy_sequences, sequence_set

from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED, fit
from aphyn_gui.fitting.defect import find_defect
from aphyn_gui.fitting.distillation import teach
from aphyn_gui.fitting.observation_groups import observation_groups
from aphyn_gui.hybrid import (
    HybridModel,
    Integrator,
    NetworkShape,
    ResidualNetwork,
    TimeGrid,
    TrajectoryProblem,
    follow,
    physical_names,
    simulate,
)
from aphyn_gui.hybrid.path_derivatives import group_means, path_derivatives
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH


def test_a_known_defect_is_found_and_the_time_constants_return() -> None:
    v, h, defect = with_known_defect(1e-3)
    sequences = sequence_set(np.repeat(v[None], 4, axis=0), STEP_MS, 3)
    result = drained(fit(sequences, RECOMMENDED))
    off = {name: abs(result.physics_parameters[name] / true - 1) for name, true in TRUTH.items()}
    assert max(off.values()) > 0.05, "physics alone takes the defect for its own"
    for name, true in TRUTH.items():
        assert result.parameters[name] == pytest.approx(true, rel=0.02), name
    assert error_of(result, v, h, defect) < 0.10


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


@pytest.mark.parametrize(("noise", "seed"), [(0.01, 0), (0.01, 2), (0.04, 0), (0.04, 2)])
def test_physics_about_to_fire_again_is_not_set_off(noise: float, seed: int) -> None:
    """At the window's end v passes the gate's threshold: the least touch adds a beat."""
    values = {"tau_in": 0.5408, "tau_out": 24.45, "tau_open": 120.0, "tau_close": 50.387,
              "v_gate": 0.13, "stimulus_amplitude": 0.36548, "stimulus_duration": 0.2,
              "stimulus_onset": 1.8042}  # fmt: skip
    grid = TimeGrid.covering(190, 2.0, 0.1)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    physical = torch.tensor([values[n] for n in problem.physical_names], dtype=torch.float64)
    initial = torch.tensor([[0.0918, 1.0]], dtype=torch.float64)
    voltage = simulate(problem, physical, None, initial).voltage[0, :: grid.steps_per_sample]
    generator = np.random.default_rng(seed)
    copies = voltage.numpy() + noise * generator.normal(size=(15, len(voltage)))
    result = drained(fit(sequence_set(copies, 2.0, 10), RECOMMENDED.with_changes(repeats=0)))
    assert result.hybrid.training_mse <= result.physics.training_mse * 1.001
    assert result.hybrid.training_mse < 1.1 * noise**2
    assert result.mean_square_f_dl == 0


def test_derivatives_without_measure_have_no_defect() -> None:
    grid = TimeGrid(STEP_MS, 10, STEPS // 10 + 1)
    model = HybridModel(
        MITCHELL_SCHAEFFER_SMOOTH,
        dict(zip(physical_names(MITCHELL_SCHAEFFER_SMOOTH), PHYSICAL.tolist(), strict=True)),
        {"tau_in": (0.05, 1.0)},
        ResidualNetwork(NetworkShape(), 1e-4, 0, torch.float64),
        torch.float64,
    )
    initial = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    groups = np.arange(grid.sample_count)
    path = path_derivatives(
        model, initial, grid, Integrator.EULER, np.zeros((0, grid.step_count)), groups
    )
    noise = np.full(len(groups), 1e-4)
    residual = np.full(len(groups), 1e-3)
    learned = [physical_names(MITCHELL_SCHAEFFER_SMOOTH).index("tau_in")]
    assert find_defect(path, residual, noise, learned, np.ones(1)) is not None
    for size in (1e20, 1e200):
        wild = replace(path, by_parameter=path.by_parameter * size)
        with np.errstate(over="ignore"):
            assert find_defect(wild, residual, noise, learned, np.ones(1)) is None


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
