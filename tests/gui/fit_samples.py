"""A small recording that two regions can be fitted to in a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aphyn_gui.fitting import EX_VIVO, Protocol
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Preparation, RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference

CYCLE_MS = 120
HORIZON_MS = 60.0
QUICK = EX_VIVO.with_changes(epochs=6)
ENDLESS = EX_VIVO.with_changes(epochs=1_000_000)


def save_movie(folder: Path, name: str = "movie.npy") -> Path:
    """Four beats at 1 ms; action potentials are shorter in the right half. Noise 2 %."""
    random = np.random.default_rng(0)
    time = np.arange(4 * CYCLE_MS) % CYCLE_MS - 20.0
    frames = np.empty((time.size, 8, 16), dtype=np.float32)
    for column in range(16):
        duration = 45.0 if column < 8 else 28.0
        upstroke = 1 / (1 + np.exp(-time / 1.0))
        recovery = 1 / (1 + np.exp((time - duration) / 5.0))
        frames[:, :, column] = (upstroke * recovery)[:, None]
    frames += 0.02 * random.standard_normal(frames.shape).astype(np.float32)
    path = folder / name
    np.save(path, 1000 + 200 * frames)
    return path


def open_study(folder: Path, protocol: Protocol = QUICK) -> StudyController:
    """A controller with the movie open and two regions on it."""
    path = save_movie(folder)
    controller = StudyController()
    controller.set_recording(
        open_recording(path, frame_interval_ms=1.0), RecordingReference(path, 1.0)
    )
    controller.set_preparation(Preparation(horizon_ms=HORIZON_MS, beat=1))
    controller.set_protocol(protocol)
    controller.add_region(RectangularRoi(1, 1, 5, 5))
    controller.add_region(RectangularRoi(10, 1, 5, 5))
    return controller
