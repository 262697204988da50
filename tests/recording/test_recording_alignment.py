import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_samples import action_potential, beating

from aphyn_gui.recording import RecordingError
from aphyn_gui.recording.alignment import activation_times, lead_time
from aphyn_gui.recording.interpolation import cut_windows, sample_at


@settings(max_examples=25)
@given(
    shifts=st.lists(st.floats(-4, 4), min_size=2, max_size=6),
    geometry=st.sampled_from(
        [(1.0, 130.0, 35.0, 3.0), (3.7, 400.0, 180.0, 8.0), (2.0, 500.0, 200.0, 4.0)]
    ),
)
def test_known_shifts_between_frames_are_recovered(
    shifts: list[float], geometry: tuple[float, float, float, float]
) -> None:
    interval, cycle, duration, rise = geometry
    onsets = cycle * np.array([0.3, 1.3, 2.3])
    frames = int(3 * cycle / interval)
    shape = {"duration_ms": duration, "rise_ms": rise}
    moved = np.array(shifts) * interval
    traces = np.array([beating(onsets + shift, frames, interval, **shape) for shift in moved])
    traces += np.random.default_rng(0).normal(scale=1e-3, size=traces.shape)
    found = activation_times(traces, interval, onsets[1], cycle)
    unmoved = activation_times(
        beating(onsets, frames, interval, **shape)[None], interval, onsets[1], cycle
    )

    np.testing.assert_allclose(found - unmoved, moved, atol=0.1 * interval)


def test_noise_shifts_the_activation_by_less_than_a_frame() -> None:
    traces = np.tile(beating([60, 190, 320], 450, 1.0), (200, 1))
    clean = activation_times(traces[:1], 1.0, 190, 130)
    traces += np.random.default_rng(0).normal(scale=0.1, size=traces.shape)
    error = activation_times(traces, 1.0, 190, 130) - clean

    assert np.isfinite(error).all()
    assert np.sqrt(np.mean(error**2)) < 0.5


def test_a_trace_without_an_upstroke_there_has_no_activation() -> None:
    late = beating([260], 450, 1.0)
    traces = np.stack([beating([60, 190, 320], 450, 1.0), np.zeros(450), late, -late])
    found = activation_times(traces, 1.0, 190, 130)

    assert np.isfinite(found[0])
    assert np.isnan(found[1:]).all()


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize(("interval", "rise"), [(1.0, 4.0), (1.0, 8.0), (3.7, 15.0)])
def test_the_lead_is_the_time_from_foot_to_half(noise: float, interval: float, rise: float) -> None:
    fine = np.arange(-60, 20, 0.01)
    upstroke = action_potential(fine, 100, rise)
    upstroke /= upstroke.max()
    half, foot = (fine[np.searchsorted(upstroke[: 60 * 100 + 1500], at)] for at in (0.5, 0.05))
    cycle = 400.0
    shifts = np.random.default_rng(1).uniform(-3, 3, 40) * interval
    frames = int(2.5 * cycle / interval)
    traces = np.array(
        [
            beating(
                150 + shift + cycle * np.arange(2), frames, interval, duration_ms=100, rise_ms=rise
            )
            for shift in shifts
        ]
    )
    traces += np.random.default_rng(2).normal(scale=noise, size=traces.shape)
    activations = activation_times(traces, interval, 150 + half, cycle)

    assert lead_time(traces, interval, activations, cycle) == pytest.approx(
        half - foot, abs=0.35 * interval
    )


def test_the_spline_passes_through_the_frames_and_between_them() -> None:
    time = np.arange(100.0)
    traces = np.stack([np.sin(time / 7), np.cos(time / 9)])
    positions = np.random.default_rng(0).uniform(12, 87, (2, 50))

    np.testing.assert_allclose(sample_at(traces, np.tile(time, (2, 1))), traces, atol=1e-12)
    between = sample_at(traces, positions)
    np.testing.assert_allclose(between[0], np.sin(positions[0] / 7), atol=1e-5)
    np.testing.assert_allclose(between[1], np.cos(positions[1] / 9), atol=1e-5)


def test_interpolation_keeps_most_of_the_noise() -> None:
    noise = np.random.default_rng(0).normal(size=(200, 200))
    moved = cut_windows(noise, 1.0, np.full(200, 20.5), 150)

    assert 0.65 < moved.var() < 1


def test_windows_that_leave_the_recording_are_refused() -> None:
    traces = np.zeros((2, 50))
    cut_windows(traces, 2.0, [-1.9, 3.0], 40)

    with pytest.raises(RecordingError, match="do not"):
        cut_windows(traces, 2.0, [-2.1, 3.0], 40)
    with pytest.raises(RecordingError, match=r"98\.0 ms"):
        cut_windows(traces, 2.0, 30.0, 40)
