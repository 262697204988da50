"""NeuroPlex and TurboSM recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from encoders.counts import background, differences
from encoders.redshirt import write_da, write_tbn, write_tsm

from aphyn_gui.recording import Recording, RecordingError, RectangularRoi, open_recording

FRAMES, ROWS, COLUMNS = 9, 4, 6
MOVIE = differences(FRAMES, ROWS, COLUMNS) + 900
DARK = background(ROWS, COLUMNS) // 10


def keys(recording: Recording) -> list[str]:
    return [choice.key for choice in recording.choices]


def test_neuroplex_pixels_come_one_after_the_other(tmp_path: Path) -> None:
    recording = open_recording(write_da(tmp_path, MOVIE, DARK))

    assert recording.format_name == "NeuroPlex"
    assert recording.frame_interval_ms == 1.0
    assert keys(recording) == ["dark_frame"]
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE - DARK)
    np.testing.assert_array_equal(recording.frames[2:7:2, 1, ::-1], (MOVIE - DARK)[2:7:2, 1, ::-1])


def test_neuroplex_is_recognised_by_its_sizes(tmp_path: Path) -> None:
    recording = open_recording(write_da(tmp_path, MOVIE, DARK, name="copy.of_it"))

    assert recording.format_name == "NeuroPlex"


def test_a_dark_frame_can_stay(tmp_path: Path) -> None:
    path = write_da(tmp_path, MOVIE, DARK)
    recording = open_recording(path, choices={"dark_frame": "not subtracted"})

    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE)


def test_neuroplex_traces(tmp_path: Path) -> None:
    traces = np.arange(8 * FRAMES * 4).reshape(8, -1) - 100
    recording = open_recording(write_da(tmp_path, MOVIE, DARK, traces=traces))

    assert [channel.name for channel in recording.analog][::7] == ["BNC 1", "BNC 8"]
    assert recording.analog[3].samples_per_frame == 4
    for channel, trace in zip(recording.analog, traces, strict=True):
        np.testing.assert_array_equal(channel.values, trace)
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE - DARK)


@pytest.mark.parametrize(
    ("interval_us", "factor", "asked", "expected_ms"),
    [
        (500, 4, None, 2.0),
        (500, 4, "word 389 alone", 0.5),
        (9, 4, None, 0.009),
        (9, 4, "multiplied by word 391", 0.036),
        (500, 0, None, 0.5),
        (0, 4, None, None),
        (-7, 4, None, None),
    ],
)
def test_the_neuroplex_interval(
    tmp_path: Path, interval_us: int, factor: int, asked: str | None, expected_ms: float | None
) -> None:
    path = write_da(tmp_path, MOVIE, DARK, interval_us=interval_us, factor=factor)
    recording = open_recording(path, choices={} if asked is None else {"interval": asked})

    assert recording.frame_interval_ms == pytest.approx(expected_ms)
    assert ("interval" in keys(recording)) == (interval_us > 0 and factor > 1)


def test_a_neuroplex_file_without_its_end_opens_and_says_so(tmp_path: Path) -> None:
    path = write_da(tmp_path, MOVIE, DARK)
    path.write_bytes(path.read_bytes()[:-10])
    recording = open_recording(path)

    assert "dark frame" in recording.assumptions[0]
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE)


def test_a_truncated_neuroplex_movie_is_refused(tmp_path: Path) -> None:
    path = write_da(tmp_path, MOVIE, DARK)
    path.write_bytes(path.read_bytes()[: 5120 + 100])

    with pytest.raises(RecordingError, match="9 frames of 4 rows of 6"):
        open_recording(path)


@pytest.mark.parametrize("channels", [0, 3])
@pytest.mark.parametrize("opened", ["slice.tsm", "slice.tbn"])
def test_turbosm(tmp_path: Path, channels: int, opened: str) -> None:
    write_tsm(tmp_path, MOVIE, DARK)
    traces = np.linspace(-1, 1, 3 * FRAMES * 2).reshape(3, -1)[:channels]
    write_tbn(tmp_path, traces, ratio=2)
    recording = open_recording(tmp_path / opened)

    assert recording.format_name == "TurboSM"
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert recording.header["NAXIS1"] == str(COLUMNS)
    assert len(recording.analog) == channels
    for channel, trace in zip(recording.analog, traces, strict=True):
        assert channel.samples_per_frame == 2
        np.testing.assert_allclose(channel.values, trace, rtol=1e-6)
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE - DARK)
    region = recording.read_region(RectangularRoi(x=2, y=1, width=2, height=2))
    np.testing.assert_array_equal(region, (MOVIE - DARK)[:, 1:3, 2:4])


def test_turbosm_without_analog_inputs_or_dark_frame(tmp_path: Path) -> None:
    recording = open_recording(write_tsm(tmp_path, MOVIE, None))

    assert any("dark frame" in note for note in recording.assumptions)
    assert any("slice.tbn" in note for note in recording.assumptions)
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE)


def test_a_dark_frame_of_turbosm_can_stay(tmp_path: Path) -> None:
    path = write_tsm(tmp_path, MOVIE, DARK)
    recording = open_recording(path, choices={"dark_frame": "not subtracted"})

    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE)


def test_turbosm_is_recognised_by_its_sizes_and_other_fits_is_not(tmp_path: Path) -> None:
    path = write_tsm(tmp_path, MOVIE, DARK)
    renamed = path.rename(tmp_path / "slice.bak")
    assert open_recording(renamed).format_name == "TurboSM"

    padded = tmp_path / "sky.fits"
    padded.write_bytes(renamed.read_bytes()[: 2880 + MOVIE.size * 2].ljust(5760, b"\0"))
    with pytest.raises(RecordingError, match="no known kind"):
        open_recording(padded)


@pytest.mark.parametrize("exposure", ["0", "-1", "nan", "fast", "1e999"])
def test_an_exposure_that_is_none_is_asked_for(tmp_path: Path, exposure: str) -> None:
    recording = open_recording(write_tsm(tmp_path, MOVIE, DARK, exposure=exposure))

    assert recording.frame_interval_ms is None


def test_an_exposure_with_an_exponent(tmp_path: Path) -> None:
    recording = open_recording(write_tsm(tmp_path, MOVIE, DARK, exposure="2.5E-3"))

    assert recording.frame_interval_ms == pytest.approx(2.5)


def test_a_truncated_turbosm_movie_is_refused(tmp_path: Path) -> None:
    path = write_tsm(tmp_path, MOVIE, DARK)
    path.write_bytes(path.read_bytes()[:3000])

    with pytest.raises(RecordingError, match="9 frames of 4 rows of 6"):
        open_recording(path)


def test_analog_inputs_without_a_movie_name_it(tmp_path: Path) -> None:
    path = write_tbn(tmp_path, np.zeros((1, 10)), ratio=1)

    with pytest.raises(RecordingError, match=r"slice\.tsm.*missing"):
        open_recording(path)
