from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from encoders.known import known_frames

from aphyn_gui.recording import ReadingChoice, RecordingError, open_recording

FRAMES = known_frames()


def choice(path: Path, key: str) -> ReadingChoice:
    return next(found for found in open_recording(path).choices if found.key == key)


@pytest.mark.parametrize("save", [np.save, np.savez])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_time_axis_of_an_array_can_be_corrected(tmp_path: Path, save: Any, axis: int) -> None:
    path = tmp_path / ("movie.npy" if save is np.save else "movie.npz")
    save(path, FRAMES)
    recording = open_recording(path, choices={"time_axis": str(axis)})

    assert recording.assumptions == ()
    assert recording.choices[-1].chosen == str(axis)
    np.testing.assert_array_equal(recording.read_frame(3), np.take(FRAMES, 3, axis=axis))


def test_the_guess_and_its_reason_are_told(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.moveaxis(FRAMES, 0, 2))

    found = choice(path, "time_axis")
    assert (found.label, found.options, found.chosen) == (
        "Time axis of 6 x 8 x 20", ("0", "1", "2"), "2",
    )  # fmt: skip
    assert "longest" in found.reason


@pytest.mark.parametrize("wrong", ["3", "-1", "T", ""])
def test_an_axis_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, FRAMES)

    with pytest.raises(RecordingError, match="Time axis of 20 x 6 x 8 must be one of 0, 1, 2"):
        open_recording(path, choices={"time_axis": wrong})


def test_one_array_of_an_archive_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "movie.npz"
    np.savez(path, small=FRAMES[:10], large=FRAMES, trace=np.zeros(9))

    assert choice(path, "array").options == ("small", "large")
    assert choice(path, "array").chosen == "large"
    small = open_recording(path, choices={"array": "small"})
    assert small.frame_count == 10
    assert small.assumptions == ()


def test_keys_for_other_formats_are_not_for_this_one(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, FRAMES)

    assert open_recording(path, choices={"camera": "2"}).frame_count == 20


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("axis", ["T", "Z", "Y", "X"])
def test_the_time_axis_of_a_tiff_can_be_corrected(
    tmp_path: Path, compression: str | None, axis: str
) -> None:
    path = tmp_path / "movie.tif"
    frames = FRAMES.reshape(4, 5, 6, 8)
    tifffile.imwrite(path, frames, imagej=True, compression=compression, metadata={"axes": "TZYX"})
    expected = {"T": frames[:, 0], "Z": frames[0], "Y": np.moveaxis(frames[0], 1, 0),
                "X": np.moveaxis(frames[0], 2, 0)}[axis]  # fmt: skip
    recording = open_recording(path, choices={"time_axis": axis})

    assert choice(path, "time_axis").options == ("T", "Z", "Y", "X")
    assert recording.frames.shape == expected.shape
    np.testing.assert_array_equal(recording.read_frame(3), expected[3])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_the_channel_of_a_tiff_can_be_chosen(tmp_path: Path, compression: str | None) -> None:
    path = tmp_path / "movie.tif"
    frames = FRAMES.reshape(10, 2, 6, 8)
    tifffile.imwrite(path, frames, imagej=True, compression=compression, metadata={"axes": "TCYX"})
    recording = open_recording(path, choices={"channel": "2"})

    assert choice(path, "channel").options == ("1", "2")
    assert recording.assumptions == ()
    np.testing.assert_array_equal(recording.read_frame(4), frames[4, 1])


def test_the_series_of_a_tiff_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(FRAMES[:7], photometric="minisblack")
        writer.write(FRAMES, photometric="minisblack")

    found = choice(path, "series")
    assert (found.options, found.chosen) == (("1", "2"), "2")
    assert "1: 7 x 6 x 8, 2: 20 x 6 x 8" in found.label
    assert open_recording(path, choices={"series": "1"}).frame_count == 7


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("Camera: pco.edge\r\nFrame rate: 500.00 Hz\r\nExposure: 1 ms\r\n", 2.0),
        ("FrameRate=0,25 kHz\n", 4.0),
        ("fps: 1000\n", 1.0),
        ("Exposure time: 2 ms\n", None),
        ("Frame rate: 0 Hz\n", None),
        ("Frame rate: 5 apples\n", None),
    ],
)
@pytest.mark.parametrize("name", ["movie.rec", "movie.pcoraw.rec"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_the_rate_of_pco_comes_from_the_text_beside_it(
    tmp_path: Path, text: str, interval: float | None, name: str, encoding: str
) -> None:
    path = tmp_path / "movie.pcoraw"
    tifffile.imwrite(path, FRAMES, bigtiff=True, photometric="minisblack")
    (tmp_path / name).write_bytes(text.encode(encoding))
    recording = open_recording(path)

    assert recording.frame_interval_ms == pytest.approx(interval)
    assert text.split("\n")[0].strip() in recording.header["PCO sidecar"]
    assert any(name in said for said in recording.assumptions) == (interval is not None)


def test_the_tiff_itself_comes_before_the_text(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, imagej=True, metadata={"axes": "TYX", "finterval": 0.003})
    (tmp_path / "movie.rec").write_text("Frame rate: 500 Hz")

    assert open_recording(path).frame_interval_ms == pytest.approx(3.0)
