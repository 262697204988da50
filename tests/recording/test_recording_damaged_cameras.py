"""Damaged files of cameras open, or say what is wrong; they never crash, hang or fill memory."""

from __future__ import annotations

import shutil
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from encoders import micam02, micam_ultima, multirecorder, redshirt, rhythm
from mutations import damage

from aphyn_gui.recording import RecordingError, open_recording

SAMPLES: dict[str, Callable[[Path], Path]] = {
    "MiCAM ULTIMA": micam_ultima.sample,
    "MiCAM MC05": micam_ultima.sample_mc05,
    "MiCAM02": micam02.sample,
    "NeuroPlex": redshirt.sample_da,
    "TurboSM": redshirt.sample_tsm,
    "MultiRecorder": multirecorder.sample,
    "Rhythm": rhythm.sample,
}
COPIES = 200


@pytest.mark.parametrize("family", SAMPLES)
def test_a_sample_opens(tmp_path: Path, family: str) -> None:
    recording = open_recording(SAMPLES[family](tmp_path))

    assert recording.format_name.startswith(family)
    assert recording.read_frame(recording.frame_count - 1).std() > 0


@pytest.mark.parametrize("family", SAMPLES)
def test_damaged_copies_open_or_are_refused(tmp_path: Path, family: str) -> None:
    whole, copy = tmp_path / "whole", tmp_path / "copy"
    whole.mkdir()
    opened = SAMPLES[family](whole).name
    random = Random(family)
    refused = 0
    tracemalloc.start()
    try:
        for _ in range(COPIES):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(whole, copy)
            damage(copy, random)
            started = time.perf_counter()
            refused += not _reads(copy / opened)
            assert time.perf_counter() - started < 2
        assert tracemalloc.get_traced_memory()[1] < 200 * 2**20
    finally:
        tracemalloc.stop()
    assert 0.1 * COPIES < refused < COPIES


def _reads(path: Path) -> bool:
    try:
        recording = open_recording(path)
        recording.read_frame(0)
        recording.read_frame(recording.frame_count - 1)
        for channel in recording.analog:
            assert channel.values.ndim == 1
    except RecordingError:
        return False
    return True
