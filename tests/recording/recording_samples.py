"""Movies of known action potentials, and files that hold them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit

from aphyn_gui.recording import FrameSource, Recording

Floats = npt.NDArray[np.float64]

real_durations = pytest.mark.parametrize(
    ("name", "row", "apd50_ms", "apd80_ms", "tolerance_ms"),
    [
        ("cosmas_controlV", 2, 20, 46, 5),
        ("cosmas_controlV", 22, 32, 69, 5),
        ("cosmas_infarctV130", 2, 27, 53, 3),
        ("cosmas_infarctV130", 22, 35, 62, 3),
    ],
)
"""Check values of real recordings: regions of 8 x 8 pixels from column 2."""


def action_potential(
    time_ms: npt.ArrayLike, duration_ms: float = 40.0, rise_ms: float = 4.0
) -> Floats:
    """An action potential whose upstroke is half done at 0 ms; about 0 to 1."""
    time = np.asarray(time_ms, dtype=np.float64)
    rising = expit(4.4 * time / rise_ms)
    falling = expit(-6.0 * (time - duration_ms) / duration_ms)
    return np.asarray(rising * falling)


def beating(
    onsets_ms: npt.ArrayLike,
    frame_count: int,
    frame_interval_ms: float,
    *,
    duration_ms: float = 40.0,
    rise_ms: float = 4.0,
) -> Floats:
    """A train of action potentials, shape (frames,)."""
    time = np.arange(frame_count) * frame_interval_ms
    trains = [
        action_potential(time - onset, duration_ms, rise_ms)
        for onset in np.atleast_1d(np.asarray(onsets_ms, dtype=np.float64))
    ]
    return np.asarray(np.sum(trains, axis=0))


def movie(
    *,
    shifts_ms: npt.ArrayLike = 0.0,
    shape: tuple[int, int] = (6, 5),
    first_onset_ms: float = 40.0,
    cycle_ms: float = 130.0,
    beat_count: int = 4,
    frame_count: int = 480,
    frame_interval_ms: float = 1.0,
    duration_ms: float = 40.0,
    amplitude: float = 1000.0,
    noise: float = 20.0,
    level: float = 20000.0,
    drift: float = 0.0,
    seed: int = 1,
) -> Floats:
    """Counts of a tissue that goes down on depolarisation, shape (time, row, column)."""
    shifts = np.broadcast_to(np.asarray(shifts_ms, dtype=np.float64), shape)
    onsets = first_onset_ms + cycle_ms * np.arange(beat_count)
    frames = np.empty((frame_count, *shape))
    for row, column in np.ndindex(*shape):
        frames[:, row, column] = beating(
            onsets + shifts[row, column], frame_count, frame_interval_ms, duration_ms=duration_ms
        )
    ramp = np.linspace(0, drift, frame_count)[:, None, None]
    grain = np.random.default_rng(seed).normal(scale=noise, size=frames.shape)
    return level - amplitude * frames + ramp + grain


def recording_of(frames: FrameSource, frame_interval_ms: float | None = 1.0) -> Recording:
    """A recording in memory."""
    return Recording(
        frames=frames,
        path=Path("sample.npy"),
        format_name="NumPy",
        frame_interval_ms=frame_interval_ms,
    )
