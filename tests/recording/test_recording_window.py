"""Which beats are analysed, and for how long."""

from __future__ import annotations

import numpy as np
import pytest
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    Preparation,
    RecordingError,
    RectangularRoi,
    cut_sequences,
    region_signal,
)

WHOLE = RectangularRoi(0, 0, 5, 6)


def test_by_default_the_next_upstroke_stays_outside() -> None:
    sequences = cut_sequences(recording_of(movie()), WHOLE, Preparation())

    assert 110 < sequences.horizon_ms < 130
    assert sequences.voltages[:, -5:].mean() < 0.1


def test_the_default_horizon_is_three_hundred_milliseconds_at_slow_rates() -> None:
    slow = movie(
        cycle_ms=700, beat_count=3, frame_count=600, frame_interval_ms=3.7, duration_ms=220
    )
    sequences = cut_sequences(recording_of(slow, 3.7), WHOLE, Preparation())

    assert sequences.horizon_ms == pytest.approx(81 * 3.7)


@pytest.mark.parametrize(
    ("preparation", "message"),
    [
        (Preparation(horizon_ms=2000), r"2000 ms is longer than the recording, 479 ms"),
        (Preparation(horizon_ms=300, beat=2), r"300 ms is longer than the \d+\.\d ms that remain"),
        (Preparation(horizon_ms=470, beat=None), "remain after the foot of the first beat"),
        (Preparation(horizon_ms=5), "at least 9"),
        (Preparation(beat=3), "choose one from 0 to 2"),
    ],
)
def test_windows_that_do_not_fit_are_refused(preparation: Preparation, message: str) -> None:
    signal = region_signal(recording_of(movie()), WHOLE, Preparation())

    with pytest.raises(RecordingError, match=message):
        cut_sequences(recording_of(movie()), WHOLE, preparation)
    with pytest.raises(RecordingError, match=message):
        signal.window_ms(preparation)


def test_a_horizon_to_the_foot_of_the_next_beat_is_allowed_and_said() -> None:
    signal = region_signal(recording_of(movie()), WHOLE, Preparation())
    cycle, lead = signal.beats.cycle_length_ms, signal.beats.lead_ms
    horizon = float(np.ceil(cycle - lead + 1))
    sequences = cut_sequences(recording_of(movie()), WHOLE, Preparation(horizon_ms=horizon))

    assert sequences.horizon_ms == horizon
    assert any("reaches into the next beat" in note for note in sequences.notes)


def test_a_horizon_over_several_beats_is_refused() -> None:
    """The model is stimulated once."""
    signal = region_signal(recording_of(movie()), WHOLE, Preparation())
    longest = signal.longest_horizon_ms(Preparation())
    assert longest < signal.beats.cycle_length_ms
    with pytest.raises(RecordingError, match=f"more than one beat.*choose at most {longest:.0f}"):
        cut_sequences(recording_of(movie()), WHOLE, Preparation(horizon_ms=200))
    sequences = cut_sequences(
        recording_of(movie()), WHOLE, Preparation(horizon_ms=float(np.floor(longest)))
    )
    assert not any("reaches" in note for note in sequences.notes)


def test_a_recording_of_one_beat() -> None:
    one = movie(beat_count=1, frame_count=420, duration_ms=220, first_onset_ms=60)
    sequences = cut_sequences(recording_of(one), WHOLE, Preparation())

    assert sequences.horizon_ms == 300
    assert any("one beat" in note for note in sequences.notes)
