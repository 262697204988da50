import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recording_samples import action_potential

from aphyn_gui.recording import RecordingError
from aphyn_gui.recording.interpolation import average_windows, cut_windows
from aphyn_gui.recording.landmarks import Landmarks

Floats = npt.NDArray[np.float64]


def one_by_one(trace: Floats, level: float) -> tuple[float, float, float, float]:
    """Onset, amplitude, duration and rise time of one trace, sample by sample."""
    peak = int(np.argmax(trace))
    if peak == 0:
        return np.nan, np.nan, np.nan, np.nan
    slopes = np.diff(trace)
    steepest = int(np.argmax(slopes[:peak]))
    offset = 0.0
    if 0 < steepest < slopes.size - 1:
        left, middle, right = slopes[steepest - 1 : steepest + 2]
        if left - 2 * middle + right < 0:
            offset = float(np.clip(0.5 * (left - right) / (left - 2 * middle + right), -0.5, 0.5))
    onset = steepest + 0.5 + offset
    baseline = trace[: steepest + 1].min()
    amplitude = trace[peak] - baseline

    def crossing(index: int, height: float) -> float:
        return index + (height - trace[index]) / (trace[index + 1] - trace[index])

    duration = rise = np.nan
    for index in range(peak, trace.size):
        if trace[index] <= baseline + (1 - level) * amplitude:
            duration = crossing(index - 1, baseline + (1 - level) * amplitude) - onset
            break
    for index in range(peak, -1, -1):
        if trace[index] <= baseline + 0.1 * amplitude:
            above = index + 1
            while trace[above] < baseline + 0.9 * amplitude:
                above += 1
            rise = crossing(above - 1, baseline + 0.9 * amplitude) - crossing(
                index, baseline + 0.1 * amplitude
            )
            break
    return onset, amplitude, duration, rise


@given(
    traces=st.tuples(st.integers(1, 5), st.integers(4, 40)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=st.integers(-50, 50).map(float))
    ),
    level=st.sampled_from([0.3, 0.5, 0.8]),
)
def test_many_at_once_are_as_one_by_one(traces: Floats, level: float) -> None:
    found = Landmarks(traces)
    measured = np.stack([found.onset, found.amplitude, found.duration(level), found.rise_time()])
    expected = np.array([one_by_one(trace, level) for trace in traces]).T

    np.testing.assert_allclose(measured, expected, rtol=1e-9, atol=1e-9)


def test_what_cannot_be_measured_does_not_disturb_its_neighbours() -> None:
    good = action_potential(np.arange(-20.0, 80.0))
    bad = good.copy()
    bad[3] = np.nan
    infinite = good.copy()
    infinite[5] = np.inf
    traces = np.stack([good, bad, np.zeros(100), infinite, np.linspace(1, 0, 100)])
    found = Landmarks(traces)

    for values in (found.onset, found.amplitude, found.duration(0.5), found.rise_time()):
        assert np.isfinite(values).tolist() == [True, False, False, False, False]


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(RecordingError, match="at least 4 samples"):
        Landmarks(np.zeros((2, 3)))


@given(
    frame_count=st.integers(30, 200),
    part=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_averaged_windows_are_the_mean_of_cut_ones(
    frame_count: int, part: float, seed: int
) -> None:
    traces = np.random.default_rng(seed).normal(scale=1000, size=(3, frame_count))
    sample_count = frame_count // 3
    starts = np.array([0.0, part * (frame_count - sample_count), frame_count - sample_count])
    expected = np.mean([cut_windows(traces, 2.0, 2 * start, sample_count) for start in starts], 0)

    np.testing.assert_allclose(average_windows(traces, starts, sample_count), expected, atol=1e-9)
