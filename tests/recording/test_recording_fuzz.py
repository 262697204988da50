"""Damaged files of every format open, or are refused with a message: nothing else."""

import sys
from pathlib import Path

import pytest
from mutations import damaged_copy, samples

from aphyn_gui.recording import RecordingError, open_recording

SAMPLES = samples()
FILES = 200
FILES_OF_SLOW_FORMATS = {"film": 25, "film_mp4": 25}
"""Each film starts a program twice."""
OPTIONAL = {
    "film": "imageio_ffmpeg",
    "film_mp4": "imageio_ffmpeg",
    "png_folder": "PIL",
    "sif": "sif_parser",
}
MEMORY_BYTES = 200 * 2**20


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_opens_or_is_refused(name: str, tmp_path: Path) -> None:
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    source = tmp_path / "sample"
    source.mkdir()
    sound = SAMPLES[name](source)
    recording = open_recording(sound)
    recording.read_frame(recording.frame_count - 1)
    before = peak_bytes()
    shortest = 1000
    for number in range(FILES_OF_SLOW_FORMATS.get(name, FILES)):
        path = damaged_copy(source, sound, tmp_path / str(number), f"{name} {number}")
        try:
            recording = open_recording(path)
            recording.read_frame(0)
            recording.read_frame(recording.frame_count - 1)
            assert all(channel.values.ndim == 1 for channel in recording.analog)
        except RecordingError as error:
            shortest = min(shortest, len(str(error)))
        except Exception as error:
            raise AssertionError(f"damage number {number}") from error
    assert 20 < shortest < 1000
    assert peak_bytes() - before < MEMORY_BYTES


def peak_bytes() -> int:
    """The most memory this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
