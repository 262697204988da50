import struct
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from encoders import mat5, mat5_scipy, mat73
from encoders.known import known_frames
from scipy.io import savemat

from aphyn_gui.recording import RecordingError, RectangularRoi, open_recording
from aphyn_gui.recording.formats.hdf5 import DatasetFrames

FRAMES = known_frames()
MOVIE = mat5.rows_columns_time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "movie.mat"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
def test_version_5_of_both_byte_orders(path: Path, order: str, packed: bool) -> None:
    movie = mat5.matrix("movie", MOVIE, order)
    path.write_bytes(mat5.header(order) + (mat5.compressed(movie, order) if packed else movie))
    recording = open_recording(path)

    assert recording.format_name == "MATLAB 5"
    assert recording.frames.shape == (20, 6, 8)
    assert isinstance(recording.frames, np.memmap)
    for index in (0, 13, 19):
        np.testing.assert_array_equal(recording.read_frame(index), FRAMES[index])


@pytest.mark.parametrize("packed", [False, True])
def test_what_scipy_writes(path: Path, packed: bool) -> None:
    savemat(path, {"movie": MOVIE.astype(np.float32), "x": 3}, do_compression=packed)
    recording = open_recording(path)

    assert recording.frames.dtype == np.float32
    np.testing.assert_array_equal(
        recording.read_region(RectangularRoi(1, 2, 3, 4)), FRAMES[:, 2:6, 1:4]
    )


def test_whole_numbers_stored_in_a_smaller_type(path: Path) -> None:
    movie = mat5.matrix("movie", MOVIE.astype(np.float64), stored_as="u2")
    path.write_bytes(mat5.header() + movie)

    np.testing.assert_array_equal(open_recording(path).read_frame(7), FRAMES[7])


@pytest.mark.parametrize("packed", [False, True])
def test_movies_in_cells_and_structures_are_found(path: Path, packed: bool) -> None:
    inside = mat5.structure("data", {"rate": mat5.matrix("", np.ones((1, 1))), "movie":
        mat5.cell("", [mat5.matrix("", MOVIE[:, :, :4]), mat5.matrix("", MOVIE)])})  # fmt: skip
    path.write_bytes(mat5.header() + (mat5.compressed(inside) if packed else inside))
    recording = open_recording(path)

    assert recording.choices[0].options == ("data.movie{1}", "data.movie{2}")
    np.testing.assert_array_equal(recording.read_frame(19), FRAMES[19])
    other = open_recording(path, choices={"array": "data.movie{1}", "time_axis": "2"})
    assert other.frame_count == 4
    assert other.assumptions == ()


def test_rhythm_has_ms_a_frame_and_a_negated_movie(tmp_path: Path) -> None:
    recording = open_recording(mat5_scipy.sample(tmp_path))

    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert any("negated already" in text for text in recording.assumptions)
    assert any("acqFreq = 2 was taken as ms a frame" in text for text in recording.assumptions)
    np.testing.assert_array_equal(recording.read_frame(5), -FRAMES[5].astype(float))


@pytest.mark.parametrize(
    ("numbers", "interval", "words"),
    [
        ({"frequency": 400.0}, 2.5, "frequency = 400 Hz"),
        ({"acqFreq": 4.0, "frequency": 500.0}, 4.0, "contradicts"),
        ({"acqFreq": 0.0}, None, ""),
        ({"acqFreq": np.nan}, None, ""),
    ],
)
def test_rhythm_timing(
    path: Path, numbers: dict[str, float], interval: float | None, words: str
) -> None:
    savemat(path, {"cmosData": MOVIE, **numbers})
    recording = open_recording(path)

    assert recording.frame_interval_ms == pytest.approx(interval)
    assert words in " ".join(recording.assumptions)


def test_rhythm_of_two_cameras(path: Path) -> None:
    cameras = np.empty((2, 1), dtype=object)
    cameras[0, 0], cameras[1, 0] = MOVIE[:, :, :10], MOVIE
    savemat(path, {"cmosData": cameras, "acqFreq": 2.0})
    recording = open_recording(path)

    assert recording.frame_count == 10
    assert recording.choices[0].options == ("cmosData{1}", "cmosData{2}")
    assert open_recording(path, choices={"array": "cmosData{2}"}).frame_count == 20


def test_the_movie_of_rhythm_comes_before_larger_arrays(path: Path) -> None:
    savemat(path, {"cmosData": MOVIE, "larger": np.zeros((9, 9, 99))})

    assert open_recording(path).choices[0].chosen == "cmosData"


@pytest.mark.parametrize("chunks", [None, (1, 8, 6), (20, 2, 2)])
def test_version_73_has_its_axes_reversed(path: Path, chunks: Any) -> None:
    recording = open_recording(mat73.write(path, chunks))

    assert recording.format_name == "MATLAB 7.3"
    assert recording.frames.shape == (20, 6, 8)
    assert recording.frame_interval_ms == pytest.approx(2.0)
    np.testing.assert_array_equal(recording.read_frame(13), FRAMES[13])
    np.testing.assert_array_equal(
        recording.read_region(RectangularRoi(1, 2, 3, 4)), FRAMES[:, 2:6, 1:4]
    )


def test_axes_are_numbered_as_matlab_shows_them(path: Path) -> None:
    by_version = [mat73.write(path)]
    path_5 = path.with_name("movie5.mat")
    savemat(path_5, {"movie": MOVIE})
    for version in (*by_version, path_5):
        recording = open_recording(version, choices={"time_axis": "0"})
        assert recording.frames.shape == (6, 8, 20)
        assert "6 x 8 x 20" in recording.choices[-1].label
        np.testing.assert_array_equal(recording.read_frame(3), MOVIE[3])


def test_other_variables_do_no_harm(path: Path) -> None:
    savemat(path, {"movie": MOVIE, "text": "hello", "c": 1j * np.ones((3, 3, 3)), "e": np.zeros(0)})

    assert open_recording(path).frame_count == 20


def test_strings_and_tables_are_passed_over(path: Path) -> None:
    opaque = mat5.element(6, struct.pack("<II", 17, 0)) + mat5.element(1, b"note")
    path.write_bytes(
        mat5.header()
        + mat5.element(14, opaque + mat5.element(1, b"MCOS") + mat5.element(1, b"string"))
        + mat5.matrix("movie", MOVIE)
    )

    assert open_recording(path).frame_count == 20


def test_a_file_without_a_movie_names_what_it_holds(path: Path) -> None:
    savemat(path, {"trace": np.zeros(100)})

    with pytest.raises(RecordingError, match=r"no three-dimensional array.*trace"):
        open_recording(path)


def test_version_4_is_refused(path: Path) -> None:
    savemat(path, {"movie": np.zeros((10, 10))}, format="4")

    with pytest.raises(RecordingError, match="version 5 or later"):
        open_recording(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_truncated_file_is_refused(path: Path, packed: bool, share: float) -> None:
    savemat(path, {"movie": MOVIE}, do_compression=packed)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(RecordingError, match=r"truncated or damaged|version 5"):
        open_recording(path)


def test_a_damaged_sum_is_noticed(path: Path) -> None:
    content = bytearray(mat5.header() + mat5.compressed(mat5.matrix("movie", MOVIE)))
    content[-2] ^= 1
    path.write_bytes(content)

    with pytest.raises(RecordingError, match="incorrect data check"):
        open_recording(path)


def test_a_header_that_claims_gigabytes_allocates_nothing(path: Path) -> None:
    movie = bytearray(mat5.matrix("movie", np.zeros((100, 100, 4))))
    movie = movie.replace(struct.pack("<3i", 100, 100, 4), struct.pack("<3i", 50000, 50000, 4))
    for content in (bytes(movie), mat5.compressed(bytes(movie))):
        path.write_bytes(mat5.header() + content)
        with pytest.raises(RecordingError, match="needs 80000000000 bytes"):
            open_recording(path)


def test_a_packed_variable_cannot_claim_more_than_deflate_can_hold(path: Path) -> None:
    lie = struct.pack("<II", 14, 2**31) + mat5.matrix("movie", MOVIE)[8:]
    path.write_bytes(mat5.header() + mat5.compressed(lie))

    with pytest.raises(RecordingError, match="claims 2147483648 bytes"):
        open_recording(path)


def test_zeros_without_end_are_refused_at_once(path: Path) -> None:
    path.write_bytes(mat5.header() + bytes(2**20))

    with pytest.raises(RecordingError, match="unknown type 0"):
        open_recording(path)


def test_a_bomb_of_cells_is_refused(path: Path) -> None:
    empty = struct.pack("<II", 14, 0)
    bomb = mat5.cell("bomb", [empty] * 30_000)
    packed = zlib.compress(bomb)
    path.write_bytes(mat5.header() + struct.pack("<II", 15, len(packed)) + packed)

    with pytest.raises(RecordingError, match="more than 20000"):
        open_recording(path)


def test_the_file_is_closed_when_its_frames_are_no_longer_used(path: Path) -> None:
    recording = open_recording(mat73.write(path, chunks=(1, 8, 6)))
    source = recording.frames
    while not isinstance(source, DatasetFrames):
        source = source._source  # type: ignore[attr-defined]
    file = source._dataset.file
    assert file.id.valid

    del recording, source
    assert not file.id.valid
    with h5py.File(path, "r+") as again:
        assert "movie" in again
