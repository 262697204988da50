import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recording_samples import recording_of

from aphyn_gui.recording import Recording, RecordingError, RectangularRoi
from aphyn_gui.recording.frames import FrameSource, TransposedFrames, transposed


class Watched:
    """Frames that note how much was asked for at once."""

    def __init__(self, frames: np.ndarray[Any, Any]) -> None:
        self.frames = frames
        self.shape = frames.shape
        self.dtype = frames.dtype
        self.largest = 0

    def __getitem__(self, key: Any) -> Any:
        values = self.frames[key]
        self.largest = max(self.largest, values.size)
        return values


@pytest.fixture
def counts() -> np.ndarray[Any, np.dtype[np.uint16]]:
    return np.arange(7 * 4 * 5, dtype=np.uint16).reshape(7, 4, 5)


def test_size_and_duration(counts: np.ndarray[Any, Any]) -> None:
    recording = recording_of(counts, frame_interval_ms=3.7)

    assert (recording.frame_count, recording.row_count, recording.column_count) == (7, 4, 5)
    assert recording.duration_ms == pytest.approx(6 * 3.7)
    assert recording_of(counts, None).duration_ms is None


def test_a_frame_and_a_region_are_the_counts(counts: np.ndarray[Any, Any]) -> None:
    recording = recording_of(counts)
    frame = recording.read_frame(3)
    region = recording.read_region(RectangularRoi(x=1, y=2, width=3, height=2))

    assert frame.dtype == np.float32
    np.testing.assert_array_equal(frame, counts[3])
    assert region.dtype == np.float64
    np.testing.assert_array_equal(region, counts[:, 2:4, 1:4])


def test_a_small_region_never_reads_whole_frames() -> None:
    frames = Watched(np.zeros((50, 40, 30), dtype=np.int16))
    recording = Recording(frames=frames, path=Path("x"), format_name="NumPy")
    recording.read_region(RectangularRoi(3, 3, 2, 2))

    assert frames.largest <= 50 * 4


def test_a_large_region_is_read_in_chunks() -> None:
    # 1,000 frames of 256 KiB, of which the stride-0 array holds none.
    plane = np.broadcast_to(np.zeros((1, 1, 1), dtype=np.uint8), (1000, 512, 512))
    frames = Watched(plane)
    recording = Recording(frames=frames, path=Path("x"), format_name="NumPy")
    recording.read_region(RectangularRoi(0, 0, 100, 1))

    assert 0 < frames.largest < 1000 * 100


@pytest.mark.skipif(not hasattr(mmap, "MADV_RANDOM"), reason="this system takes no advice")
def test_reading_ahead_is_off_while_a_small_region_is_read() -> None:
    class Mapping:
        def __init__(self) -> None:
            self.advice: list[int] = []

        def madvise(self, advice: int) -> None:
            self.advice.append(advice)

    class Mapped(Watched):
        def __init__(self, frames: np.ndarray[Any, Any]) -> None:
            super().__init__(frames)
            self._mmap = Mapping()

        def __getitem__(self, key: Any) -> Any:
            self._mmap.advice.append(-1)
            return super().__getitem__(key)

    frames = Mapped(np.zeros((5, 40, 30), dtype=np.int16))
    recording = Recording(frames=frames, path=Path("x"), format_name="NumPy")
    recording.read_region(RectangularRoi(3, 3, 2, 2))
    assert frames._mmap.advice == [mmap.MADV_RANDOM, -1, mmap.MADV_NORMAL]

    recording.read_region(RectangularRoi(0, 0, 30, 40))
    assert frames._mmap.advice[3:] == [-1]


@pytest.mark.parametrize("roi", [RectangularRoi(3, 0, 3, 2), RectangularRoi(-1, 0, 2, 2)])
def test_a_region_outside_is_refused_with_both_sizes(
    counts: np.ndarray[Any, Any], roi: RectangularRoi
) -> None:
    with pytest.raises(RecordingError, match=f"{roi}.*5 columns x 4 rows"):
        recording_of(counts).read_region(roi)


@pytest.mark.parametrize("index", [-1, 7])
def test_a_missing_frame_is_refused(counts: np.ndarray[Any, Any], index: int) -> None:
    with pytest.raises(RecordingError, match="frames 0 to 6"):
        recording_of(counts).read_frame(index)


@pytest.mark.parametrize(
    ("dtype", "level"),
    [(np.uint8, 255), (np.uint16, 65535), (np.int16, 32767), (np.int32, None), (np.float32, None)],
)
def test_saturation_is_the_largest_integer_a_camera_stores(
    dtype: type, level: float | None
) -> None:
    assert recording_of(np.zeros((2, 2, 2), dtype=dtype)).saturation_level == level


def test_interval_and_pitch_can_be_given_by_hand(counts: np.ndarray[Any, Any]) -> None:
    changed = recording_of(counts, None).with_frame_interval(2.5).with_pixel_pitch(0.1)

    assert (changed.frame_interval_ms, changed.pixel_pitch_mm) == (2.5, 0.1)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_interval_or_pitch_is_refused(
    counts: np.ndarray[Any, Any], value: float
) -> None:
    with pytest.raises(RecordingError, match="frame interval must be positive"):
        recording_of(counts).with_frame_interval(value)
    with pytest.raises(RecordingError, match="pixel pitch must be positive"):
        recording_of(counts).with_pixel_pitch(value)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((4, 4)), "three axes"),
        (np.zeros((1, 4, 4)), "at least 2"),
        (np.zeros((4, 0, 4)), "empty"),
        (np.zeros((4, 4, 4), dtype=complex), "complex"),
        (np.zeros((4, 4, 4), dtype=bool), "bool"),
    ],
)
def test_what_is_no_movie_is_refused(frames: np.ndarray[Any, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        recording_of(frames)


def test_the_time_axis_can_be_corrected_without_reading(counts: np.ndarray[Any, Any]) -> None:
    frames = Watched(np.moveaxis(counts, 0, 2))
    wrong = Recording(frames=frames, path=Path("x"), format_name="NumPy")
    right = wrong.with_time_axis(2)

    assert frames.largest == 0
    assert (right.frame_count, right.row_count, right.column_count) == (7, 4, 5)
    np.testing.assert_array_equal(right.read_frame(2), counts[2])
    np.testing.assert_array_equal(
        right.read_region(RectangularRoi(1, 0, 2, 3)), counts[:, 0:3, 1:3]
    )
    assert "Axis 2" in right.assumptions[-1]
    with pytest.raises(RecordingError, match="0, 1 or 2"):
        wrong.with_time_axis(3)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (0, 2, 1)])
@pytest.mark.parametrize("key", [3, -1, (2, slice(1, 3)), (slice(None), 1, slice(0, 2)), (1, 2, 0)])
def test_lazy_transposition_is_transposition(
    counts: np.ndarray[Any, Any], axes: tuple[int, int, int], key: Any
) -> None:
    expected = np.transpose(counts, axes)

    np.testing.assert_array_equal(TransposedFrames(counts, axes)[key], expected[key])


def test_transposed_arrays_stay_views(counts: np.ndarray[Any, Any]) -> None:
    shown: FrameSource = transposed(counts, (2, 0, 1))

    assert isinstance(shown, np.ndarray)
    assert np.shares_memory(shown, counts)


def test_lazy_transposition_refuses_what_is_not_there(counts: np.ndarray[Any, Any]) -> None:
    lazy = TransposedFrames(counts, (0, 2, 1))

    with pytest.raises(IndexError, match="outside axis 0"):
        lazy[7]
    with pytest.raises(IndexError, match="4 indices"):
        lazy[0, 0, 0, 0]
