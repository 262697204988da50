import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import find_peaks, savgol_filter

from aphyn_gui.recording import savitzky_golay
from aphyn_gui.recording.peaks import prominent_peaks

Floats = npt.NDArray[np.float64]
COUNTS = st.floats(-70000, 70000, width=32)


@given(
    traces=st.tuples(st.integers(1, 3), st.integers(9, 60)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=COUNTS)
    ),
    derivative=st.integers(0, 2),
)
def test_the_filter_is_scipys(traces: Floats, derivative: int) -> None:
    expected = savgol_filter(traces, 9, 3, deriv=derivative, axis=-1)
    scale = max(1.0, np.abs(traces).max())

    np.testing.assert_allclose(
        savitzky_golay(traces, derivative), expected, rtol=0, atol=1e-10 * scale
    )


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 6, 7, 8])
def test_short_traces_are_filtered_as_by_scipy(length: int) -> None:
    traces = np.random.default_rng(length).normal(size=(2, 3, length))
    frames = length if length % 2 else length - 1
    expected = savgol_filter(traces, frames, min(3, frames - 1), axis=-1)

    np.testing.assert_allclose(savitzky_golay(traces), expected, atol=1e-12)


def test_more_traces_than_one_block_holds() -> None:
    traces = np.random.default_rng(0).normal(size=(40, 5, 700))

    np.testing.assert_allclose(savitzky_golay(traces), savgol_filter(traces, 9, 3), atol=1e-12)


def test_nan_stays_within_reach_of_the_filter_and_in_its_trace() -> None:
    traces = np.ones((2, 60))
    traces[0, 30] = np.nan
    filtered = savitzky_golay(traces)

    assert np.flatnonzero(np.isnan(filtered[0])).tolist() == list(range(26, 35))
    np.testing.assert_allclose(filtered[1], 1)


@given(
    trace=arrays(np.float64, st.integers(1, 80), elements=COUNTS, unique=True),
    prominence=st.floats(0.1, 5000),
)
def test_the_peaks_that_stand_out_are_scipys(trace: Floats, prominence: float) -> None:
    expected, _ = find_peaks(trace, prominence=prominence)

    assert prominent_peaks(trace, prominence, 1).tolist() == expected.tolist()


@given(
    # Few different values: plateaus and ties are common.
    trace=arrays(np.float64, st.integers(1, 80), elements=st.integers(-3, 3).map(float)),
    prominence=st.floats(0.1, 5),
)
def test_of_equal_peaks_at_least_one_stands_out(trace: Floats, prominence: float) -> None:
    expected, _ = find_peaks(trace, prominence=prominence)
    found = prominent_peaks(trace, prominence, 1)

    assert set(found.tolist()) <= set(expected.tolist())
    assert set(trace[found]) == set(trace[expected])


@given(
    trace=arrays(np.float64, st.integers(1, 80), elements=COUNTS, unique=True),
    prominence=st.floats(0.1, 5000),
    distance=st.floats(1, 20),
)
def test_of_peaks_too_close_the_highest_stays(
    trace: Floats, prominence: float, distance: float
) -> None:
    standing_out, _ = find_peaks(trace, prominence=prominence)
    spikes = np.full(trace.size, trace.min() - 1)
    spikes[standing_out] = trace[standing_out]
    expected, _ = find_peaks(spikes, distance=distance)

    assert prominent_peaks(trace, prominence, distance).tolist() == expected.tolist()


def test_recordings_are_prepared_without_scipy_signal() -> None:
    program = """
import sys
import numpy as np
from aphyn_gui.recording import Preparation, Recording, RectangularRoi, prepare_region
from pathlib import Path
time = np.arange(400) % 130
beat = -1000 * np.exp(-np.clip(time - 30, 0, None) / 20.0) * (time >= 30)
noise = np.random.default_rng(0).normal(scale=10, size=(400, 4, 4))
recording = Recording(beat[:, None, None] + noise, Path("sample"), "array", 1.0)
prepare_region(recording, RectangularRoi(0, 0, 4, 4), Preparation())
print("scipy.signal" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout.strip() == "False", done.stderr
