from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    FrameRepair,
    Preparation,
    RecordingError,
    RectangularRoi,
    open_recording,
    prepare_region,
    region_signal,
)

WHOLE = RectangularRoi(0, 0, 5, 6)


def test_times_stay_those_of_the_recording() -> None:
    recording = recording_of(movie(frame_interval_ms=2.0, frame_count=240), 2.0)
    whole = prepare_region(recording, WHOLE, Preparation(beat=1))
    cut = prepare_region(recording, WHOLE, Preparation(cut_start_ms=130.0, cut_end_ms=440.0))
    signal = cut.signal

    assert (signal.time_ms[0], signal.time_ms[-1]) == (130.0, 440.0)
    np.testing.assert_array_equal(signal.raw, whole.signal.raw[65:221])
    np.testing.assert_allclose(signal.beats.onsets_ms, whole.signal.beats.onsets_ms[1:], atol=0.3)
    np.testing.assert_allclose(signal.beats_from_start.onsets_ms + 130, signal.beats.onsets_ms)
    np.testing.assert_allclose(
        signal.window_ms(Preparation()), whole.signal.window_ms(Preparation(beat=1)), atol=0.4
    )
    np.testing.assert_allclose(cut.sequences.activation_ms, whole.sequences.activation_ms, atol=0.2)
    assert cut.measures.apd80_ms.median == pytest.approx(whole.measures.apd80_ms.median, abs=2)
    assert "frames 65 to 220" in cut.sequences.notes[0]
    assert "130 to 440 ms" in signal.steps[0]


@pytest.mark.parametrize(
    ("preparation", "first", "last"),
    [
        (Preparation(cut_start_ms=7.4), 2, 99),
        (Preparation(cut_start_ms=7.5), 3, 99),
        (Preparation(cut_end_ms=300.0), 0, 81),
        (Preparation(cut_end_ms=1e9), 0, 99),
    ],
)
def test_the_cut_keeps_whole_frames(preparation: Preparation, first: int, last: int) -> None:
    frames = movie(frame_count=100, frame_interval_ms=3.7, beat_count=3)
    signal = region_signal(recording_of(frames, 3.7), WHOLE, preparation)

    np.testing.assert_allclose(signal.time_ms / 3.7, np.arange(first, last + 1))


def test_what_is_cut_off_disturbs_nothing() -> None:
    spoilt = movie()
    spoilt[:35] = 0.0
    spoilt[450:] = 65535
    preparation = Preparation(
        cut_start_ms=35.0, cut_end_ms=449.0, frame_repair=FrameRepair(saturation_count=60000)
    )
    recording = recording_of(spoilt)
    clean = prepare_region(recording_of(movie()), WHOLE, preparation)
    prepared = prepare_region(recording, WHOLE, preparation)

    np.testing.assert_array_equal(prepared.sequences.voltages, clean.sequences.voltages)
    assert prepared.sequences.notes == clean.sequences.notes


def test_frame_numbers_are_those_of_the_recording() -> None:
    frames = np.round(movie())
    frames[150] = 0.0
    preparation = Preparation(cut_start_ms=100.0, frame_repair=FrameRepair())

    assert "throughout (150)" in " ".join(
        region_signal(recording_of(frames), WHOLE, preparation).steps
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"cut_start_ms": -1.0}, "from 0 ms on"),
        ({"cut_start_ms": float("nan")}, "start of the cut"),
        ({"cut_end_ms": 0.0}, "after its start"),
        ({"cut_start_ms": 50.0, "cut_end_ms": 50.0}, "after its start, 50 ms, got 50.0 ms"),
    ],
)
def test_impossible_cuts_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        Preparation(**setting)


@pytest.mark.parametrize(
    "preparation",
    [Preparation(cut_start_ms=475.0), Preparation(cut_end_ms=5.0), Preparation(cut_start_ms=1e12)],
)
def test_a_cut_that_leaves_nothing_is_refused(preparation: Preparation) -> None:
    with pytest.raises(RecordingError, match="at least 9 are needed"):
        region_signal(recording_of(movie()), WHOLE, preparation)


def test_a_real_recording_cut(shared_data: Path) -> None:
    recording = open_recording(shared_data / "cosmas_infarctV130" / "stack.tif")
    roi = RectangularRoi(2, 2, 8, 8)
    whole = region_signal(recording, roi, Preparation()).beats.onsets_ms
    cut = region_signal(recording, roi, Preparation(cut_start_ms=250.0, cut_end_ms=800.0))

    kept = whole[(whole > 265) & (whole < 790)]
    for onset in kept:
        assert np.abs(cut.beats.onsets_ms - onset).min() < 1.0
