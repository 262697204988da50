import sys
from pathlib import Path

import numpy as np
import pytest
from encoders import sif
from encoders.known import known_frames

from aphyn_gui.recording import RecordingError, open_recording

pytest.importorskip("sif_parser")


def test_frames_are_mapped_and_the_cycle_is_the_interval(tmp_path: Path) -> None:
    recording = open_recording(sif.sample(tmp_path))

    assert recording.format_name == "Andor SIF"
    assert isinstance(recording.frames, np.memmap)
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert float(recording.header["ExposureTime"]) == pytest.approx(0.001)
    for index in (0, 13, 19):
        np.testing.assert_array_equal(recording.read_frame(index), known_frames()[index])


@pytest.mark.parametrize("share", [0.01, 0.05, 0.1, 0.5, 0.95])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = sif.sample(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(RecordingError, match=r"movie\.sif could not be read"):
        open_recording(path)


def test_a_header_that_claims_gigabytes_allocates_nothing(tmp_path: Path) -> None:
    path = sif.sample(tmp_path)
    path.write_bytes(path.read_bytes().replace(b" 1 20 1 960 48", b" 1 20000000000 1 960 48"))

    with pytest.raises(RecordingError, match=r"movie\.sif could not be read"):
        open_recording(path)


def test_without_the_package_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sif_parser", None)

    with pytest.raises(RecordingError, match=r'pip install "aphyn-gui\[sif\]"'):
        open_recording(sif.sample(tmp_path))
