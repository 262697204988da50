"""Physics only: the solver against known answers and against SciPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.optimize
import torch
from simulated import STIMULUS, TRUTH, clean_trace, noisy_sequences

from aphyn_gui.draining import drained
from aphyn_gui.fitting.least_squares import Unknown, least_squares
from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, observe
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH

UNKNOWNS = (
    Unknown("tau_in", 0.1, 3.0), Unknown("tau_out", 0.5, 60.0), Unknown("tau_close", 2.0, 1000.0),
)  # fmt: skip
NAMES = (
    *MITCHELL_SCHAEFFER_SMOOTH.parameter_names,
    "stimulus_amplitude", "stimulus_duration", "stimulus_onset",
)  # fmt: skip
FIXED = dict(zip(NAMES, (*MITCHELL_SCHAEFFER_SMOOTH.values(), *STIMULUS), strict=True))
SAMPLES, INTERVAL_MS = 60, 3.7
PROBLEM = TrajectoryProblem(
    MITCHELL_SCHAEFFER_SMOOTH, None, TimeGrid.covering(SAMPLES, INTERVAL_MS, 0.1)
)
INITIAL = torch.tensor([[[0.0, 1.0]]], dtype=torch.float64)
START = torch.tensor([[0.3, 6.0, 150.0]], dtype=torch.float64)


def solve(starts: torch.Tensor, measured: torch.Tensor, initial: torch.Tensor = INITIAL, **kwargs):
    return drained(least_squares(PROBLEM, FIXED, UNKNOWNS, starts, measured, initial, **kwargs))


def measured_from(truth: dict[str, float]) -> torch.Tensor:
    return torch.tensor(clean_trace(SAMPLES, INTERVAL_MS, truth))[None, None]


def test_the_truth_returns_from_clean_data() -> None:
    found = solve(START, measured_from(TRUTH))
    assert bool(found.converged)
    assert found.mean_square_error.item() < 1e-12
    assert found.values[0].tolist() == pytest.approx(list(TRUTH.values()), rel=1e-4)


def test_the_minimum_is_scipys() -> None:
    sequences = noisy_sequences(samples=SAMPLES, interval_ms=INTERVAL_MS)
    measured = torch.tensor(sequences.training_voltages)
    initial = INITIAL.expand(1, len(measured), 2)
    found = solve(START, measured[None], initial)

    def residuals(logarithms: np.ndarray) -> np.ndarray:
        values = dict(zip((u.name for u in UNKNOWNS), np.exp(logarithms), strict=True))
        physical = torch.tensor([{**FIXED, **values}[name] for name in NAMES])
        voltage = observe(PROBLEM, physical.double(), None, initial[0]).voltage
        return (voltage - measured).numpy().ravel()

    expected = scipy.optimize.least_squares(residuals, START[0].log().numpy(), xtol=1e-12)
    assert found.mean_square_error.item() * measured.numel() / 2 <= expected.cost * (1 + 1e-8)
    np.testing.assert_allclose(found.values[0], np.exp(expected.x), rtol=1e-3)


def test_every_problem_of_a_batch_is_solved_on_its_own() -> None:
    truths = [TRUTH, {**TRUTH, "tau_close": 60.0}, {**TRUTH, "tau_out": 10.0, "tau_in": 0.5}]
    measured = torch.cat([measured_from(truth) for truth in truths])
    found = solve(START.expand(3, 3), measured, INITIAL.expand(3, 1, 2))
    for values, truth in zip(found.values, truths, strict=True):
        assert values.tolist() == pytest.approx(list(truth.values()), rel=1e-3)


def test_bounds_hold_and_the_rest_still_converges() -> None:
    narrow = (*UNKNOWNS[:2], Unknown("tau_close", 2.0, 90.0))
    solver = least_squares(PROBLEM, FIXED, narrow, START, measured_from(TRUTH), INITIAL)
    for state in solver:
        assert state.values[0, 2] <= 90.0 * (1 + 1e-12)
    assert state.values[0, 2].item() == pytest.approx(90.0)
    assert bool(state.converged)


def test_the_error_never_grows() -> None:
    start = torch.tensor([[1.5, 40.0, 15.0]], dtype=torch.float64)
    solver = least_squares(PROBLEM, FIXED, UNKNOWNS, start, measured_from(TRUTH), INITIAL)
    errors = [state.mean_square_error.item() for state in solver]
    assert all(later <= earlier for earlier, later in itertools.pairwise(errors))


def test_hopeless_data_end_without_a_wrong_claim() -> None:
    measured = torch.full((1, 1, SAMPLES), torch.nan, dtype=torch.float64)
    found = solve(START, measured)
    assert not bool(found.converged)
    assert not np.isfinite(found.mean_square_error.item())
