import threading
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from encoders import hdf5_chunked, hdf5_contiguous
from encoders.known import known_frames

from aphyn_gui.recording import RecordingError, RectangularRoi, open_recording
from aphyn_gui.recording.formats.hdf5 import DatasetFrames

FRAMES = known_frames()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "movie.h5"


def write(path: Path, frames: Any = FRAMES, **options: Any) -> Path:
    with h5py.File(path, "w") as file:
        file.create_dataset("movie", data=frames, **options)
    return path


@pytest.mark.parametrize("dtype", ["<u2", ">u2", "u1", "<i4", "<f4", ">f8"])
def test_a_dataset_in_one_piece_is_memory_mapped(path: Path, dtype: str) -> None:
    recording = open_recording(write(path, (FRAMES % 251).astype(dtype)))

    assert recording.format_name == "HDF5"
    assert isinstance(recording.frames, np.memmap)
    np.testing.assert_array_equal(recording.read_frame(13), FRAMES[13] % 251)


def test_our_own_attributes_give_interval_and_pitch(tmp_path: Path) -> None:
    recording = open_recording(hdf5_contiguous.sample(tmp_path))

    assert (recording.frame_interval_ms, recording.pixel_pitch_mm) == (2.0, 0.1)
    assert recording.assumptions == ()


def test_nwb_gives_the_rate(tmp_path: Path) -> None:
    recording = open_recording(hdf5_chunked.sample(tmp_path))

    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert "NWB's rate, 500 Hz" in recording.assumptions[0]


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (1, 6, 8)},
        {"chunks": (7, 4, 3), "compression": "gzip", "shuffle": True},
        {"chunks": (20, 1, 1), "compression": "lzf", "fletcher32": True},
    ],
)
def test_datasets_in_pieces_are_read_where_asked(path: Path, options: dict[str, Any]) -> None:
    recording = open_recording(write(path, **options))

    assert isinstance(recording.frames, DatasetFrames)
    for key in [
        np.s_[13], np.s_[-1, 2], np.s_[3:9:2, 1:5, ::3], np.s_[::-1, 2, 7:2:-2], np.s_[5:5],
    ]:  # fmt: skip
        np.testing.assert_array_equal(recording.frames[key], FRAMES[key])
    np.testing.assert_array_equal(
        recording.read_region(RectangularRoi(1, 2, 3, 4)), FRAMES[:, 2:6, 1:4]
    )


def test_time_last_is_recognised_and_can_be_corrected(path: Path) -> None:
    write(path, np.moveaxis(FRAMES, 0, 2), chunks=(6, 8, 1))
    recording = open_recording(path)

    assert recording.frame_count == 20
    np.testing.assert_array_equal(recording.read_frame(4), FRAMES[4])
    assert "Axis 2 of shape (6, 8, 20)" in recording.assumptions[0]
    assert open_recording(path, choices={"time_axis": "1"}).frames.shape == (8, 6, 20)


def test_of_several_datasets_the_one_asked_for_is_read(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["large"] = FRAMES
        file["group/small"] = FRAMES[:10]
    recording = open_recording(path)

    assert recording.frame_count == 20
    assert set(recording.choices[0].options) == {"large", "group/small"}
    other = open_recording(path, choices={"array": "group/small"})
    assert other.frame_count == 10
    assert other.assumptions == ()
    with pytest.raises(RecordingError, match=r"Array with the movie must be one of"):
        open_recording(path, choices={"array": "absent"})


def test_threads_may_read_at_once(path: Path) -> None:
    recording = open_recording(write(path, chunks=(1, 6, 8), compression="gzip"))
    right: list[bool] = []

    def read(start: int) -> None:
        for index in range(start, 20, 4):
            right.append(np.array_equal(recording.read_frame(index), FRAMES[index]))

    threads = [threading.Thread(target=read, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 20


def test_a_file_without_a_movie_names_what_it_holds(path: Path) -> None:
    write(path, np.zeros(100))

    with pytest.raises(RecordingError, match=r"no three-dimensional array.*movie \(float64"):
        open_recording(path)


def test_frames_in_other_files_are_refused(path: Path) -> None:
    raw = path.with_name("raw.bin")
    raw.write_bytes(FRAMES.tobytes())
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "movie", FRAMES.shape, FRAMES.dtype, external=[(str(raw), 0, FRAMES.nbytes)]
        )

    with pytest.raises(RecordingError, match="lies in other files"):
        open_recording(path)


def test_a_dataset_that_was_never_filled_is_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("movie", (10**6, 1000, 1000), "u2", chunks=(1, 1000, 1000))

    with pytest.raises(RecordingError, match="claims 2000000000000 bytes"):
        open_recording(path)


@pytest.mark.parametrize("options", [{}, {"chunks": (1, 6, 8), "compression": "gzip"}])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.95])
def test_a_truncated_file_is_refused(path: Path, options: dict[str, Any], share: float) -> None:
    content = write(path, **options).read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(RecordingError, match=r"movie\.h5.*truncated"):
        open_recording(path)


def test_no_hdf5_named_so_is_refused(path: Path) -> None:
    path.write_text("time, voltage")

    with pytest.raises(RecordingError, match=r"movie\.h5 could not be read as HDF5"):
        open_recording(path)
