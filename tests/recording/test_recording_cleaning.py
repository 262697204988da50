from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recording_samples import beating, movie
from scipy.io import loadmat

from aphyn_gui.recording import (
    Polarity,
    RectangularRoi,
    noise_level,
    open_recording,
    remove_drift,
    savitzky_golay,
    spatial_mean,
    suggest_polarity,
)

counts = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(20, 60)),
    elements=st.floats(-1e4, 1e4, width=32),
)


def upright(frame_count: int = 480) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return beating(40 + 130 * np.arange(4), frame_count, 1.0)


@given(traces=counts)
def test_flipping_the_signal_flips_the_suggestion(
    traces: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    there, back = suggest_polarity(traces), suggest_polarity(-traces)

    assert back.skewness == pytest.approx(-there.skewness, abs=1e-9)
    assert back.slope_skewness == pytest.approx(-there.slope_skewness, abs=1e-9)
    if abs(there.skewness + there.slope_skewness) > 1e-9:
        assert back.polarity is there.polarity.flipped


@pytest.mark.parametrize("polarity", list(Polarity))
@pytest.mark.parametrize(("cycle_ms", "duration_ms"), [(130, 40), (400, 260), (800, 280)])
def test_polarity_at_slow_and_fast_rates(
    polarity: Polarity, cycle_ms: float, duration_ms: float
) -> None:
    # At 400 ms the heart is depolarised most of the time: the slope tells.
    onsets = 50 + cycle_ms * np.arange(3)
    trace = beating(onsets, int(3 * cycle_ms / 2), 2.0, duration_ms=duration_ms, rise_ms=8.0)
    noise = np.random.default_rng(0).normal(scale=0.02, size=trace.size)

    assert suggest_polarity(5000 + polarity.sign * 300 * (trace + noise)).polarity is polarity


def test_a_clear_signal_gives_confidence_and_a_flat_one_none() -> None:
    assert suggest_polarity(-upright()).confident
    assert not suggest_polarity(np.full(100, 7.0)).confident


def test_pixels_with_nan_do_not_decide() -> None:
    traces = np.stack([-upright(), np.full(480, np.nan)])

    assert suggest_polarity(traces).polarity is Polarity.DOWN
    assert not suggest_polarity(traces[1:]).confident


@pytest.mark.parametrize("name", ["cosmas_controlV", "cosmas_infarctV130"])
@pytest.mark.parametrize("row", [2, 22])
def test_real_voltage_recordings_point_down(shared_data: Path, name: str, row: int) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    region = recording.read_region(RectangularRoi(2, row, 8, 8))
    suggestion = suggest_polarity(region.reshape(len(region), -1).T)

    assert suggestion.polarity is Polarity.DOWN
    assert suggestion.confident


@pytest.mark.parametrize(
    ("name", "polarity"),
    [("bcl140_pacing_V", Polarity.DOWN), ("bcl140_pacing_Ca", Polarity.UP)],
)
def test_voltage_points_down_and_calcium_up(
    shared_data: Path, name: str, polarity: Polarity
) -> None:
    trace = loadmat(shared_data / "traces_1d_licensed" / f"{name}.mat")["avgTrace"].ravel()

    assert suggest_polarity(trace).polarity is polarity


@given(
    order=st.integers(0, 9),
    coefficients=arrays(np.float64, (3, 10), elements=st.floats(-100, 100, width=32)),
)
def test_drift_removal_is_exact_on_polynomials(
    order: int, coefficients: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> None:
    time = np.linspace(-1, 1, 200)
    drift = np.polynomial.legendre.legval(time, coefficients[:, : order + 1].T)
    cleaned = remove_drift(20000 + drift, order)
    if order == 0:
        np.testing.assert_allclose(cleaned, 0, atol=1e-6)
    np.testing.assert_allclose(cleaned, 0, atol=1e-6)


def test_removing_drift_leaves_the_beats() -> None:
    drift = np.linspace(0, 3, 480)
    cleaned = remove_drift(upright() + drift, 1)
    difference = cleaned - upright()

    assert np.ptp(difference) < 0.1


def test_a_beat_cut_off_at_the_end_hardly_tilts_the_baseline() -> None:
    trace = beating([40, 170, 300, 430], 460, 1.0)
    tilt = np.polyfit(np.arange(460), remove_drift(trace, 1) - trace, 1)[0] * 460
    ordinary = np.polyfit(np.arange(460), trace, 1)[0] * 460

    assert abs(tilt) < 0.35 * abs(ordinary)


@pytest.mark.parametrize(
    ("onsets_ms", "largest"), [((60, 560), 0.1), ((60, 560, 1060), 0.02), ((0, 500, 1000), 0.1)]
)
@pytest.mark.parametrize("slope", [0.0, 2.0])
def test_long_beats_hardly_tilt_the_baseline(
    onsets_ms: tuple[int, ...], largest: float, slope: float
) -> None:
    """Beats of 240 ms that lie unevenly in 1.2 s."""
    beats = beating(onsets_ms, 1200, 1.0, duration_ms=240.0)
    noise = 0.05 * np.random.default_rng(0).normal(size=1200)
    drift = np.linspace(0, slope, 1200)
    taken = beats + drift + noise - remove_drift(beats + drift + noise, 1)
    assert abs(taken[-1] - taken[0] - slope) < largest


def test_nan_stays_in_its_own_trace() -> None:
    traces = np.tile(upright(), (3, 1))
    traces[1, 7] = np.nan
    cleaned = remove_drift(traces, 2)

    assert np.isnan(cleaned[1]).all()
    np.testing.assert_allclose(cleaned[0], remove_drift(upright(), 2))
    assert np.isfinite(cleaned[2]).all()


def test_spatial_mean_at_edges_and_beside_nan() -> None:
    frame = np.arange(12.0).reshape(1, 3, 4)
    frame[0, 1, 1] = np.nan
    mean = spatial_mean(frame, 3)

    assert np.isnan(mean[0, 1, 1])
    assert mean[0, 0, 0] == pytest.approx(np.mean([0, 1, 4]))
    assert mean[0, 2, 3] == pytest.approx(np.mean([6, 7, 10, 11]))
    assert mean[0, 1, 2] == pytest.approx(np.mean([1, 2, 3, 6, 7, 9, 10, 11]))


@given(
    level=st.floats(-1e5, 1e5),
    side=st.sampled_from([1, 3, 5, 7]),
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
)
def test_spatial_mean_keeps_a_constant(level: float, side: int, rows: int, columns: int) -> None:
    frames = np.full((2, rows, columns), level)

    np.testing.assert_allclose(spatial_mean(frames, side), frames, rtol=1e-9, atol=1e-9)


def test_the_filter_has_no_phase_and_keeps_cubics() -> None:
    time = np.linspace(-1, 1, 60)
    cubic = 2 * time**3 - time + 4
    pulse = np.exp(-0.5 * ((np.arange(61) - 30) / 4) ** 2)

    np.testing.assert_allclose(savitzky_golay(cubic), cubic, atol=1e-12)
    np.testing.assert_allclose(savitzky_golay(pulse), savitzky_golay(pulse)[::-1], atol=1e-12)


@pytest.mark.parametrize("length", [4, 5, 8, 9])
def test_short_traces_can_be_filtered(length: int) -> None:
    line = np.arange(float(length))

    np.testing.assert_allclose(savitzky_golay(line), line, atol=1e-12)


@pytest.mark.parametrize("scale", [5.0, 40.0])
def test_the_noise_of_a_beating_trace_is_estimated(scale: float) -> None:
    traces = movie(noise=scale).reshape(480, -1).T

    assert np.median(noise_level(traces)) == pytest.approx(scale, rel=0.15)
