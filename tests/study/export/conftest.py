"""A small study with two fits, one with a network, and regions with names that look like markup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aphyn_gui.recording import Recording
from aphyn_gui.study import RecordingReference, Study

NAMES = ("=1+1", "<b>A & \"B'\n*/ é</b>")


@pytest.fixture(scope="session")
def recording(
    tmp_path_factory: pytest.TempPathFactory, save_recording: Callable[[Path], Recording]
) -> Recording:
    return save_recording(tmp_path_factory.mktemp('it\'s a "folder"') / "movie é.npy")


@pytest.fixture(scope="session")
def study(recording: Recording, fit_study: Callable[..., Study]) -> Study:
    return fit_study(recording, RecordingReference(Path(recording.path), 1.0), NAMES)
