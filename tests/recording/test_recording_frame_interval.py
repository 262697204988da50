"""A time between frames that no camera has is asked about before anything is computed with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aphyn_gui.recording import (
    Preparation,
    RecordingError,
    RectangularRoi,
    doubt_of_interval,
    open_recording,
    region_signal,
)


@pytest.mark.parametrize("interval_ms", [0.01, 0.05, 1.0, 3.7, 40.0, 100.0])
def test_what_cameras_do_is_not_doubted(interval_ms: float) -> None:
    assert doubt_of_interval(interval_ms) == ""


@pytest.mark.parametrize(
    ("interval_ms", "words"),
    [(0.002, "500,000 frames a second"), (2000.0, "0.5 frames a second"), (5e-324, "frames")],
)
def test_seconds_and_microseconds_are(interval_ms: float, words: str) -> None:
    assert words in doubt_of_interval(interval_ms)


def test_nothing_is_analysed_at_such_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.random.default_rng(0).integers(0, 4000, (200, 4, 4)).astype(np.uint16))
    recording = replace(open_recording(path), frame_interval_ms=0.002)
    with pytest.raises(RecordingError, match="give the interval in ms"):
        region_signal(recording, RectangularRoi(0, 0, 4, 4), Preparation())
