from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recording_samples import beating
from scipy.io import loadmat

from aphyn_gui.recording import (
    RecordingError,
    RectangularRoi,
    detect_beats,
    open_recording,
    remove_drift,
)

RODENT = {"duration_ms": 40.0, "rise_ms": 4.0}
SWINE = {"duration_ms": 220.0, "rise_ms": 10.0}


@pytest.mark.parametrize(
    ("cycle_ms", "interval_ms", "shape"),
    [
        (130.0, 1.0, RODENT),
        (150.0, 1.0, RODENT),
        (85.0, 1.0, {"duration_ms": 30.0, "rise_ms": 4.0}),
        (400.0, 3.7, SWINE),
        (1000.0, 3.7, SWINE),
        (700.0, 2.0, SWINE),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
def test_onsets_and_cycle_length(
    cycle_ms: float, interval_ms: float, shape: dict[str, float], noise: float
) -> None:
    onsets = 0.31 * cycle_ms + cycle_ms * np.arange(5)
    trace = beating(onsets, int(5.2 * cycle_ms / interval_ms), interval_ms, **shape)
    trace = trace + np.random.default_rng(0).normal(scale=noise, size=trace.size)
    beats = detect_beats(trace, interval_ms)

    assert beats.onsets_ms.size == 5
    tolerance = (0.3 + 10 * noise) * interval_ms
    # The half of the height comes at the same delay after every onset.
    delays = beats.onsets_ms - onsets
    np.testing.assert_allclose(delays, np.median(delays), atol=tolerance)
    assert beats.cycle_length_ms == pytest.approx(cycle_ms, abs=tolerance)
    assert beats.complete.tolist() == [0, 1, 2, 3]
    assert (beats.feet_ms < beats.onsets_ms).all()


def test_onsets_lie_between_frames() -> None:
    for shift in (0.0, 0.25, 0.5, 0.75):
        trace = beating(np.array([60.0, 190.0, 320.0]) + shift, 450, 1.0)
        reference = beating(np.array([60.0, 190.0, 320.0]), 450, 1.0)
        moved = detect_beats(trace, 1.0).onsets_ms - detect_beats(reference, 1.0).onsets_ms

        np.testing.assert_allclose(moved, shift, atol=0.05)


@pytest.mark.parametrize("seed", range(40))
def test_noise_is_not_mistaken_for_beats(seed: int) -> None:
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=int(generator.integers(50, 2000)))

    with pytest.raises(RecordingError, match="no beats found"):
        detect_beats(noise, 1.0)


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (np.full(500, 3.0), "flat"),
        (np.zeros(500), "flat"),
        (np.linspace(0, 1, 500), "no upstroke|flat"),
        (np.zeros(5), "too few"),
        (np.full(500, np.nan), "not numbers"),
    ],
)
def test_traces_without_beats_are_refused(trace: Any, message: str) -> None:
    flat = remove_drift(trace, 1) if np.isfinite(trace).all() and trace.size > 5 else trace
    with pytest.raises(RecordingError, match=message):
        detect_beats(flat, 1.0)


def test_a_notch_after_the_upstroke_does_not_count_twice() -> None:
    onsets = 60 + 400 * np.arange(3)
    trace = beating(onsets, 1200, 1.0, duration_ms=220, rise_ms=5)
    spike_and_dome = trace - 0.25 * beating(onsets + 12, 1200, 1.0, duration_ms=20, rise_ms=5)

    assert detect_beats(spike_and_dome, 1.0).onsets_ms.size == 3


def test_a_first_beat_cut_off_in_its_upstroke_is_dropped() -> None:
    onsets = 1.0 + 130 * np.arange(4)
    trace = beating(onsets, 450, 1.0)
    beats = detect_beats(trace, 1.0)

    np.testing.assert_allclose(beats.onsets_ms, onsets[1:], atol=1.0)


def test_a_recording_that_begins_in_a_plateau() -> None:
    trace = beating(-20 + 130 * np.arange(4), 420, 1.0)
    trace += np.random.default_rng(2).normal(scale=0.03, size=420)

    np.testing.assert_allclose(detect_beats(trace, 1.0).onsets_ms, [110, 240, 370], atol=1.5)


def test_a_last_beat_cut_off_on_its_plateau_counts_but_is_not_complete() -> None:
    beats = detect_beats(beating([50, 450], 500, 1.0, **SWINE), 1.0)

    assert beats.onsets_ms.size == 2
    assert beats.complete.tolist() == [0]


def test_a_single_beat_lasts_to_the_end_and_says_so() -> None:
    beats = detect_beats(beating([80], 500, 1.0, **SWINE), 1.0)

    assert beats.onsets_ms.size == 1
    assert beats.cycle_length_ms == pytest.approx(499 - beats.feet_ms[0])
    assert beats.complete.tolist() == [0]
    assert "one beat" in beats.notes[0]


def test_the_foot_precedes_the_half_by_half_the_rise() -> None:
    # A logistic upstroke: from 5 % to 50 % takes ln(19) of its time constants.
    beats = detect_beats(beating([300], 1500, 1.0, duration_ms=600, rise_ms=40), 1.0)

    assert beats.lead_ms == pytest.approx(np.log(19) * 40 / 4.4, rel=0.1)


def test_the_ensemble_removes_noise() -> None:
    onsets = 45.4 + 130 * np.arange(8)
    clean = beating(onsets, 1100, 1.0)
    noisy = clean + np.random.default_rng(0).normal(scale=0.1, size=1100)
    beats = detect_beats(noisy, 1.0)
    quiet = beats.ensemble(clean, 1.0)
    averaged = beats.ensemble(np.stack([noisy, clean]), 1.0)

    assert averaged.shape == (2, int(beats.cycle_length_ms))
    np.testing.assert_array_equal(averaged[1], quiet)
    assert np.std(averaged[0] - quiet) < 0.1 / np.sqrt(6)


def test_alternans_is_not_two_to_one_block() -> None:
    trace = beating(40 + 200 * np.arange(4), 900, 1.0) + 0.6 * beating(
        140 + 200 * np.arange(4), 900, 1.0
    )

    assert detect_beats(trace, 1.0).onsets_ms.size == 8


@pytest.mark.parametrize(
    ("name", "sign", "cycle_ms"),
    [
        ("bcl140_pacing_V", -1, 140),
        ("bcl140_pacing_Ca", 1, 140),
        ("bcl85_alternans_Ca", 1, 85),
    ],
)
def test_real_field_averages(shared_data: Path, name: str, sign: int, cycle_ms: float) -> None:
    trace = loadmat(shared_data / "traces_1d_licensed" / f"{name}.mat")["avgTrace"].ravel()
    beats = detect_beats(remove_drift(sign * trace, 1), 1.0)

    assert beats.cycle_length_ms == pytest.approx(cycle_ms, abs=1)
    assert np.ptp(np.diff(beats.onsets_ms)) < 0.06 * cycle_ms


def test_real_paced_trace_follows_its_pacing(shared_data: Path) -> None:
    # The file is NumPy's own, but older than the rule against pickles; it is trusted here.
    data = np.load(
        shared_data / "traces_1d_licensed" / "apfeatures_real_data.npy", allow_pickle=True
    ).item()
    # Its samples are jittered by less than half of their interval.
    interval = float(np.median(np.diff(data["t"])))
    time = np.arange(data["t"][0], data["t"][-1], interval)
    beats = detect_beats(remove_drift(np.interp(time, data["t"], data["y"]), 1), interval)
    pacing = data["t"][1:][np.diff(data["pacing"]) > 0]
    stimuli = pacing[np.insert(np.diff(pacing) > 100, 0, True)]

    assert beats.onsets_ms.size == stimuli.size
    latency = beats.onsets_ms + data["t"][0] - stimuli
    assert (latency > 0).all()
    assert np.ptp(latency) < 2 * interval


@pytest.mark.parametrize(
    ("name", "cycle_ms"), [("cosmas_infarctV130", 130), ("cosmas_controlV", 150)]
)
@pytest.mark.parametrize("row", [2, 22])
def test_real_recordings(shared_data: Path, name: str, cycle_ms: float, row: int) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    region = recording.read_region(RectangularRoi(2, row, 8, 8))
    beats = detect_beats(remove_drift(-region.mean(axis=(1, 2)), 1), 1.0)

    assert beats.cycle_length_ms == pytest.approx(cycle_ms, abs=1)
    assert beats.onsets_ms.size == 1000 // cycle_ms
