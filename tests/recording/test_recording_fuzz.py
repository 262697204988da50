"""Damaged files of every format open, or are refused with a message: nothing else."""

import sys
from pathlib import Path

import pytest
from mutations import damaged_copy, samples

from aphyn_gui.recording import RecordingError, open_recording

SAMPLES = samples()
FILES = 200
FILES_OF_SLOW_FORMATS = {"film": 25}
"""Each film starts a program twice."""
MEMORY_BYTES = 200 * 2**20


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_opens_or_is_refused(name: str, tmp_path: Path) -> None:
    source = tmp_path / "sample"
    source.mkdir()
    sound = SAMPLES[name](source)
    recording = open_recording(sound)
    recording.read_frame(recording.frame_count - 1)
    before = peak_bytes()
    refused = 0
    for number in range(FILES_OF_SLOW_FORMATS.get(name, FILES)):
        path = damaged_copy(source, sound, tmp_path / str(number), f"{name} {number}")
        try:
            recording = open_recording(path)
            recording.read_frame(0)
            recording.read_frame(recording.frame_count - 1)
        except RecordingError as error:
            refused += 1
            assert len(str(error)) > 20, number
        except Exception as error:
            raise AssertionError(f"damage number {number}") from error
    assert refused > 0
    assert peak_bytes() - before < MEMORY_BYTES


def peak_bytes() -> int:
    """The most memory this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
