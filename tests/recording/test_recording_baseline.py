import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recording_samples import beating, movie, recording_of

from aphyn_gui.recording import (
    Preparation,
    RecordingError,
    RectangularRoi,
    SmoothBaseline,
    open_recording,
    prepare_region,
    region_signal,
    remove_baseline,
    smooth_baseline,
)
from aphyn_gui.recording.baseline import smoothness

Floats = npt.NDArray[np.float64]

smooth = st.builds(SmoothBaseline, st.floats(10, 1e5), st.floats(0.001, 0.5))
traces = arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(3, 80)),
    elements=st.floats(-1e4, 1e4, width=32),
)


def dense(trace: Floats, weights: Floats, penalty: float) -> Floats:
    """The smoother as its definition says."""
    differences = np.diff(np.eye(trace.size), 2, axis=0)
    matrix = np.diag(weights) + penalty * differences.T @ differences
    return np.asarray(np.linalg.solve(matrix, weights * trace))


def test_an_even_smoother_is_whittakers() -> None:
    trace = np.random.default_rng(0).normal(size=150)
    expected = dense(trace, np.full(150, 0.5), smoothness(SmoothBaseline(60, 0.5), 2.0))

    np.testing.assert_allclose(
        smooth_baseline(trace, 2.0, SmoothBaseline(60, 0.5)), expected, atol=1e-9
    )


@pytest.mark.parametrize("time_scale_ms", [40.0, 400.0, 4000.0])
def test_the_weights_stand_at_the_end(time_scale_ms: float) -> None:
    trace = beating(40 + 130 * np.arange(12), 1600, 1.0) + np.linspace(2, 0, 1600) ** 2
    trace += np.random.default_rng(0).normal(scale=0.05, size=1600)
    settings = SmoothBaseline(time_scale_ms, 0.05)
    baseline = smooth_baseline(trace, 1.0, settings)
    weights = np.where(trace > baseline, 0.05, 0.95)
    # The whole penalty of the definition, not its nodes: the longer scales agree to their error.
    expected = dense(trace, weights, smoothness(settings, 1.0))

    np.testing.assert_allclose(baseline, expected, atol=2e-3)


@pytest.mark.parametrize("interval_ms", [1.0, 3.7])
def test_a_wave_of_the_time_scale_is_halved(interval_ms: float) -> None:
    scale = 200 * interval_ms
    wave = np.sin(2 * np.pi * np.arange(4000) * interval_ms / scale)
    baseline = smooth_baseline(wave, interval_ms, SmoothBaseline(scale, 0.5))
    middle = slice(1500, 2500)

    share = float(baseline[middle] @ wave[middle] / (wave[middle] @ wave[middle]))
    assert share == pytest.approx(1 / 2, abs=0.005)


@given(settings=smooth, level=st.floats(-1e5, 1e5), slope=st.floats(-10, 10))
def test_lines_are_their_own_baseline(settings: SmoothBaseline, level: float, slope: float) -> None:
    line = level + slope * np.arange(120.0)

    np.testing.assert_allclose(smooth_baseline(line, 2.0, settings), line, atol=1e-6)


@given(values=traces, settings=smooth, offset=st.floats(-1e4, 1e4))
def test_a_baseline_moves_with_its_trace(
    values: Floats, settings: SmoothBaseline, offset: float
) -> None:
    there = smooth_baseline(values, 1.0, settings)
    lifted = smooth_baseline(values + offset, 1.0, settings)

    assert there.shape == values.shape
    assert np.isfinite(there).all()
    np.testing.assert_allclose(lifted - offset, there, atol=2e-2 * max(1, np.ptp(values)))


def test_nan_stays_in_its_own_trace() -> None:
    values = np.tile(beating([40, 170], 300, 1.0), (3, 1))
    values[1, 7] = np.nan
    cleaned = remove_baseline(values, 1.0, Preparation(baseline=SmoothBaseline()))

    assert np.isnan(cleaned[1]).all()
    np.testing.assert_array_equal(cleaned[0], cleaned[2])
    assert np.isfinite(cleaned[0]).all()


def test_bleaching_is_removed_and_the_beats_stay() -> None:
    beats = 1000 * beating(40 + 130 * np.arange(15), 2000, 1.0)
    bleaching = 4000 * np.exp(-np.arange(2000) / 600)
    settings = Preparation(baseline=SmoothBaseline(300.0, 0.01))
    left = remove_baseline(beats + bleaching, 1.0, settings) - remove_baseline(beats, 1.0, settings)

    assert np.abs(left).max() < 0.02 * 4000
    assert np.abs(left[200:-200]).max() < 0.002 * 4000
    peaks = remove_baseline(beats, 1.0, settings)[200:-200]
    assert np.ptp(peaks) == pytest.approx(np.ptp(beats), rel=0.001)


def test_many_traces_take_less_than_a_second() -> None:
    values = movie(shape=(15, 20), frame_count=2000, beat_count=15, noise=30).reshape(2000, -1).T
    start = time.process_time()
    smooth_baseline(-values, 1.0, SmoothBaseline())

    # Twice what is promised: other work may share the core's memory.
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"time_scale_ms": 5.0}, "10 and 100000 ms"),
        ({"time_scale_ms": float("nan")}, "time scale"),
        ({"asymmetry": 0.0}, "asymmetry"),
        ({"asymmetry": 0.6}, "at most 0.5"),
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        SmoothBaseline(**setting)


def test_region_measures_follow_the_smooth_baseline() -> None:
    bent = (
        movie(frame_count=900, beat_count=6) + 3000 * np.exp(-np.arange(900) / 500)[:, None, None]
    )
    roi = RectangularRoi(1, 1, 4, 4)
    plain = prepare_region(recording_of(movie(frame_count=900, beat_count=6)), roi, Preparation())
    smoothed = prepare_region(
        recording_of(bent), roi, Preparation(baseline=SmoothBaseline(300.0, 0.01))
    )

    assert smoothed.measures.apd80_ms.median == pytest.approx(
        plain.measures.apd80_ms.median, abs=1.0
    )
    assert any("time scale 300 ms" in note for note in smoothed.sequences.notes)


@pytest.mark.parametrize("name", ["cosmas_controlV", "cosmas_infarctV130"])
def test_real_beats_are_kept(shared_data: Path, name: str) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    roi = RectangularRoi(2, 2, 8, 8)
    polynomial = prepare_region(recording, roi, Preparation())
    preparation = Preparation(baseline=SmoothBaseline())
    smoothed = prepare_region(recording, roi, preparation)
    signal = region_signal(recording, roi, preparation)

    assert smoothed.measures.apd80_ms.median == pytest.approx(
        polynomial.measures.apd80_ms.median, abs=3
    )
    np.testing.assert_allclose(signal.beats.onsets_ms, polynomial.signal.beats.onsets_ms, atol=0.3)
