"""A small recording, and a study of it with two fits, one of them with a network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED, InitialVoltage, NetworkSettings, Optimiser
from aphyn_gui.recording import Preparation, Recording, RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference, Study, fit_region

PHYSICS = RECOMMENDED.with_changes(network=None)
HYBRID = PHYSICS.with_changes(
    network=NetworkSettings(), optimiser=Optimiser.ADAM, initial_voltage=InitialVoltage.MEAN,
    repeats=0, epochs=5,
)  # fmt: skip

SaveRecording = Callable[[Path], Recording]
FitStudy = Callable[[Recording, RecordingReference | None, tuple[str, str]], Study]


@pytest.fixture(scope="session")
def save_recording() -> SaveRecording:
    """Saves four beats at 1 ms, shorter in the right half, noise 2 %, and opens them."""

    def save(path: Path) -> Recording:
        random = np.random.default_rng(0)
        time = np.arange(480) % 120 - 20.0
        frames = np.empty((time.size, 8, 16), dtype=np.float32)
        for column in range(16):
            recovery = 1 / (1 + np.exp((time - (45.0 if column < 8 else 28.0)) / 5.0))
            frames[:, :, column] = (recovery / (1 + np.exp(-time)))[:, None]
        frames += 0.02 * random.standard_normal(frames.shape).astype(np.float32)
        np.save(path, 1000 + 200 * frames)
        return open_recording(path, frame_interval_ms=1.0)

    return save


@pytest.fixture(scope="session")
def fit_study() -> FitStudy:
    """Fits a region of each half by its name: the left by the physics, the right with a network."""

    def make(
        recording: Recording, reference: RecordingReference | None, names: tuple[str, str]
    ) -> Study:
        study = Study.of(reference, Preparation(horizon_ms=60.0, beat=1))
        for name, x, protocol in zip(names, (1, 10), (PHYSICS, HYBRID), strict=True):
            region = study.new_region(RectangularRoi(x, 1, 5, 5), name)
            fit = drained(fit_region(recording, region, study.preparation, protocol))
            study = study.with_region(region).with_fit(region.id, fit)
        return study

    return make
