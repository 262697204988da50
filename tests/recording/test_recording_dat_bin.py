"""MultiRecorder .dat and Rhythm .bin: short headers that the size of the file must confirm."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from encoders.counts import differences
from encoders.multirecorder import write_dat
from encoders.rhythm import write_bin

from aphyn_gui.recording import RecordingError, open_recording

MOVIE = np.abs(differences(9, 4, 6)) % 256


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", ["e", "f"])
def test_versions_with_a_byte_order(tmp_path: Path, version: str, order: str, bits: int) -> None:
    path = write_dat(tmp_path, MOVIE, version=version, order=order, bits=bits)
    recording = open_recording(path)

    assert recording.format_name == "MultiRecorder"
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert recording.saturation_level == 2**bits - 1
    assert recording.header["comment"] == "pig heart, paced"
    assert recording.header["byte order"] == ("little" if order == "<" else "big")
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("date_length", [17, 24])
def test_version_d_has_a_date_of_either_length(tmp_path: Path, date_length: int, bits: int) -> None:
    path = write_dat(tmp_path, MOVIE, version="d", date_length=date_length, bits=bits)
    recording = open_recording(path)

    assert recording.frame_interval_ms is None
    assert recording.header["date"] == "2010-01-02 03:04:"
    np.testing.assert_array_equal(recording.frames[:, :, :], MOVIE)


def test_the_depth_can_be_chosen(tmp_path: Path) -> None:
    path = write_dat(tmp_path, MOVIE, version="d", bits=16)
    recording = open_recording(path, choices={"bits": "8"})

    assert recording.frames.dtype == np.uint8
    with pytest.raises(RecordingError, match="16 bits, which need"):
        open_recording(write_dat(tmp_path, MOVIE, version="d", bits=8), choices={"bits": "16"})


def test_a_rate_of_zero_is_asked_for(tmp_path: Path) -> None:
    assert open_recording(write_dat(tmp_path, MOVIE, rate_hz=0)).frame_interval_ms is None


def test_a_recording_that_goes_on_is_read_as_far_as_claimed(tmp_path: Path) -> None:
    path = write_dat(tmp_path, MOVIE)
    path.write_bytes(path.read_bytes() + b"more")

    np.testing.assert_array_equal(open_recording(path).frames[:, :, :], MOVIE)


def test_a_truncated_dat_tells_both_sizes(tmp_path: Path) -> None:
    path = write_dat(tmp_path, MOVIE, bits=8)
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(RecordingError, match=r"9 frames of 4 rows of 6 pixels.*holds"):
        open_recording(path)


@pytest.mark.parametrize("sizes", [(0, 4, 6), (-9, 4, 6), (2**31 - 1,) * 3])
@pytest.mark.parametrize("version", ["d", "e"])
def test_impossible_sizes_of_a_dat_are_refused(
    tmp_path: Path, version: str, sizes: tuple[int, ...]
) -> None:
    path = write_dat(tmp_path, MOVIE, version=version)
    content = bytearray(path.read_bytes())
    struct.pack_into("<3i", content, 25 if version == "d" else 5, *sizes)
    path.write_bytes(content)

    with pytest.raises(RecordingError, match=r"another kind of \.dat file"):
        open_recording(path)


@pytest.mark.parametrize("content", [b"date,value\n1,2\n" * 100, b"short", b"e" * 3000])
def test_another_dat_is_told_to_be_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table.dat"
    path.write_bytes(content)

    with pytest.raises(RecordingError, match=r"another kind of \.dat file"):
        open_recording(path)


def test_rhythm(tmp_path: Path) -> None:
    recording = open_recording(write_bin(tmp_path, MOVIE + 60_000, rate_hz=500))

    assert recording.format_name == "Rhythm"
    assert isinstance(recording.frames, np.memmap)
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert recording.saturation_level == 65535
    np.testing.assert_array_equal(recording.frames, MOVIE + 60_000)


@pytest.mark.parametrize("rate", [0.0, -5.0, float("nan"), float("inf"), 1e300])
def test_a_rate_of_a_bin_that_is_none_is_asked_for(tmp_path: Path, rate: float) -> None:
    assert open_recording(write_bin(tmp_path, MOVIE, rate_hz=rate)).frame_interval_ms is None


@pytest.mark.parametrize("keep", [10, 24, 24 + 47, -1])
def test_a_truncated_bin_is_refused(tmp_path: Path, keep: int) -> None:
    path = write_bin(tmp_path, MOVIE)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(RecordingError, match=r"truncated|too few"):
        open_recording(path)


@pytest.mark.parametrize("content", [bytes(5000), b"\xff" * 5000, b"MZ some program" * 300])
def test_another_bin_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(content)

    with pytest.raises(RecordingError, match=r"another kind of \.bin file"):
        open_recording(path)
