"""Intervals and flags: closed forms, and their coverage on simulated regions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from simulated import STIMULUS, TRUTH, clean_trace, noisy_sequences, sequence_set

from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED, Estimate, Uncertainty, fit
from aphyn_gui.fitting.least_squares import Unknown, least_squares
from aphyn_gui.fitting.linear_estimate import (
    largest_noise_ratio,
    linear_estimate,
    pooled_noise,
    quantile,
    resampling_covariance,
    with_measured_start,
)
from aphyn_gui.fitting.linear_fit import LinearFit, Variable
from aphyn_gui.fitting.linearisation import linearise
from aphyn_gui.fitting.uncertainty import assess
from aphyn_gui.hybrid import INITIAL_VOLTAGE, HybridModel, TimeGrid, TrajectoryProblem
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH, Stimulus

UNKNOWN = np.array([math.inf, math.inf])
JACOBIAN = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
PHYSICS = RECOMMENDED.with_changes(network=None, stimulus=Stimulus(*STIMULUS), learn_stimulus=False)


def variable(**changes: object) -> Variable:
    return replace(Variable("tau", "ms", 100.0, 1.0, 1000.0), **changes)


def line_fit(**changes: object) -> LinearFit:
    """A straight line: level and slope, both as logarithms of some tau."""
    parts = {
        "variables": (variable(name="level"), variable(name="slope")),
        "jacobian": JACOBIAN,
        "fixed": (),
        "fixed_jacobian": np.zeros((4, 0)),
        "by_start": np.zeros(4),
        "is_start_fitted": False,
    }
    return LinearFit(**(parts | changes))


def test_least_squares_are_the_textbooks() -> None:
    estimator, posterior = linear_estimate(JACOBIAN, 0.25 * np.eye(4), UNKNOWN)
    normal = JACOBIAN.T @ JACOBIAN
    np.testing.assert_allclose(estimator, np.linalg.solve(normal, JACOBIAN.T), atol=1e-12)
    np.testing.assert_allclose(posterior, 0.25 * np.linalg.inv(normal), atol=1e-12)


def test_correlated_residuals_are_weighted() -> None:
    random = np.random.default_rng(0).normal(size=(4, 4))
    covariance = random @ random.T + np.eye(4)
    estimator, posterior = linear_estimate(JACOBIAN, covariance, UNKNOWN)
    inverse = np.linalg.inv(covariance)
    expected = np.linalg.inv(JACOBIAN.T @ inverse @ JACOBIAN)
    np.testing.assert_allclose(posterior, expected, atol=1e-12)
    np.testing.assert_allclose(estimator, expected @ JACOBIAN.T @ inverse, atol=1e-12)


def test_what_is_known_beforehand_limits_the_error() -> None:
    column = np.ones((4, 1))
    _, posterior = linear_estimate(column, 0.04 * np.eye(4), np.array([0.1]))
    assert posterior[0, 0] == pytest.approx(1 / (4 / 0.04 + 1 / 0.1**2))
    same = np.ones((4, 2))
    _, both = linear_estimate(same, 0.04 * np.eye(4), np.array([2.0, 2.0]))
    assert math.sqrt(both[0, 0]) == pytest.approx(2.0 / math.sqrt(2), rel=0.01)


def test_a_direction_without_effect_is_no_exception() -> None:
    idle = np.column_stack((np.ones(4), np.zeros(4)))
    _, posterior = linear_estimate(idle, np.eye(4), UNKNOWN)
    assert posterior[0, 0] == pytest.approx(0.25)
    assert posterior[1, 1] > 1e12


def test_noise_and_resampling_of_a_mean_are_the_textbooks() -> None:
    sequences = np.random.default_rng(1).normal(size=(7, 4))
    assert pooled_noise(sequences) ** 2 == pytest.approx(sequences.var(axis=0, ddof=1).mean())
    mean_of_samples = np.full((1, 4), 0.25)
    levels = sequences.mean(axis=1)
    covariance = resampling_covariance(mean_of_samples, sequences)
    assert covariance[0, 0] == pytest.approx(levels.var(ddof=1) / 7)


def test_a_measured_start_counts_its_own_noise() -> None:
    by_start = np.array([1.0, 0.5, 0.25, 0.125])
    estimator = with_measured_start(np.full((1, 4), 0.25), by_start)
    residuals = np.array([0.3, 0.0, 0.0, 0.0])
    # The forecast moves with its first sample; what the estimate sees is the rest.
    expected = 0.25 * (residuals - by_start * residuals[0]).sum()
    assert float(estimator[0] @ residuals) == pytest.approx(expected)


def test_quantiles_are_the_normal_and_students() -> None:
    assert quantile(math.inf) == pytest.approx(1.95996, abs=1e-4)
    assert quantile(9) == pytest.approx(2.26216, abs=1e-4)
    assert largest_noise_ratio(10) == pytest.approx(stats.chi2.isf(0.2, 9) / 9)


def test_white_noise_gives_the_laplace_interval() -> None:
    generator = np.random.default_rng(3)
    sequences = 0.1 * generator.normal(size=(400, 4))
    found = assess(sequences, np.zeros(4), line_fit())
    expected = 0.1 / 20 * np.sqrt(np.diag(np.linalg.inv(JACOBIAN.T @ JACOBIAN)))
    for estimate, error in zip(found.estimates.values(), expected, strict=True):
        assert estimate.standard_error == pytest.approx(error, rel=0.05)
        assert estimate.resampling_error == pytest.approx(error, rel=0.15)
        assert estimate.lower * estimate.upper == pytest.approx(estimate.value**2)
        assert estimate.identified
        assert estimate.reason == ""
    assert found.noise == pytest.approx(0.1, rel=0.05)
    assert found.correlation[0, 1] == pytest.approx(-6 / math.sqrt(4 * 14), rel=0.01)


def test_pixels_that_differ_by_more_than_noise_widen_the_interval() -> None:
    generator = np.random.default_rng(4)
    noise = 0.01 * generator.normal(size=(12, 4))
    levels = 0.1 * generator.normal(size=(12, 1))
    found = assess(noise + levels, np.zeros(4), line_fit())
    level = found.estimates["level"]
    assert level.degrees_of_freedom == 11
    assert level.standard_error == level.resampling_error > level.laplace_error
    reach = math.log(level.upper / level.value)
    assert reach == pytest.approx(stats.t.ppf(0.975, 11) * level.standard_error)
    assert "resampling the pixels" in found.method
    assert "level" in found.method


def test_few_sequences_are_said_to_be_few() -> None:
    sequences = 0.1 * np.random.default_rng(5).normal(size=(3, 4))
    found = assess(sequences, np.zeros(4), line_fit())
    assert "too few sequences" in found.method
    assert math.isnan(found.estimates["level"].resampling_error)
    alone = assess(sequences[:1], np.zeros(4), line_fit())
    assert "misfit of its one training sequence" in alone.method
    assert alone.noise > 0


def test_what_a_network_may_add_widens_the_interval() -> None:
    sequences = 0.1 * np.random.default_rng(6).normal(size=(10, 4))
    plain = assess(sequences, np.zeros(4), line_fit()).estimates["level"]
    wide = assess(sequences, np.zeros(4), line_fit(), field_covariance=0.04 * np.eye(4))
    level = wide.estimates["level"]
    noise = wide.noise**2 / 10
    assert level.laplace_error == pytest.approx(
        plain.laplace_error * math.sqrt((noise + 0.04) / noise), rel=5e-3
    )
    assert "network" in wide.method


@pytest.mark.parametrize(
    ("value", "side", "bound"), [(1.0, "lower", "1"), (1000.0, "upper", "1000")]
)
def test_a_parameter_at_its_bound_has_no_interval(value: float, side: str, bound: str) -> None:
    sequences = 0.1 * np.random.default_rng(7).normal(size=(10, 4))
    stuck = line_fit(variables=(variable(name="level", value=value), variable(name="slope")))
    found = assess(sequences, np.zeros(4), stuck)
    level, slope = found.estimates["level"], found.estimates["slope"]
    assert not level.identified
    assert math.isnan(level.lower)
    assert level.reason.startswith(f"sits at its {side} bound, {bound} ms")
    # What is held is not estimated: the slope alone remains.
    assert slope.laplace_error == pytest.approx(found.noise / math.sqrt(10 * 14), rel=1e-3)
    assert np.isnan(found.correlation[0]).all()


def test_a_parameter_that_trades_against_another_is_named() -> None:
    sequences = 0.1 * np.random.default_rng(8).normal(size=(10, 4))
    alike = JACOBIAN.copy()
    alike[:, 1] = 1 + 0.01 * np.arange(4)
    found = assess(sequences, np.zeros(4), line_fit(jacobian=alike))
    level = found.estimates["level"]
    assert not level.identified
    assert "one standard error is" in level.reason
    assert "trades against slope, correlation -" in level.reason


def test_an_interval_ends_at_the_bounds() -> None:
    sequences = 0.1 * np.random.default_rng(9).normal(size=(10, 4))
    weak = line_fit(jacobian=1e-3 * JACOBIAN)
    for estimate in assess(sequences, np.zeros(4), weak).estimates.values():
        assert (estimate.lower, estimate.upper) == (1.0, 1000.0)


def simulated_estimates(noise: float, repeats: int) -> list[Uncertainty]:
    """Converged physics-only fits of regions with known parameters, solved side by side."""
    samples, interval_ms, count = 60, 3.7, 10
    names = tuple(TRUTH)
    bounds = {name: PHYSICS.bounds_of(name) for name in names}
    generator = np.random.default_rng(0)
    trace = clean_trace(samples, interval_ms)
    regions = trace + noise * generator.normal(size=(repeats, count, samples))
    grid = TimeGrid.covering(samples, interval_ms, 0.1)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    fixed = dict(
        zip(problem.physical_names, (*MITCHELL_SCHAEFFER_SMOOTH.values({}), *STIMULUS), strict=True)
    )
    unknowns = (*(Unknown(n, *bounds[n]) for n in names), Unknown(INITIAL_VOLTAGE, -0.25, 0.5))
    starts = torch.tensor([[*TRUTH.values(), 0.0]] * repeats, dtype=torch.float64)
    means = torch.tensor(regions.mean(axis=1, keepdims=True))
    initial = torch.tensor([[[0.0, 1.0]]] * repeats, dtype=torch.float64)
    state = drained(least_squares(problem, fixed, unknowns, starts, means, initial, tolerance=1e-5))
    assert state.converged.all()
    found = []
    for sequences, row in zip(regions, state.values.tolist(), strict=True):
        values = {**fixed, **dict(zip(names, row, strict=False))}
        model = HybridModel(MITCHELL_SCHAEFFER_SMOOTH, values, bounds, None, torch.float64)
        start = torch.tensor([[row[-1], 1.0]], dtype=torch.float64)
        linear = linearise(
            model, values, bounds, {}, start, grid, np.arange(grid.sample_count),
            is_start_fitted=True,
        )  # fmt: skip
        found.append(assess(sequences, trace, linear.fit))
    return found


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    repeats = 120
    found = simulated_estimates(0.03, repeats)
    for name, truth in TRUTH.items():
        inside = sum(u.estimates[name].lower <= truth <= u.estimates[name].upper for u in found)
        # 95 %, less three standard deviations of that count.
        assert 0.89 * repeats <= inside, name


def test_one_beat_does_not_show_how_the_gate_reopens() -> None:
    result = drained(fit(noisy_sequences(), PHYSICS))
    uncertainty = result.uncertainty
    assert uncertainty is not None
    assert set(uncertainty.estimates) == {"tau_in", "tau_out", "tau_close"}
    for name in ("tau_open", "v_gate"):
        estimate = uncertainty.not_learned[name]
        assert estimate.standard_error > 1
        assert not estimate.identified
        assert estimate.reason.startswith("kept at")
        assert "one beat does not show it" in estimate.reason
    close: Estimate = uncertainty.estimates["tau_close"]
    assert close.identified
    assert close.value == result.parameters["tau_close"]
    assert close.lower < TRUTH["tau_close"] < close.upper
    assert uncertainty.noise == pytest.approx(0.05, rel=0.1)


def test_learned_anyway_they_are_flagged() -> None:
    learned = ("tau_in", "tau_out", "tau_open", "tau_close", "v_gate")
    result = drained(fit(noisy_sequences(), PHYSICS.with_changes(learned=learned)))
    assert result.uncertainty is not None
    assert result.uncertainty.not_learned == {}
    for name in ("tau_open", "v_gate"):
        assert not result.uncertainty.estimates[name].identified


def test_a_hybrids_derivatives_are_those_of_its_forecast() -> None:
    trace = clean_trace(60, 3.7)
    bump = 0.05 * np.exp(-(((np.arange(60) * 3.7 - 60) / 30) ** 2))
    noise = 0.02 * np.random.default_rng(2).normal(size=(15, 60))
    sequences = sequence_set(trace - bump + noise, 3.7, 10)
    result = drained(fit(sequences, RECOMMENDED.with_changes(epochs=30)))
    assert result.uncertainty is not None
    for estimate in result.uncertainty.estimates.values():
        assert math.isnan(estimate.standard_error) or estimate.standard_error > 0
    assert set(result.overlaps) == {"tau_in", "tau_out", "tau_close"}
    assert all(abs(value) <= 1 for value in result.overlaps.values())
    assert 0 < result.network_share < 1
