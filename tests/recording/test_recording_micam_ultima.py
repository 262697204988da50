"""MiCAM ULTIMA and MC05 recordings."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from encoders.micam_ultima import COLUMNS, LEFT, ROWS, movie, write_mc05, write_ultima

from aphyn_gui.recording import Recording, RecordingError, RectangularRoi, open_recording

IMAGE = slice(LEFT, LEFT + 100)


def choice(recording: Recording, key: str) -> str:
    return next(choice.chosen for choice in recording.choices if choice.key == key)


def test_counts_are_background_and_difference(tmp_path: Path) -> None:
    stored, plane = movie(10)
    recording = open_recording(write_ultima(tmp_path, stored, plane))

    assert recording.frames.shape == (9, 100, 100)
    assert recording.frames.dtype == np.int32
    assert recording.frame_interval_ms == 2.0
    assert recording.saturation_level is None
    assert recording.header["sample_mode"] == "SDIF"
    np.testing.assert_array_equal(recording.frames[:, :, :], stored[1:, :, IMAGE] + plane[:, IMAGE])
    assert "dropped" in recording.assumptions[0]


@pytest.mark.parametrize("name", ["heart.rsh", "heart.rsm", "heart(0).rsd", "heart(2).rsd"])
def test_each_file_opens_the_recording(tmp_path: Path, name: str) -> None:
    stored, plane = movie(10)
    write_ultima(tmp_path, stored, plane)

    recording = open_recording(tmp_path / name)

    assert recording.path.name == name
    np.testing.assert_array_equal(recording.read_frame(8), stored[9, :, IMAGE] + plane[:, IMAGE])


def test_a_block_finds_a_header_of_another_name(tmp_path: Path) -> None:
    write_ultima(tmp_path, *movie(10))
    (tmp_path / "heart.rsh").rename(tmp_path / "renamed.rsh")

    assert open_recording(tmp_path / "heart(1).rsd").frame_count == 9


@pytest.mark.parametrize("missing", ["heart.rsm", "heart(1).rsd"])
def test_a_missing_part_is_named(tmp_path: Path, missing: str) -> None:
    header = write_ultima(tmp_path, *movie(10))
    (tmp_path / missing).unlink()

    with pytest.raises(RecordingError, match=rf"{missing.replace('(', '.').replace(')', '.')}"):
        open_recording(header)


def test_a_block_without_a_header_is_told(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(10))
    header.unlink()

    with pytest.raises(RecordingError, match=r"heart\.rsh.*missing"):
        open_recording(tmp_path / "heart(0).rsd")


@pytest.mark.parametrize("folder", ["C:\\data\\2018\\", "\\\\server\\share\\", "../elsewhere/", ""])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_listed_paths_are_looked_for_beside_the_header(
    tmp_path: Path, folder: str, line_end: str
) -> None:
    header = write_ultima(tmp_path, *movie(10), listed_folder=folder, line_end=line_end)

    assert open_recording(header).frame_count == 9


def test_capitals_do_not_hide_a_part(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(10))
    (tmp_path / "heart(1).rsd").rename(tmp_path / "HEART(1).RSD")

    assert open_recording(header).frame_count == 9


@pytest.mark.parametrize(
    "key",
    [
        np.s_[3],
        np.s_[-1],
        np.s_[2:9:3],
        np.s_[8:1:-2],
        np.s_[1:1],
        np.s_[:, 3:9, 4],
        np.s_[5, 2, 3],
        np.s_[::-1, ::-2, 90:10:-7],
    ],
)
@pytest.mark.parametrize("dual", [0, 4])
def test_any_part_is_what_the_whole_has(tmp_path: Path, dual: int, key: tuple[slice]) -> None:
    stored, plane = movie(23)
    stored[12, 5, 40] = -30_000
    frames = open_recording(write_ultima(tmp_path, stored, plane, dual=dual)).frames
    step = 2 if dual else 1

    whole = stored[step::step, :, IMAGE] + plane[:, IMAGE]

    np.testing.assert_array_equal(frames[key], whole[key])


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("dropped", lambda stored, plane: stored[1:] + plane),
        ("kept as stored", lambda stored, plane: np.concatenate([stored[:1], stored[1:] + plane])),
        ("kept as a difference", lambda stored, plane: stored + plane),
    ],
)
def test_the_first_frame_is_treated_as_asked(tmp_path: Path, asked: str, expected) -> None:
    stored, plane = movie(6)
    header = write_ultima(tmp_path, stored, plane)
    recording = open_recording(header, choices={"first_frame": asked})

    np.testing.assert_array_equal(recording.frames[:, :, :], expected(stored, plane)[:, :, IMAGE])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_that_left_the_16_bits_is_repaired(tmp_path: Path, sign: int) -> None:
    true, plane = movie(12)
    true[1:, 50, 60] = sign * (32_000 + 100 * np.abs(5 - np.arange(11)) * (np.arange(11) > 4))
    true[7, 50, 60] = sign * 33_500
    header = write_ultima(tmp_path, true, plane)

    repaired = open_recording(header)
    left = open_recording(header, choices={"wraps": "left as stored"})

    counts = true[1:, 50, 60] + plane[50, 60]
    np.testing.assert_array_equal(repaired.frames[:, 50, 40], counts)
    np.testing.assert_array_equal(repaired.frames[6, 50, 40], counts[6])
    assert left.frames[6, 50, 40] == counts[6] - sign * 2**16


def test_a_large_step_that_is_no_wrap_stays(tmp_path: Path) -> None:
    stored, plane = movie(12)
    stored[6:, 50, 60] = 30_000
    recording = open_recording(write_ultima(tmp_path, stored, plane))

    np.testing.assert_array_equal(recording.frames[:, 50, 40], stored[1:, 50, 60] + plane[50, 60])


def test_two_cameras_take_turns(tmp_path: Path) -> None:
    stored, plane = movie(16)
    own = plane[:, ::-1] + 500
    stored[1] = own
    header = write_ultima(tmp_path, stored, plane, dual=4)

    first = open_recording(header)
    second = open_recording(header, choices={"camera": "camera 2"})

    assert choice(first, "camera") == "camera 1"
    assert first.frame_interval_ms == 2.0
    np.testing.assert_array_equal(first.frames[:, :, :], (stored[2::2] + plane)[:, :, IMAGE])
    assert choice(second, "background") == "the first frame"
    np.testing.assert_array_equal(second.frames[:, :, :], (stored[3::2] + own)[:, :, IMAGE])


def test_the_sample_time_may_count_both_cameras(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(16), dual=4)
    asked = open_recording(header, choices={"sample_time": "both cameras in turn"})

    assert asked.frame_interval_ms == 4.0


def test_all_frames_of_two_cameras_can_be_had(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(16), dual=4)

    assert open_recording(header, choices={"camera": "all frames"}).frame_count == 15


def test_frames_may_be_counted_for_each_camera(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(16), dual=4, claimed=8)
    recording = open_recording(header)

    assert recording.frame_count == 7
    assert any("number of each camera" in note for note in recording.assumptions)


def test_padding_behind_the_last_frame_is_left_out(tmp_path: Path) -> None:
    recording = open_recording(write_ultima(tmp_path, *movie(12), claimed=10))

    assert recording.frame_count == 9
    assert any("padding" in note for note in recording.assumptions)


def test_analog_inputs_are_in_the_margin(tmp_path: Path) -> None:
    stored, plane = movie(9)
    recording = open_recording(write_ultima(tmp_path, stored, plane))

    assert [channel.name for channel in recording.analog] == ["analog 1", "analog 2", "stimulus"]
    for channel, column in zip(recording.analog, (12, 14, 8), strict=True):
        assert channel.samples_per_frame == 20
        assert channel.values.dtype == np.float32
        expected = [stored[frame, 4 * n, column] for frame in range(1, 9) for n in range(20)]
        np.testing.assert_array_equal(channel.values, expected)


def test_a_region_reads_as_the_frames_do(tmp_path: Path) -> None:
    stored, plane = movie(9)
    recording = open_recording(write_ultima(tmp_path, stored, plane))

    region = recording.read_region(RectangularRoi(x=20, y=10, width=4, height=3))

    np.testing.assert_array_equal(region, stored[1:, 10:13, 40:44] + plane[10:13, 40:44])


@pytest.mark.parametrize("text", ["500usec", " 0.5 msec", "0.0005sec"])
def test_units_of_the_sample_time(tmp_path: Path, text: str) -> None:
    recording = open_recording(write_ultima(tmp_path, *movie(6), sample_time=text))

    assert recording.frame_interval_ms == pytest.approx(0.5)


@pytest.mark.parametrize("text", ["", "soon", "0.0msec", "-2msec", "2 fortnights"])
def test_a_sample_time_that_is_none_is_asked_for(tmp_path: Path, text: str) -> None:
    recording = open_recording(write_ultima(tmp_path, *movie(6), sample_time=text))

    assert recording.frame_interval_ms is None


def test_lost_blocks_are_noticed(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(8), claimed=2048)

    with pytest.raises(RecordingError, match="2048 frames, they hold 8"):
        open_recording(header)


@pytest.mark.parametrize("name", ["heart(0).rsd", "heart(1).rsd"])
def test_a_truncated_block_is_named(tmp_path: Path, name: str) -> None:
    header = write_ultima(tmp_path, *movie(8))
    block = tmp_path / name
    block.write_bytes(block.read_bytes()[:-100])

    with pytest.raises(RecordingError, match=rf"{name[:5]}.*truncated"):
        open_recording(header)


def test_an_unknown_option_is_refused(tmp_path: Path) -> None:
    header = write_ultima(tmp_path, *movie(8), dual=4)

    with pytest.raises(RecordingError, match="camera 1, camera 2"):
        open_recording(header, choices={"camera": "3"})


@pytest.mark.parametrize("side_by_side", [False, True])
@pytest.mark.parametrize("camera", [0, 1])
def test_mc05_holds_two_cameras_in_a_frame(tmp_path: Path, side_by_side: bool, camera: int) -> None:
    pairs = [movie(6, seed) for seed in (1, 2)]
    pairs[1][1][:] += 700
    header = write_mc05(
        tmp_path,
        [stored for stored, _ in pairs],
        [plane for _, plane in pairs],
        side_by_side=side_by_side,
    )
    choices = {"camera": f"camera {camera + 1}"}
    if side_by_side:
        choices["planes"] = "side by side"
    recording = open_recording(header, choices=choices)

    stored, plane = pairs[camera]
    assert recording.format_name == "MiCAM MC05"
    assert recording.frame_interval_ms == 1.0
    np.testing.assert_array_equal(recording.frames[:, :, :], (stored[1:] + plane)[:, :, IMAGE])
    assert len(recording.analog) == 3


def test_mc05_can_show_its_margins(tmp_path: Path) -> None:
    stored, plane = movie(5)
    header = write_mc05(tmp_path, [stored, stored], [plane, plane])
    recording = open_recording(header, choices={"columns": "all"})

    assert (recording.row_count, recording.column_count) == (ROWS, COLUMNS)
    assert recording.analog == ()


def test_the_real_header_opens_with_a_written_movie(shared_data: Path, tmp_path: Path) -> None:
    for file in (shared_data / "micam_rsh_header_MIT").glob("*.rs*"):
        shutil.copyfile(file, tmp_path / file.name)
    stored = np.random.default_rng(1).integers(-200, 200, size=(2048, ROWS, COLUMNS), dtype="<i2")
    for number, block in enumerate(stored.reshape(8, 256, ROWS, COLUMNS)):
        (tmp_path / f"rhrd0214-013({number}).rsd").write_bytes(block.tobytes())
    recording = open_recording(tmp_path / "rhrd0214-013.rsh")
    plane = np.fromfile(tmp_path / "rhrd0214-013.rsm", dtype="<i2").reshape(ROWS, COLUMNS)

    assert recording.frames.shape == (1023, 100, 100)
    assert recording.frame_interval_ms == 2.0
    assert recording.header["acquisition_date"] == "2018/02/14 15:22:04"
    assert recording.header["program"] == "UltimaExp-Dual version 1111"
    assert (plane[:, IMAGE].min(), plane[:, IMAGE].max()) == (0, 13223)
    np.testing.assert_array_equal(
        recording.frames[500], stored[1002, :, IMAGE].astype(int) + plane[:, IMAGE]
    )


def test_the_real_header_alone_names_what_is_missing(shared_data: Path) -> None:
    header = shared_data / "micam_rsh_header_MIT" / "rhrd0214-013.rsh"

    with pytest.raises(RecordingError, match=r"rhrd0214-013\(0\)\.rsd.*missing"):
        open_recording(header)
