from math import erf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    Preparation,
    RecordingError,
    RectangularRoi,
    TemporalFilter,
    TemporalKind,
    cut_sequences,
    filter_in_time,
    open_recording,
    region_signal,
    savitzky_golay,
    step_rise_time_ms,
)

Floats = npt.NDArray[np.float64]

FILTERS = (
    TemporalFilter(),
    TemporalFilter(frames=15, order=2),
    TemporalFilter(kind=TemporalKind.GAUSSIAN, sigma_ms=3.0),
    TemporalFilter(kind=TemporalKind.BUTTERWORTH, cut_off_hz=60.0),
    TemporalFilter(kind=TemporalKind.MEDIAN, frames=7),
)
every_filter = pytest.mark.parametrize("settings", FILTERS, ids=lambda f: f"{f.kind} {f.frames}")


def pulse() -> Floats:
    return np.asarray(np.exp(-0.5 * ((np.arange(201) - 100) / 8) ** 2))


@every_filter
def test_a_symmetric_pulse_stays_where_it_is(settings: TemporalFilter) -> None:
    filtered = filter_in_time(pulse(), 1.0, settings)

    np.testing.assert_allclose(filtered, filtered[::-1], atol=1e-9)
    assert np.flatnonzero(filtered > filtered.max() - 1e-9).mean() == pytest.approx(100)


@every_filter
@given(level=st.floats(-1e5, 1e5), length=st.integers(20, 90))
def test_constants_and_shapes_are_kept(settings: TemporalFilter, level: float, length: int) -> None:
    constant = np.full((2, 3, length), level)

    np.testing.assert_allclose(
        filter_in_time(constant, 2.0, settings), constant, rtol=1e-9, atol=1e-6
    )


@every_filter
def test_nan_stays_in_its_own_trace(settings: TemporalFilter) -> None:
    traces = np.stack([pulse()] * 3)
    traces[1, 5] = np.nan
    filtered = filter_in_time(traces, 1.0, settings)

    assert np.isnan(filtered[1]).all()
    np.testing.assert_allclose(filtered[0], filter_in_time(pulse(), 1.0, settings), atol=1e-12)


def test_the_default_is_the_filter_used_everywhere() -> None:
    np.testing.assert_array_equal(
        filter_in_time(pulse(), 1.0, TemporalFilter()), savitzky_golay(pulse())
    )


def test_a_butterworth_leaves_half_at_its_cut_off() -> None:
    wave = np.sin(2 * np.pi * 50 * np.arange(2000) / 1000)
    filtered = filter_in_time(
        wave, 1.0, TemporalFilter(kind=TemporalKind.BUTTERWORTH, cut_off_hz=50.0)
    )

    assert np.ptp(filtered[800:1200]) / np.ptp(wave) == pytest.approx(0.5, abs=0.01)


def test_a_savitzky_golay_keeps_its_polynomials() -> None:
    time = np.linspace(-1, 1, 60)
    settings = TemporalFilter(frames=13, order=5)

    np.testing.assert_allclose(
        filter_in_time(time**5 - time, 1.0, settings), time**5 - time, atol=1e-12
    )


def test_a_median_removes_a_spike_and_keeps_a_step() -> None:
    trace = np.repeat((0.0, 1.0), 20)
    spiked = trace.copy()
    spiked[7] = 9.0
    settings = TemporalFilter(kind=TemporalKind.MEDIAN, frames=5)

    np.testing.assert_array_equal(filter_in_time(spiked, 1.0, settings), trace)


@pytest.mark.parametrize(
    ("settings", "frames"),
    [
        # A mean over n frames: its response is a ramp through n frames.
        (TemporalFilter(frames=11, order=0), 0.8 * 11),
        (TemporalFilter(frames=3, order=1), 0.8 * 3),
        # 17, -12.. over 35 for five frames of order 2: -3 14 31 32 35.
        (TemporalFilter(frames=5, order=2), 23 / 12),
        (TemporalFilter(kind=TemporalKind.MEDIAN), 0.8),
    ],
)
@pytest.mark.parametrize("interval_ms", [1.0, 2.5])
def test_the_rise_of_a_step_by_hand(
    settings: TemporalFilter, frames: float, interval_ms: float
) -> None:
    assert step_rise_time_ms(settings, interval_ms) == pytest.approx(frames * interval_ms)


def test_the_rise_of_a_step_through_a_gaussian() -> None:
    rise = step_rise_time_ms(TemporalFilter(kind=TemporalKind.GAUSSIAN, sigma_ms=8.0), 0.5)
    # From erf(x / sqrt 2) = 0.8 on.
    ends = np.linspace(1.2, 1.4, 20001)
    quantile = ends[np.argmax([erf(end / sqrt(2)) >= 0.8 for end in ends])]

    assert rise == pytest.approx(2 * quantile * 8.0, rel=0.002)


def test_lower_cut_offs_rise_more_slowly() -> None:
    rises = [
        step_rise_time_ms(TemporalFilter(kind=TemporalKind.BUTTERWORTH, cut_off_hz=hertz), 1.0)
        for hertz in (200.0, 100.0, 50.0, 10.0)
    ]

    assert rises == sorted(rises)
    # In inverse proportion, once frames are short.
    assert rises[3] == pytest.approx(5 * rises[2], rel=0.02)


def test_the_broadening_is_stated() -> None:
    preparation = Preparation(
        temporal_filter=TemporalFilter(kind=TemporalKind.GAUSSIAN, sigma_ms=4.0)
    )
    sequences = cut_sequences(
        recording_of(movie(noise=1.0)), RectangularRoi(0, 0, 5, 6), preparation
    )
    (filtered,) = (note for note in sequences.notes if "sigma 4 ms" in note)
    (upstroke,) = (note for note in sequences.notes if "before the filter" in note)

    assert "10.30 ms from 10 % to 90 %" in filtered
    before, after = (float(word) for word in upstroke.split() if word[0].isdigit() and "." in word)
    # The upstroke of the sample lasts 4 ms; rises add as their squares.
    assert before == pytest.approx(4.0, abs=0.3)
    assert after == pytest.approx(sqrt(before**2 + 10.3**2), rel=0.1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"frames": 8}, "odd number of frames from 3 to 501"),
        ({"frames": 1}, "odd number"),
        ({"frames": 5, "order": 5}, "between 0 and 4"),
        ({"sigma_ms": 0.0}, "sigma"),
        ({"cut_off_hz": float("nan")}, "cut-off"),
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        TemporalFilter(**setting)


def test_what_does_not_fit_the_recording_is_refused() -> None:
    with pytest.raises(RecordingError, match="below half the frame rate, 250 Hz"):
        filter_in_time(
            pulse(), 2.0, TemporalFilter(kind=TemporalKind.BUTTERWORTH, cut_off_hz=250.0)
        )
    with pytest.raises(RecordingError, match="longer than the trace"):
        filter_in_time(np.zeros(9), 2.0, TemporalFilter(frames=11))


@every_filter
def test_onsets_of_a_real_recording_do_not_depend_on_the_filter(
    shared_data: Path, settings: TemporalFilter
) -> None:
    recording = open_recording(shared_data / "cosmas_controlV" / "stack.tif")
    roi = RectangularRoi(2, 2, 8, 8)
    plain = region_signal(recording, roi, Preparation())
    filtered = region_signal(recording, roi, Preparation(temporal_filter=settings))

    np.testing.assert_array_equal(filtered.beats.onsets_ms, plain.beats.onsets_ms)
    assert np.abs(np.diff(filtered.cleaned, 2)).mean() < np.abs(np.diff(plain.cleaned, 2)).mean()
    assert len(filtered.steps) == len(plain.steps) + 1
