"""MiCAM02 and MiCAM05 recordings."""

from __future__ import annotations

import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from encoders.counts import background, differences
from encoders.micam02 import colon_header, equals_header, write_gsd

from aphyn_gui.recording import Recording, RecordingError, open_recording

FRAMES, ROWS, COLUMNS = 7, 10, 12
STORED = differences(FRAMES, ROWS, COLUMNS)
PLANE = background(ROWS, COLUMNS)
HEADERS = {
    "colon": colon_header(FRAMES, COLUMNS, ROWS),
    "equals": equals_header(FRAMES, COLUMNS, ROWS),
}


def choice(recording: Recording, key: str) -> str:
    return next(choice.chosen for choice in recording.choices if choice.key == key)


@pytest.mark.parametrize("offset", [970, 972])
@pytest.mark.parametrize("dialect", HEADERS)
def test_both_dialects_and_both_offsets(tmp_path: Path, dialect: str, offset: int) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS[dialect], offset=offset)
    recording = open_recording(movie)

    assert choice(recording, "background_offset") == str(offset)
    assert recording.frame_interval_ms == 2.0
    assert recording.saturation_level is None
    np.testing.assert_array_equal(recording.frames[:, :, :], STORED + PLANE)


@pytest.mark.parametrize("offset", [970, 972])
def test_the_smoother_background_decides_where_the_size_does_not(
    tmp_path: Path, offset: int
) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["equals"], offset=offset, padding=501)
    recording = open_recording(movie)

    assert choice(recording, "background_offset") == str(offset)
    np.testing.assert_array_equal(recording.frames[:, :, :], STORED + PLANE)


def test_the_offset_can_be_chosen(tmp_path: Path) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["equals"])
    recording = open_recording(movie, choices={"background_offset": "970"})

    flat = np.concatenate([[0], PLANE.ravel(), STORED.ravel()])[: (FRAMES + 1) * PLANE.size]
    planes = flat.reshape(FRAMES + 1, ROWS, COLUMNS)
    np.testing.assert_array_equal(recording.frames[:, :, :], planes[1:] + planes[0])


def test_the_header_opens_the_movie(tmp_path: Path) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"])
    recording = open_recording(movie.with_suffix(".gsh"))

    assert recording.header["image width"] == str(COLUMNS)
    np.testing.assert_array_equal(recording.read_frame(3), STORED[3] + PLANE)


def test_a_header_of_another_suffix_is_known_by_its_movie(tmp_path: Path) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"])
    header = movie.with_suffix(".gsh").rename(tmp_path / "rat.txt")
    assert open_recording(header).frame_count == FRAMES

    movie.unlink()
    with pytest.raises(RecordingError, match="no known kind"):
        open_recording(header)


@pytest.mark.parametrize("missing", [".gsh", ".gsd"])
def test_a_missing_half_is_named(tmp_path: Path, missing: str) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"])
    movie.with_suffix(missing).unlink()
    other = ".gsd" if missing == ".gsh" else ".gsh"

    with pytest.raises(RecordingError, match=rf"rat\{missing}.*missing"):
        open_recording(movie.with_suffix(other))


def test_margins_are_cut_off(tmp_path: Path) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"], margins=(3, 2, 1, 4))
    recording = open_recording(movie)

    np.testing.assert_array_equal(recording.frames[:, :, :], (STORED + PLANE)[:, 2:6, 3:11])


def test_analog_channels_follow_the_movie(tmp_path: Path) -> None:
    traces = np.arange(2 * FRAMES * 4).reshape(2, -1) - 20
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"], analog=list(traces), rate=4)
    recording = open_recording(movie)

    assert [channel.samples_per_frame for channel in recording.analog] == [4, 4]
    for channel, trace in zip(recording.analog, traces, strict=True):
        np.testing.assert_array_equal(channel.values, trace)


def test_a_movie_without_its_analog_channels_opens(tmp_path: Path) -> None:
    traces = [np.arange(FRAMES * 4)]
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"], analog=traces, rate=4)
    movie.write_bytes(movie.read_bytes()[:-10])
    recording = open_recording(movie)

    assert recording.analog == ()
    assert "analog" in recording.assumptions[0]
    np.testing.assert_array_equal(recording.read_frame(6), STORED[6] + PLANE)


def test_two_cameras_can_be_told_apart(tmp_path: Path) -> None:
    traces = [np.arange(FRAMES * 4)]
    header = equals_header(FRAMES, COLUMNS, ROWS, dual=3)
    movie = write_gsd(tmp_path, STORED, PLANE, header, analog=traces, rate=4)

    assert open_recording(movie).frame_count == FRAMES
    second = open_recording(
        movie, choices={"camera": "camera 2", "sample_time": "both cameras in turn"}
    )
    assert second.frame_interval_ms == 4.0
    assert second.analog[0].samples_per_frame == 8
    assert second.analog[0].values.size == 8 * second.frame_count
    np.testing.assert_array_equal(second.frames[:, :, :], STORED[1::2] + PLANE)


def test_the_background_can_be_left_out(tmp_path: Path) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"])
    recording = open_recording(movie, choices={"background": "not added"})

    np.testing.assert_array_equal(recording.frames[:, :, :], STORED)


def test_wraps_are_repaired(tmp_path: Path) -> None:
    stored = STORED.copy()
    stored[:, 4, 5] = [-32_700, -32_710, 32_767, -32_700, -32_690, 32_760, -32_700]
    movie = write_gsd(tmp_path, stored, PLANE, HEADERS["colon"])
    recording = open_recording(movie)

    true = np.where(stored[:, 4, 5] > 0, stored[:, 4, 5] - 2**16, stored[:, 4, 5])
    np.testing.assert_array_equal(recording.frames[:, 4, 5], true + PLANE[4, 5])


def test_a_truncated_movie_tells_both_sizes(tmp_path: Path) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"])
    movie.write_bytes(movie.read_bytes()[:-10])

    with pytest.raises(RecordingError, match=r"truncated.*7 frames of 10 rows of 12.*holds"):
        open_recording(movie)


@pytest.mark.parametrize(
    "sizes",
    [
        (0, 10, 0, 0, 12, 10),
        (-12, 10, 0, 0, 12, 10),
        (12, 10, 5, 0, 12, 10),
        (12, 10, 0, -1, 12, 10),
    ],
)
def test_impossible_sizes_are_refused(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    movie = write_gsd(tmp_path, STORED, PLANE, HEADERS["colon"])
    content = bytearray(movie.read_bytes())
    struct.pack_into("<6h", content, 256, *sizes)
    movie.write_bytes(content)

    with pytest.raises(RecordingError, match="cannot be"):
        open_recording(movie)


@pytest.mark.parametrize("count", ["", "many", "-5", "0", "1e3", "9" * 40])
def test_a_frame_count_that_is_none_is_refused(tmp_path: Path, count: str) -> None:
    header = f"Number of frames: {count}\r\nFrame rate (Hz): 500\r\n"
    movie = write_gsd(tmp_path, STORED, PLANE, header)

    with pytest.raises(RecordingError, match="number of frames"):
        open_recording(movie)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows would write all ten gigabytes")
def test_ten_gigabytes_open_without_being_read(tmp_path: Path) -> None:
    frames, side = 100_000, 224
    plane = background(side, side)
    movie = write_gsd(tmp_path, STORED[:2], PLANE, equals_header(frames, side, side))
    content = bytearray(movie.read_bytes()[:972])
    struct.pack_into("<6h", content, 256, side, side, 0, 0, side, side)
    movie.write_bytes(content + plane.astype("<i2").tobytes())
    with movie.open("r+b") as file:
        file.truncate(972 + 2 * side * side * (frames + 1))
    tracemalloc.start()
    try:
        recording = open_recording(movie)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert movie.stat().st_size > 10**10
    assert recording.frame_count == frames
    assert peak < 2**20
    np.testing.assert_array_equal(recording.read_frame(frames - 1), plane)
