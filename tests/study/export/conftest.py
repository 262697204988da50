"""A small study with two fits, one with a network, and regions with names that look like markup."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aphyn_gui.fitting import RECOMMENDED, InitialVoltage, NetworkSettings, Optimiser
from aphyn_gui.recording import Preparation, Recording, RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference, Study, fit_region

PHYSICS = RECOMMENDED.with_changes(network=None)
HYBRID = PHYSICS.with_changes(
    network=NetworkSettings(), optimiser=Optimiser.ADAM, initial_voltage=InitialVoltage.MEAN,
    repeats=0, epochs=5,
)  # fmt: skip
NAMES = ("=1+1", "<b>A & \"B'\n*/ é</b>")


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Four beats at 1 ms; action potentials are shorter in the right half. Noise 2 %."""
    random = np.random.default_rng(0)
    time = np.arange(480) % 120 - 20.0
    frames = np.empty((time.size, 8, 16), dtype=np.float32)
    for column in range(16):
        recovery = 1 / (1 + np.exp((time - (45.0 if column < 8 else 28.0)) / 5.0))
        frames[:, :, column] = (recovery / (1 + np.exp(-time)))[:, None]
    frames += 0.02 * random.standard_normal(frames.shape).astype(np.float32)
    path = tmp_path_factory.mktemp('it\'s a "folder"') / "movie é.npy"
    np.save(path, 1000 + 200 * frames)
    return open_recording(path, frame_interval_ms=1.0)


@pytest.fixture(scope="session")
def study(recording: Recording) -> Study:
    preparation = Preparation(horizon_ms=60.0, beat=1)
    study = Study.of(RecordingReference(Path(recording.path), 1.0), preparation)
    for name, x, protocol in zip(NAMES, (1, 10), (PHYSICS, HYBRID), strict=True):
        study = study.with_region(study.new_region(RectangularRoi(x, 1, 5, 5), name))
        training = fit_region(recording, study.regions[-1], preparation, protocol)
        while True:
            try:
                next(training)
            except StopIteration as stop:
                study = study.with_fit(study.regions[-1].id, stop.value)
                break
    return study
