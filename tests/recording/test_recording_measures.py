from pathlib import Path

import numpy as np
import pytest
from recording_samples import beating, movie, real_durations

from aphyn_gui.recording import (
    DEFINITIONS,
    Polarity,
    Preparation,
    Quartiles,
    RecordingError,
    RectangularRoi,
    action_potential_duration,
    detect_beats,
    measure_action_potential,
    measure_region,
    open_recording,
    prepare_region,
    remove_drift,
    signal_to_noise,
)


def ramp_and_decay(
    interval_ms: float, onset_ms: float = 30.0, rise_ms: float = 4.0, decay_ms: float = 50.0
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Zero, a smooth rise that is steepest at the onset, an exponential decay from its top."""
    time = np.arange(0, 600, interval_ms)
    rise = 0.5 * (1 - np.cos(np.pi * np.clip((time - onset_ms) / rise_ms + 0.5, 0, 1)))
    decay = np.exp(-np.clip(time - onset_ms - rise_ms / 2, 0, None) / decay_ms)
    return rise * decay


@pytest.mark.parametrize("level", [0.3, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("offset_ms", [0.0, 0.05, 0.13])
def test_duration_in_closed_form(level: float, offset_ms: float) -> None:
    interval = 0.1
    trace = ramp_and_decay(interval, onset_ms=30 + offset_ms)
    time = np.arange(trace.size) * interval
    expected = 2.0 + 50.0 * np.log(1 / (1 - level))

    # The sampled peak lies up to one interval beside the true one.
    assert action_potential_duration(time, trace, level) == pytest.approx(expected, abs=0.15)


def test_all_measures_in_closed_form() -> None:
    measures = measure_action_potential(7 + 3 * ramp_and_decay(0.1), 0.1)

    assert measures.onset_ms == pytest.approx(30.0, abs=0.02)
    assert measures.amplitude == pytest.approx(3.0, rel=1e-3)
    assert measures.apd50_ms == pytest.approx(2 + 50 * np.log(2), abs=0.1)
    assert measures.apd80_ms == pytest.approx(2 + 50 * np.log(5), abs=0.1)
    assert measures.apd90_ms == pytest.approx(2 + 50 * np.log(10), abs=0.1)
    # A quarter wave from 10 % to 90 %: (4 ms / pi) * (acos(-0.8) - acos(0.8)).
    expected = 4 / np.pi * (np.arccos(-0.8) - np.arccos(0.8))
    assert measures.rise_time_ms == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 0.8])
def test_the_onset_lies_between_samples(shift: float) -> None:
    trace = beating([40 + shift], 200, 1.0, duration_ms=60, rise_ms=6)
    reference = beating([40], 200, 1.0, duration_ms=60, rise_ms=6)
    moved = (
        measure_action_potential(trace, 1.0).onset_ms
        - measure_action_potential(reference, 1.0).onset_ms
    )

    assert moved == pytest.approx(shift, abs=0.05)


def test_scale_and_offset_do_not_matter() -> None:
    trace = ramp_and_decay(0.5)
    one, other = (measure_action_potential(values, 0.5) for values in (trace, 30 - -800 * trace))

    assert other.apd80_ms == pytest.approx(one.apd80_ms)
    assert other.rise_time_ms == pytest.approx(one.rise_time_ms)
    assert other.amplitude == pytest.approx(800 * one.amplitude)


def test_a_level_that_is_not_reached_is_nan() -> None:
    plateau = ramp_and_decay(1.0)[:70]
    measures = measure_action_potential(plateau, 1.0)

    assert np.isfinite(measures.apd50_ms)
    assert np.isnan(measures.apd80_ms)
    assert np.isnan(measures.apd90_ms)


@pytest.mark.parametrize(
    "trace", [np.zeros(50), np.linspace(1, 0, 50), np.append(np.zeros(49), np.nan)]
)
def test_what_has_no_upstroke_has_no_measures(
    trace: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    measures = measure_action_potential(trace, 1.0)

    assert np.isnan([measures.apd50_ms, measures.rise_time_ms, measures.onset_ms]).all()


def test_a_wave_before_the_upstroke_does_not_belong_to_it() -> None:
    trace = np.concatenate([[0.98, 0.9], np.zeros(20), ramp_and_decay(1.0)])
    alone = measure_action_potential(ramp_and_decay(1.0), 1.0)

    measures = measure_action_potential(trace, 1.0)
    assert measures.rise_time_ms == pytest.approx(alone.rise_time_ms)
    assert measures.onset_ms == pytest.approx(alone.onset_ms + 22)


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(RecordingError, match="at least 4 samples"):
        measure_action_potential(np.zeros(3), 1.0)
    with pytest.raises(RecordingError, match=r"\(0, 1\)"):
        action_potential_duration(np.arange(9.0), np.arange(9.0), 80)


def test_the_definitions_say_what_is_measured() -> None:
    for word in ("maximum dV/dt", "Baseline: lowest value before", "10 % to 90 %"):
        assert word in DEFINITIONS


def test_quartiles_ignore_what_could_not_be_measured() -> None:
    quartiles = Quartiles.of([1.0, 2.0, 3.0, np.nan])

    assert (quartiles.lower, quartiles.median, quartiles.upper) == (1.5, 2.0, 2.5)
    assert np.isnan(Quartiles.of([np.nan]).median)


@pytest.mark.parametrize("noise", [20.0, 100.0])
def test_signal_to_noise_is_amplitude_over_noise(noise: float) -> None:
    traces = movie(noise=noise, beat_count=3, frame_count=400).reshape(400, -1).T
    one_beat = traces[:, 20:150]
    # The filter takes a few per cent of the peak.
    assert np.median(signal_to_noise(one_beat)) == pytest.approx(930 / noise, rel=0.1)


def test_signal_to_noise_of_nothing() -> None:
    assert signal_to_noise(np.zeros(50)) == 0
    assert signal_to_noise(np.random.default_rng(0).normal(size=(500, 130))).max() < 3


def test_a_region_is_measured_as_its_pixels_are() -> None:
    frames = movie(noise=10.0, duration_ms=40.0)
    traces = -frames.reshape(len(frames), -1).T
    beats = detect_beats(remove_drift(traces.mean(axis=0), 1), 1.0)
    measures = measure_region(
        frames,
        (slice(None), slice(None)),
        frame_interval_ms=1.0,
        polarity=Polarity.DOWN,
        preparation=Preparation(),
        beats=beats,
    )
    clean = measure_action_potential(beating([40], 150, 1.0), 1.0)

    assert measures.pixel_count == 30
    assert measures.beat_count == 3
    assert measures.apd50_ms.median == pytest.approx(clean.apd50_ms, abs=1.5)
    assert measures.apd80_ms.median == pytest.approx(clean.apd80_ms, abs=2)
    assert measures.apd80_ms.lower <= measures.apd80_ms.median <= measures.apd80_ms.upper


@pytest.mark.parametrize("drift_order", [0, 1])
@real_durations
def test_the_table_of_real_durations(
    shared_data: Path,
    name: str,
    row: int,
    apd50_ms: float,
    apd80_ms: float,
    tolerance_ms: float,
    drift_order: int,
) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    prepared = prepare_region(
        recording, RectangularRoi(2, row, 8, 8), Preparation(drift_order=drift_order)
    )

    assert prepared.measures.apd50_ms.median == pytest.approx(apd50_ms, abs=tolerance_ms)
    assert prepared.measures.apd80_ms.median == pytest.approx(apd80_ms, abs=tolerance_ms)
    assert 6 < prepared.measures.snr.median < 15
    assert prepared.measures.pixel_count == 64
