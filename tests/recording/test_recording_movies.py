import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from encoders import film
from encoders.known import known_frames

from aphyn_gui.recording import RecordingError, open_recording

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

# It leaves the closing of its pipes to Python.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

FRAMES = known_frames(np.uint8)


def write(path: Path, frames: np.ndarray, codec: str, pixel_format: str) -> Path:
    writer = imageio_ffmpeg.write_frames(
        path, (frames.shape[2], frames.shape[1]), pix_fmt_in=pixel_format, pix_fmt_out=pixel_format,
        fps=250, codec=codec, macro_block_size=1, output_params=["-threads", "1"],
    )  # fmt: skip
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
    return path


def test_every_grey_frame_of_an_uncompressed_film(tmp_path: Path) -> None:
    recording = open_recording(film.sample(tmp_path))

    assert recording.format_name == "Film (rawvideo)"
    assert recording.frames.dtype == np.uint8
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert len(recording.assumptions) == 1
    assert "500 frames a second, which may be the speed of playback" in recording.assumptions[0]
    for index in range(20):
        np.testing.assert_array_equal(recording.read_frame(index), FRAMES[index])


def test_16_bits_are_kept(tmp_path: Path) -> None:
    frames = np.repeat(np.repeat(known_frames(), 4, axis=1), 4, axis=2)
    recording = open_recording(write(tmp_path / "movie.avi", frames, "ffv1", "gray16le"))

    assert recording.frames.dtype == np.uint16
    assert recording.frame_interval_ms == pytest.approx(4.0)
    np.testing.assert_array_equal(recording.read_frame(19), frames[19])


def test_colour_with_loss_is_said_and_its_channels_can_be_chosen(tmp_path: Path) -> None:
    grey = np.repeat(np.repeat(FRAMES, 8, axis=1), 8, axis=2)
    path = write(tmp_path / "movie.mp4", np.stack([grey] * 3, axis=-1), "libx264rgb", "rgb24")
    recording = open_recording(path)

    assert recording.frames.shape == (20, 48, 64)
    assert any("brightness" in text for text in recording.assumptions)
    assert any("with loss (h264)" in text for text in recording.assumptions)
    assert np.abs(recording.read_frame(10) - grey[10]).mean() < 10
    red = open_recording(path, choices={"channel": "red"})
    assert np.abs(red.read_frame(10) - grey[10]).mean() < 10


def test_a_truncated_film_says_so_or_is_refused(tmp_path: Path) -> None:
    path = film.sample(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    recording = open_recording(path)

    assert 2 <= recording.frame_count < 20
    assert any("frames at its end are missing" in text for text in recording.assumptions)
    path.write_bytes(content[:300])
    with pytest.raises(RecordingError, match=r"movie\.avi.*truncated"):
        open_recording(path)


def test_frames_outlive_the_temporary_file(tmp_path: Path) -> None:
    frames = open_recording(film.sample(tmp_path)).frames
    gc.collect()

    np.testing.assert_array_equal(frames[7], FRAMES[7])


def test_a_list_of_addresses_named_avi_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "movie.avi"
    path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n")

    with pytest.raises(RecordingError, match="neither AVI, MP4 nor QuickTime"):
        open_recording(path)


def test_without_ffmpeg_the_message_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)

    with pytest.raises(RecordingError, match=r'pip install "aphyn-gui\[movies\]"'):
        open_recording(film.sample(tmp_path))


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 2**30

    monkeypatch.setattr("shutil.disk_usage", lambda place: Full)

    with pytest.raises(RecordingError, match="no room"):
        open_recording(film.sample(tmp_path))
