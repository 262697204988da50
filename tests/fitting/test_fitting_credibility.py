"""Warnings and the share of the work: silent where all is well, and not where it is not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from simulated import STIMULUS, TRUTH, clean_trace, noisy_sequences, sequence_set

from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED, Errors, FitForecast, fit
from aphyn_gui.fitting.credibility import drift, network_share, network_warnings, warnings
from aphyn_gui.fitting.linearisation import overlap
from aphyn_gui.fitting.pacing import spontaneous_beat_ms, upward_crossings
from aphyn_gui.fitting.population import (
    ONE_POPULATION,
    Population,
    best_division,
    examine_population,
    two_groups_threshold,
)
from aphyn_gui.physics import MITCHELL_SCHAEFFER, STIMULUS_PARAMETERS, Stimulus

SAMPLES, INTERVAL_MS = 80, 3.7
PHYSICS = RECOMMENDED.with_changes(network=None, stimulus=Stimulus(*STIMULUS), learn_stimulus=False)


def physical(**changes: float) -> dict[str, float]:
    values = dict(
        zip(MITCHELL_SCHAEFFER.parameter_names, MITCHELL_SCHAEFFER.values(changes), strict=True)
    )
    names = (parameter.name for parameter in STIMULUS_PARAMETERS)
    return values | dict(zip(names, (1.0, 1.0, 0.0), strict=True))


def forecast_of(physics_rate: list[float], network_rate: list[float]) -> FitForecast:
    steps = len(physics_rate)
    return FitForecast(
        np.arange(steps + 1.0), np.zeros(steps + 1), np.ones(steps + 1),
        np.array(physics_rate), np.array(network_rate),
    )  # fmt: skip


def test_the_share_is_that_of_all_motion() -> None:
    assert network_share(forecast_of([1.0, -1.0], [0.5, -0.5])) == pytest.approx(1 / 3)
    assert network_share(forecast_of([1.0, -1.0], [0.0, 0.0])) == 0
    assert network_share(forecast_of([0.0], [0.0])) == 0


def test_the_overlap_is_a_correlation() -> None:
    direction = np.array([1.0, 2.0, -1.0])
    assert overlap(3 * direction, direction) == pytest.approx(1)
    assert overlap(-direction, direction) == pytest.approx(-1)
    assert overlap(np.array([2.0, -1.0, 0.0]), direction) == pytest.approx(0)
    assert overlap(np.zeros(3), direction) == 0


def test_drift_is_relative() -> None:
    assert drift(2.0, 3.0) == pytest.approx(0.5)
    assert math.isnan(drift(0.0, 1.0))


def test_a_beat_is_a_rise_above_one_half() -> None:
    assert list(upward_crossings(np.array([0.0, 0.6, 0.7, 0.1, 0.8]))) == [1, 4]


def test_the_original_parameters_do_not_pace() -> None:
    """They violate the rule of thumb h_min; the test run acquits them."""
    assert spontaneous_beat_ms(MITCHELL_SCHAEFFER, physical(), 0.0, 0.1) == (None, None)


def test_parameters_that_pace_are_caught_after_the_stimulated_beat() -> None:
    wild = physical(tau_in=0.1, tau_out=60.0, tau_open=5.0, v_gate=0.4)
    from_rest, after_beat = spontaneous_beat_ms(MITCHELL_SCHAEFFER, wild, 0.0, 0.1)
    assert from_rest is None
    assert after_beat is not None
    assert 100 < after_beat < 3000
    (sentence,) = warnings(
        drained(fit(noisy_sequences(), PHYSICS)).uncertainty, ONE_POPULATION,
        (from_rest, after_beat), physics_converged=True, training_count=10,
    )  # fmt: skip
    assert "fire by themselves" in sentence


def test_copies_of_one_action_potential_are_one_population() -> None:
    generator = np.random.default_rng(0)
    trace = clean_trace(SAMPLES, INTERVAL_MS)
    alarms = 0
    for index in range(200):
        count = (15, 30, 64, 100)[index % 4]
        noise = (0.02, 0.1)[index % 2] * generator.normal(size=(count, SAMPLES))
        alarms += not examine_population(trace + noise).is_one
    assert alarms <= 2


def test_tissue_that_varies_smoothly_is_one_population() -> None:
    generator = np.random.default_rng(1)
    alarms = 0
    for _ in range(10):
        closing = TRUTH["tau_close"] * np.exp(0.08 * generator.normal(size=30))
        traces = [clean_trace(SAMPLES, INTERVAL_MS, TRUTH | {"tau_close": c}) for c in closing]
        noise = 0.05 * generator.normal(size=(30, SAMPLES))
        alarms += not examine_population(np.array(traces) + noise).is_one
    assert alarms == 0


@pytest.mark.parametrize("share", [0.25, 0.5])
@pytest.mark.parametrize("count", [16, 64])
def test_a_region_across_two_tissues_is_caught(share: float, count: int) -> None:
    generator = np.random.default_rng(2)
    ischaemic = round(share * count)
    traces = np.array(
        [clean_trace(SAMPLES, INTERVAL_MS, TRUTH | {"tau_close": 140.0})] * (count - ischaemic)
        + [clean_trace(SAMPLES, INTERVAL_MS, TRUTH | {"tau_close": 90.0})] * ischaemic
    )
    mixed = traces + 0.05 * generator.normal(size=traces.shape)
    population = examine_population(mixed)
    assert not population.is_one
    assert sorted(population.sizes) == sorted((ischaemic, count - ischaemic))
    result = drained(fit(sequence_set(mixed, INTERVAL_MS, count - 4), PHYSICS))
    assert result.uncertainty is not None
    assert not result.uncertainty.is_one_population
    assert any("two groups" in warning for warning in result.warnings)


def test_a_few_sequences_are_not_judged() -> None:
    assert examine_population(np.eye(7)) == ONE_POPULATION


def test_the_best_division_is_found_by_trying_all() -> None:
    ordered = np.sort(np.random.default_rng(3).normal(size=20))
    share, size = best_division(ordered, 3)
    total = ordered.var() * 20
    within = min(ordered[:k].var() * k + ordered[k:].var() * (20 - k) for k in range(3, 18))
    assert share == pytest.approx(1 - within / total)
    assert ordered[:size].var() * size + ordered[size:].var() * (20 - size) == pytest.approx(within)
    assert two_groups_threshold(10_000) == 0.8


def test_a_sound_fit_has_no_warnings() -> None:
    assert drained(fit(noisy_sequences(), PHYSICS)).warnings == ()


def test_a_network_that_does_the_physics_work_is_warned_of() -> None:
    good, bad = Errors(1e-3, 1e-3), Errors(4e-3, 4e-3)
    assert network_warnings(0.1, {"tau_in": 0.9}, good, bad) == ()
    (share,) = network_warnings(0.4, {"tau_in": -0.6, "tau_out": 0.1}, good, bad)
    assert share == (
        "The network carries 40% of dv/dt and does work of tau_in: read the parameters beside "
        "the physics-only values."
    )
    (worse,) = network_warnings(0.1, {}, bad, good)
    assert worse.startswith("The hybrid is further from the data than the physics alone")
    assert "0.004 against 0.001" in worse


def test_a_fit_of_very_few_pixels_is_warned_of() -> None:
    few = noisy_sequences()
    few = sequence_set(few.voltages[:5], few.sample_interval_ms, 3)
    said = drained(fit(few, PHYSICS)).warnings
    assert said[0] == (
        "The fit rests on 3 training sequences: a larger region would show more of the tissue."
    )


def test_a_parameter_at_its_bound_is_warned_of() -> None:
    narrow = PHYSICS.with_changes(bounds={"tau_close": (2.0, 100.0)})
    result = drained(fit(noisy_sequences(), narrow))
    (warning,) = result.warnings
    assert warning == (
        "tau_close sits at its upper bound, 100 ms: these data would move it further. Widen the "
        "bound in the protocol, or read the value as a limit."
    )


def test_every_warning_is_a_sentence() -> None:
    said = warnings(
        None, Population(False, 0.9, 0.8, (12, 8)), (500.0, 900.0), physics_converged=False,
        training_count=1,
    )  # fmt: skip
    assert len(said) == 6
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in said)
