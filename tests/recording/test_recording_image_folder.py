import struct
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from encoders.known import known_frames
from encoders.png_folder import chunk, png

from aphyn_gui.recording import RecordingError, RectangularRoi, open_recording

pytest.importorskip("PIL")

FRAMES = known_frames()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "frames"
    made.mkdir()
    return made


def write(folder: Path, name: str = "frame{}.png", frames: Any = FRAMES) -> Path:
    for number, frame in enumerate(frames, start=1):
        (folder / name.format(number)).write_bytes(png(frame))
    return folder


def test_16_bit_grey_keeps_its_bits_and_2_comes_before_10(folder: Path) -> None:
    recording = open_recording(write(folder))

    assert recording.format_name == "Folder of images"
    assert recording.frames.dtype == np.uint16
    assert recording.frame_interval_ms is None
    assert recording.assumptions == ()
    for index in range(20):
        np.testing.assert_array_equal(recording.read_frame(index), FRAMES[index])
    np.testing.assert_array_equal(
        recording.read_region(RectangularRoi(1, 2, 3, 4)), FRAMES[:, 2:6, 1:4]
    )


def test_8_bit_grey(folder: Path) -> None:
    frames = known_frames(np.uint8)
    recording = open_recording(write(folder, frames=frames))

    assert recording.frames.dtype == np.uint8
    np.testing.assert_array_equal(recording.read_frame(9), frames[9])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiff_frames(folder: Path, dtype: type, compression: str | None) -> None:
    frames = (FRAMES % 251).astype(dtype)
    for number, frame in enumerate(frames):
        tifffile.imwrite(folder / f"{number}.tif", frame, compression=compression)
    recording = open_recording(folder)

    assert recording.frames.dtype == dtype
    np.testing.assert_array_equal(recording.read_frame(11), frames[11])


def test_colour_is_read_as_brightness_or_a_channel(folder: Path) -> None:
    frames = known_frames(np.uint8)
    colour = np.stack([frames, frames // 2, frames // 4], axis=-1)
    recording = open_recording(write(folder, frames=colour))

    assert "brightness" in recording.assumptions[0]
    expected = np.rint(colour[3] @ [0.299, 0.587, 0.114])
    np.testing.assert_array_equal(recording.read_frame(3), expected)
    green = open_recording(folder, choices={"channel": "green"})
    assert green.assumptions == ()
    np.testing.assert_array_equal(green.read_frame(3), colour[3, ..., 1])


def test_grey_saved_as_colour_stays_what_it_is(folder: Path) -> None:
    frames = known_frames(np.uint8)
    recording = open_recording(write(folder, frames=np.stack([frames] * 3, axis=-1)))

    np.testing.assert_array_equal(recording.read_frame(17), frames[17])


def test_other_files_and_what_systems_leave_are_no_frames(folder: Path) -> None:
    write(folder)
    for name in ("._frame1.png", "Thumbs.db", "notes.txt", "background.png"):
        (folder / name).write_bytes(b"something else")

    assert open_recording(folder).frame_count == 20


def test_trials_are_series_to_choose_from(folder: Path) -> None:
    write(folder, "trial1_frame{}.png", FRAMES[:8])
    write(folder, "trial2_frame{}.png", FRAMES[8:])
    recording = open_recording(folder)

    assert recording.frame_count == 12
    assert recording.choices[0].options == (
        "trial2_frame#.png", "trial1_frame#.png", "trial#_frame#.png",
    )  # fmt: skip
    assert "longest" in recording.assumptions[0]
    first = open_recording(folder, choices={"series": "trial1_frame#.png"})
    np.testing.assert_array_equal(first.read_frame(7), FRAMES[7])


def test_cameras_at_the_end_of_the_name_are_series(folder: Path) -> None:
    write(folder, "{}_cam1.png")
    write(folder, "{}_cam2.png", FRAMES[::-1])
    recording = open_recording(folder)

    assert recording.choices[0].chosen == "#_cam1.png"
    np.testing.assert_array_equal(recording.read_frame(12), FRAMES[12])


def test_missing_numbers_are_said(folder: Path) -> None:
    write(folder)
    (folder / "frame7.png").unlink()

    assert "first after frame6.png" in open_recording(folder).assumptions[0]


def test_one_frame_says_how_to_open_the_folder(folder: Path) -> None:
    write(folder)
    for number, frame in enumerate(FRAMES):
        tifffile.imwrite(folder / f"{number}.tif", frame)

    for name in ("frame3.png", "3.tif"):
        with pytest.raises(RecordingError, match=r"one of 20 .* folder frames; open the folder"):
            open_recording(folder / name)


def test_a_single_image_is_refused(folder: Path) -> None:
    (folder / "image.png").write_bytes(png(FRAMES[0]))

    with pytest.raises(RecordingError, match="one image, not a movie: open the file"):
        open_recording(folder / "image.png")
    with pytest.raises(RecordingError, match="frames is a folder without a movie"):
        open_recording(folder)


def test_images_of_another_size_are_refused_by_name(folder: Path) -> None:
    write(folder)
    (folder / "frame9.png").write_bytes(png(FRAMES[8, :5]))
    recording = open_recording(folder)

    with pytest.raises(RecordingError, match=r"frame9\.png has the shape \(5, 8\)"):
        recording.read_frame(8)


def test_a_missing_or_truncated_frame_is_refused_by_name(folder: Path) -> None:
    recording = open_recording(write(folder))
    (folder / "frame4.png").unlink()
    whole = (folder / "frame5.png").read_bytes()
    (folder / "frame5.png").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(RecordingError, match=r"frame4\.png could not be read"):
        recording.read_frame(3)
    with pytest.raises(RecordingError, match=r"frame5\.png could not be read as PNG"):
        recording.read_frame(4)


def test_a_header_that_claims_gigabytes_allocates_nothing(folder: Path) -> None:
    write(folder)
    content = (folder / "frame1.png").read_bytes()
    huge = struct.pack(">IIBBBBB", 60000, 60000, 16, 0, 0, 0, 0)
    (folder / "frame1.png").write_bytes(content[:8] + chunk(b"IHDR", huge) + content[33:])

    with pytest.raises(RecordingError, match=r"frame1\.png is damaged: .* 7200000000 bytes"):
        open_recording(folder)


def test_without_pillow_the_message_says_how_to_get_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(RecordingError, match=r'pip install "aphyn-gui\[images\]"'):
        open_recording(write(folder))


def test_a_part_that_claims_gigabytes_is_refused_before_it_is_read(folder: Path) -> None:
    # What reading needs is imported before memory is counted.
    open_recording(write(folder))
    path = sorted(folder.glob("*.png"))[0]
    content = path.read_bytes()
    place = content.index(b"IDAT") - 4
    path.write_bytes(content[:place] + struct.pack(">I", 2**31 - 1) + content[place + 4 :])
    tracemalloc.start()
    with pytest.raises(RecordingError, match=rf"{path.stem}\.png .*2147483647 bytes"):
        open_recording(folder)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2**24
