import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aphyn_gui.recording import Recording, RecordingError, open_recording
from aphyn_gui.recording.formats import FORMATS, choose_format
from aphyn_gui.recording.formats.array_choice import guess_time_axis

FRAMES = np.random.default_rng(0).normal(size=(20, 6, 8)).astype(np.float32)


class Other:
    """A reader of another family."""

    name = "Other"
    suffixes = (".oth",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        return first_bytes.startswith(b"OTHER")

    def open(self, path: Path) -> Recording:
        raise AssertionError("not called when choosing")


def test_an_array_is_memory_mapped(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, FRAMES)
    recording = open_recording(path)

    assert recording.format_name == "NumPy"
    assert isinstance(recording.frames, np.memmap)
    assert recording.frame_interval_ms is None
    np.testing.assert_array_equal(recording.read_frame(2), FRAMES[2])


def test_time_last_is_recognised_and_said(tmp_path: Path) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, np.moveaxis(FRAMES, 0, 2))
    recording = open_recording(path)

    assert recording.frame_count == 20
    assert "Axis 2" in recording.assumptions[0]
    np.testing.assert_array_equal(recording.read_frame(2), FRAMES[2])


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((1000, 32, 32), 0),
        ((32, 32, 1000), 2),
        ((100, 128, 128), 0),
        ((128, 128, 100), 2),
        ((64, 64, 64), 0),
    ],
)
def test_the_odd_axis_is_time(shape: tuple[int, ...], axis: int) -> None:
    assert guess_time_axis(shape) == axis


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_with_its_settings(tmp_path: Path, save: Any) -> None:
    path = tmp_path / "movie.npz"
    save(path, movie=FRAMES, frame_interval_ms=3.7, pixel_pitch_mm=0.1, mask=np.ones((6, 8)))
    recording = open_recording(path)

    assert recording.frame_interval_ms == pytest.approx(3.7)
    assert recording.pixel_pitch_mm == pytest.approx(0.1)
    assert recording.assumptions == ()
    np.testing.assert_array_equal(recording.read_frame(2), FRAMES[2])


def test_of_several_movies_the_largest_is_taken_and_said(tmp_path: Path) -> None:
    path = tmp_path / "movie.npz"
    np.savez(path, small=FRAMES[:10], large=FRAMES)
    recording = open_recording(path)

    assert recording.frame_count == 20
    assert "small, large" in recording.assumptions[0]


def test_an_archive_without_a_movie_names_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "movie.npz"
    np.savez(path, trace=np.zeros(100))

    with pytest.raises(RecordingError, match=r"trace \(float64, shape \(100,\)\)"):
        open_recording(path)


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_pickled_objects_are_refused_and_not_run(tmp_path: Path, ending: str) -> None:
    path, trace = tmp_path / f"movie.{ending}", tmp_path / "harm"
    array = np.empty((2, 2, 2), dtype=object)
    array[...] = Harmful(trace)
    if ending == "npy":
        np.save(path, array, allow_pickle=True)
    else:
        np.savez(path, movie=array)

    with pytest.raises(RecordingError, match=r"Python objects|no three-dimensional array"):
        open_recording(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    ("array", "message"), [(np.zeros((4, 5)), "one image"), (np.zeros(9), "1 axes")]
)
def test_an_array_that_is_no_movie_is_refused(tmp_path: Path, array: Any, message: str) -> None:
    path = tmp_path / "movie.npy"
    np.save(path, array)

    with pytest.raises(RecordingError, match=message):
        open_recording(path)


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_truncated_file_is_refused(tmp_path: Path, ending: str, share: float) -> None:
    path = tmp_path / f"movie.{ending}"
    np.save(path, FRAMES) if ending == "npy" else np.savez(path, movie=FRAMES)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(RecordingError, match=r"movie\.np.*truncated"):
        open_recording(path)


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_header_that_claims_gigabytes_allocates_nothing(tmp_path: Path, ending: str) -> None:
    array = tmp_path / "movie.npy"
    np.save(array, np.zeros((2000, 10, 10), dtype=np.uint8))
    content = array.read_bytes().replace(b"(2000, 10, 10)", b"(2000,999,999)")[:400]
    array.write_bytes(content)
    path = array
    if ending == "npz":
        path = tmp_path / "movie.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(array, "movie.npy")

    with pytest.raises(RecordingError, match="truncated"):
        open_recording(path)


def test_missing_empty_folder_and_unknown_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    (tmp_path / "notes.txt").write_text("hello")

    with pytest.raises(RecordingError, match="there is no file"):
        open_recording(tmp_path / "absent.tif")
    with pytest.raises(RecordingError, match="0 bytes"):
        open_recording(tmp_path / "empty.tif")
    with pytest.raises(RecordingError, match="folder"):
        open_recording(tmp_path)
    with pytest.raises(RecordingError, match=r"no known kind.*\.tif.*\.npy"):
        open_recording(tmp_path / "notes.txt")


def test_content_comes_before_the_ending(tmp_path: Path) -> None:
    formats = (Other(), *FORMATS)
    as_tiff = tmp_path / "a.tif"
    as_tiff.write_bytes(b"OTHER....")
    by_ending = tmp_path / "b.oth"
    by_ending.write_bytes(b"nothing known")

    assert choose_format(as_tiff, formats).name == "Other"
    assert choose_format(by_ending, formats).name == "Other"
