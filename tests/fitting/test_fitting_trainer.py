"""Training: the whole generator, on sequences with known answers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from simulated import STIMULUS, TRUTH, clean_trace, noisy_sequences, sequence_set

from aphyn_gui.draining import drained
from aphyn_gui.fitting import (
    EX_VIVO,
    IN_SILICO,
    PRESETS,
    RECOMMENDED,
    Fit,
    InitialVoltage,
    NetworkSettings,
    Optimiser,
    Outcome,
    Progress,
    Protocol,
    ProtocolError,
    Stage,
    fit,
    preset,
)
from aphyn_gui.physics import Stimulus

KNOWN_STIMULUS = Stimulus(*STIMULUS)
PHYSICS = RECOMMENDED.with_changes(network=None, stimulus=KNOWN_STIMULUS, learn_stimulus=False)
HYBRID = PHYSICS.with_changes(
    network=NetworkSettings(), optimiser=Optimiser.ADAM, repeats=0, epochs=30
)
SQUARES = PHYSICS.with_changes(network=NetworkSettings())


def drain(generator) -> tuple[list[Progress], Fit]:
    reports: list[Progress] = []
    found = drained(generator, reports.append)
    return reports, found


def test_physics_only_finds_the_truth_within_its_noise() -> None:
    _, result = drain(fit(noisy_sequences(), PHYSICS))
    assert result.outcome is Outcome.FINISHED
    assert result.physics_converged
    for name, value in TRUTH.items():
        assert result.parameters[name] == pytest.approx(value, rel=0.1), name
    assert result.hybrid == result.physics
    assert result.mean_square_f_dl == 0
    assert result.network_weights == {}


def test_a_learned_stimulus_is_found_too() -> None:
    sequences = noisy_sequences(noise=0.01, interval_ms=1.0, samples=200)
    start = Stimulus(0.5, 2.0, 0.0)
    protocol = PHYSICS.with_changes(stimulus=start, learn_stimulus=True)
    _, result = drain(fit(sequences, protocol))
    assert result.parameters["stimulus_duration"] == pytest.approx(STIMULUS[1], rel=0.15)
    assert result.parameters["tau_close"] == pytest.approx(TRUTH["tau_close"], rel=0.05)


def with_a_defect() -> np.ndarray:
    """Action potentials that Mitchell-Schaeffer cannot make: a notch in the plateau."""
    trace = clean_trace(120, 2.0)
    time = np.arange(120) * 2.0
    trace = trace - 0.1 * np.exp(-(((time - 30) / 20) ** 2))
    return trace + 0.02 * np.random.default_rng(1).normal(size=(15, 120))


def test_the_hybrid_beats_converged_physics_where_the_physics_falls_short() -> None:
    sequences = sequence_set(with_a_defect(), 2.0, 10)
    reports, result = drain(fit(sequences, HYBRID.with_changes(epochs=150, learning_rate=3e-3)))
    assert result.outcome is Outcome.FINISHED
    assert result.physics_converged
    assert result.hybrid.training_mse < result.physics.training_mse
    assert result.hybrid.validation_mse < result.physics.validation_mse
    assert result.mean_square_f_dl > 0
    assert result.mean_trace.training_mse < result.hybrid.training_mse
    stages = [report.stage for report in reports]
    assert stages[0] is Stage.PREPARING
    assert stages == sorted(stages, key=list(Stage).index)


def test_least_squares_reach_the_floor_where_the_physics_falls_short() -> None:
    sequences = sequence_set(with_a_defect(), 2.0, 10)
    reports, result = drain(fit(sequences, SQUARES))
    assert result.outcome is Outcome.FINISHED
    floor = result.mean_trace.validation_mse
    assert result.physics.validation_mse > 1.5 * floor
    assert result.hybrid.validation_mse - floor < 0.2 * (result.physics.validation_mse - floor)
    hybrid = [report for report in reports if report.stage is Stage.HYBRID]
    assert len({report.lambda_ for report in hybrid}) == 1
    assert hybrid[0].lambda_ > 0
    assert all(math.isfinite(report.training_mse) for report in hybrid)


def test_least_squares_leave_the_network_silent_where_the_physics_says_it_all() -> None:
    for seed in range(4):
        _, result = drain(fit(noisy_sequences(seed=seed), SQUARES))
        assert result.mean_square_f_dl == 0
        assert result.parameters == pytest.approx(result.physics_parameters, rel=1e-6)


def test_least_squares_can_be_cancelled_and_repeated() -> None:
    sequences = sequence_set(with_a_defect(), 2.0, 10)
    stops = iter([False] * 60)
    _, cancelled = drain(fit(sequences, SQUARES, should_stop=lambda: next(stops, True)))
    assert cancelled.outcome in (Outcome.CANCELLED, Outcome.FINISHED)
    assert math.isfinite(cancelled.hybrid.validation_mse)
    one, same = (drain(fit(sequences, SQUARES))[1] for _ in range(2))
    assert one.parameters == same.parameters
    assert one.hybrid == same.hybrid


def test_every_report_is_complete_and_every_snapshot_adds_up() -> None:
    reports, result = drain(fit(noisy_sequences(), HYBRID))
    hybrid = [report for report in reports if report.stage is Stage.HYBRID]
    assert [report.epoch for report in hybrid] == list(range(1, 31))
    for report in hybrid:
        assert set(report.parameters) == set(HYBRID.unknowns)
        assert report.remaining_s >= 0
        assert report.epochs_per_s > 0
        assert "CPU" in report.device
    for forecast in (result.forecast, result.physics_forecast):
        change = np.diff(forecast.voltage) / forecast.time_step_ms
        np.testing.assert_allclose(forecast.physics_rate + forecast.network_rate, change, atol=2e-5)
        total = forecast.integrated_physics + forecast.integrated_network
        np.testing.assert_allclose(total, forecast.voltage, atol=2e-5)


def test_a_snapshot_can_be_taken_at_every_report() -> None:
    generator = fit(noisy_sequences(), HYBRID.with_changes(epochs=3))
    seen = 0
    for report in generator:
        if report.detail is None:
            assert report.stage is Stage.PREPARING
            continue
        detail = report.detail()
        assert np.isfinite(detail.forecast.voltage).all()
        if report.stage is Stage.HYBRID:
            seen += 1
            assert detail.history.epochs == report.epoch
    assert seen == 3


def test_lambda_grows_by_gamma_times_the_trajectory_loss() -> None:
    for gamma in (1.0, 10.0):
        _, result = drain(fit(noisy_sequences(), HYBRID.with_changes(lambda_growth=gamma)))
        history = result.history
        assert history.lambda_[0] == 1.0
        np.testing.assert_allclose(
            np.diff(history.lambda_), gamma * history.training_mse[:-1], rtol=1e-9
        )


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, same, other = (
        drain(fit(noisy_sequences(), HYBRID.with_changes(seed=seed)))[1] for seed in (3, 3, 4)
    )
    assert one.parameters == same.parameters
    assert one.hybrid == same.hybrid
    np.testing.assert_array_equal(one.forecast.voltage, same.forecast.voltage)
    assert one.hybrid != other.hybrid


def test_a_cancelled_fit_keeps_its_last_model() -> None:
    epochs: list[int] = []
    generator = fit(
        noisy_sequences(), HYBRID.with_changes(epochs=1000), should_stop=lambda: len(epochs) >= 5
    )
    result = None
    while result is None:
        try:
            report = next(generator)
            if report.stage is Stage.HYBRID:
                epochs.append(report.epoch)
        except StopIteration as stop:
            result = stop.value
    assert result.outcome is Outcome.CANCELLED
    assert result.history.epochs == 5
    assert math.isfinite(result.hybrid.validation_mse)


def test_cancelling_at_once_still_ends_in_a_fit() -> None:
    _, result = drain(fit(noisy_sequences(), HYBRID, should_stop=lambda: True))
    assert result.outcome is Outcome.CANCELLED
    assert math.isfinite(result.hybrid.training_mse)


def test_divergence_is_reported_and_the_last_finite_model_kept() -> None:
    wild = HYBRID.with_changes(learning_rate=30.0, epochs=200)
    _, result = drain(fit(noisy_sequences(), wild))
    assert result.outcome is Outcome.DIVERGED
    assert "diverged at epoch" in result.message
    assert math.isfinite(result.hybrid.training_mse)
    assert np.isfinite(result.forecast.voltage).all()


def test_a_fit_cancelled_just_before_it_diverges_keeps_finite_numbers() -> None:
    wild = HYBRID.with_changes(learning_rate=30.0, epochs=200)
    _, diverged = drain(fit(noisy_sequences(), wild))
    last = diverged.history.epochs
    done = 0

    def look(progress: Progress) -> None:
        nonlocal done
        done = progress.epoch if progress.stage is Stage.HYBRID else 0

    result = drained(fit(noisy_sequences(), wild, should_stop=lambda: done == last), look)
    assert result.outcome is Outcome.CANCELLED
    assert result.history.epochs == last
    assert math.isfinite(result.hybrid.training_mse)
    assert np.isfinite(result.forecast.voltage).all()


def test_without_a_warm_start_the_hybrid_begins_at_the_protocols_values() -> None:
    cold = HYBRID.with_changes(warm_start=False, values={"tau_close": 80.0}, epochs=1)
    reports, _ = drain(fit(noisy_sequences(), cold))
    (first,) = (report for report in reports if report.stage is Stage.HYBRID)
    assert first.parameters["tau_close"] == pytest.approx(80.0, rel=1e-5)


def test_what_is_not_learned_does_not_move() -> None:
    protocol = HYBRID.with_changes(learned=("tau_in", "tau_out"), values={"tau_close": 130.0})
    _, result = drain(fit(noisy_sequences(), protocol))
    assert result.parameters["tau_close"] == pytest.approx(130.0, rel=1e-6)
    assert set(result.history.parameters) == {"tau_in", "tau_out"}


def test_learned_parameters_keep_to_their_bounds() -> None:
    protocol = HYBRID.with_changes(bounds={"tau_close": (2.0, 100.0)})
    _, result = drain(fit(noisy_sequences(), protocol))
    assert result.parameters["tau_close"] <= 100.0 * (1 + 1e-6)


@pytest.mark.parametrize("initial", InitialVoltage)
def test_forecasts_start_where_the_protocol_says(initial: InitialVoltage) -> None:
    sequences = noisy_sequences()
    _, result = drain(fit(sequences, HYBRID.with_changes(network=None, initial_voltage=initial)))
    mean = sequences.training_voltages[:, 0].mean()
    start = result.forecast.voltage[0]
    if initial is InitialVoltage.FITTED:
        # Its noise is that of the mean of ten samples, 0.016.
        assert start == pytest.approx(mean, abs=0.06)
        assert start != pytest.approx(mean, abs=1e-6)
    else:
        assert start == pytest.approx(mean, abs=1e-6)


def test_the_floor_is_the_mean_training_trace() -> None:
    sequences = noisy_sequences()
    _, result = drain(fit(sequences, PHYSICS))
    mean = sequences.training_voltages.mean(axis=0)
    floor = ((sequences.validation_voltages - mean) ** 2).mean()
    assert result.mean_trace.validation_mse == pytest.approx(floor, rel=1e-5)


def test_the_papers_presets_are_the_papers() -> None:
    assert (EX_VIVO.lambda_growth, IN_SILICO.lambda_growth) == (1.0, 10.0)
    for protocol in (EX_VIVO, IN_SILICO):
        assert protocol.initial_lambda == 1.0
        assert protocol.learning_rate == 1e-3
        assert protocol.epochs == 100
        assert protocol.time_step_ms == 0.1
        assert protocol.physics == "mitchell_schaeffer"
        assert protocol.learned_names == ("tau_in", "tau_out", "tau_close")
        assert protocol.stimulus == Stimulus(1.0, 1.0, 0.0)
        assert protocol.network == NetworkSettings(features=8, blocks=3)
        assert protocol.initial_voltage is InitialVoltage.MEASURED
        assert not protocol.learn_stimulus


@pytest.mark.parametrize("name", [protocol.name for protocol in PRESETS])
def test_presets_are_found_by_name(name: str) -> None:
    assert preset(name).name == name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "at least 1 epoch"),
        ({"optimiser": Optimiser.LEAST_SQUARES}, "choose one initial voltage"),
        ({"learning_rate": -1.0}, "learning rate must be positive"),
        ({"physics": "nernst"}, "no ionic model is called 'nernst'"),
        ({"learned": ("tau_up",)}, "no parameter 'tau_up'"),
        ({"values": {"tau_in": 99.0}}, "tau_in = 99 lies outside its bounds"),
        ({"bounds": {"tau_in": (2.0, 1.0)}}, "2 to 1 is no range"),
        ({"lambda_growth": math.nan}, "lambda must not shrink"),
        ({"time_step_ms": 0.0}, "time step must be positive"),
    ],
)
def test_impossible_settings_are_refused_by_name(changes: dict, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        Protocol(**changes)


def test_a_protocol_cannot_be_changed_behind_its_back() -> None:
    values = {"tau_in": 0.4}
    protocol = Protocol(values=values)
    values["tau_in"] = 9.0
    assert protocol.values["tau_in"] == 0.4
    with pytest.raises(TypeError):
        protocol.values["tau_in"] = 1.0  # type: ignore[index]
    assert replace(protocol, seed=3).values == protocol.values
